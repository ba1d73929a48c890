//! What is known of the desk, kept up to date.

use std::time::Duration;

use tandem_domain::Timestamp;
use tandem_proto::v1;
use tokio::time::{Instant, sleep};
use tonic::Streaming;

use super::board::Board;
use crate::client::{Client, collect};
use crate::failure::Failure;

/// A desk that was just made has nobody yet who watches its clocks; it takes no longer.
const NO_OWNER_YET: Duration = Duration::from_secs(5);
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// More clocks in one state than anybody can look at; the rest is left to `tandem clocks`.
const MOST_CLOCKS: usize = 2_000;

/// A desk as it was last known.
#[derive(Clone, Default)]
pub(super) struct Known {
    desk: String,
    seen: v1::WatchResponse,
    clocks: Vec<v1::SlaClock>,
}

impl Known {
    /// As it looks `now`.
    pub(super) fn board(&self, now: Timestamp) -> Board {
        Board::of(&self.desk, &self.seen, &self.clocks, now)
    }
}

/// The stream that brings what is new.
pub(super) struct Feed {
    client: Client,
    stream: Streaming<v1::WatchResponse>,
    /// What it has brought.
    pub(super) known: Known,
}

impl Feed {
    /// Begins, with the desk as it is now.
    pub(super) async fn open(client: &Client, desk: &str) -> Result<Self, Failure> {
        let give_up = Instant::now() + NO_OWNER_YET;
        loop {
            match Self::begin(client, desk).await {
                Err(Failure::Unreachable(_)) if Instant::now() < give_up => sleep(RETRY_AFTER).await,
                begun => return begun,
            }
        }
    }

    async fn begin(client: &Client, desk: &str) -> Result<Self, Failure> {
        let mut feed = Self {
            stream: watch(client, desk).await?,
            client: client.clone(),
            known: Known {
                desk: desk.to_owned(),
                ..Known::default()
            },
        };
        feed.changed().await?;
        Ok(feed)
    }

    /// Waits for what is new.
    pub(super) async fn changed(&mut self) -> Result<(), Failure> {
        let ended = || Failure::Unreachable("the stream has ended".into());
        let seen = self.stream.message().await?.ok_or_else(ended)?;
        self.known.clocks = running_clocks(&self.client, &self.known.desk).await?;
        self.known.seen = seen;
        Ok(())
    }

    /// Begins anew after a failure.
    pub(super) async fn reopen(&mut self) -> Result<(), Failure> {
        self.stream = watch(&self.client, &self.known.desk).await?;
        self.changed().await
    }
}

async fn watch(client: &Client, desk: &str) -> Result<Streaming<v1::WatchResponse>, Failure> {
    let request = v1::WatchRequest { desk: desk.to_owned() };
    Ok(client.metrics().watch(request).await?.into_inner())
}

async fn running_clocks(client: &Client, desk: &str) -> Result<Vec<v1::SlaClock>, Failure> {
    use v1::ClockState::{Breached, Paused, Running};
    let mut clocks = Vec::new();
    for state in [Running, Paused, Breached] {
        clocks.extend(clocks_in(client, desk, state).await?);
    }
    Ok(clocks)
}

async fn clocks_in(client: &Client, desk: &str, state: v1::ClockState) -> Result<Vec<v1::SlaClock>, Failure> {
    let clocks = collect(MOST_CLOCKS, async |page_size, page_token| {
        let request = v1::ListClocksRequest {
            desk: desk.to_owned(),
            page_size,
            page_token,
            state: state.into(),
            ..v1::ListClocksRequest::default()
        };
        let page = client.escalations().list_clocks(request).await?.into_inner();
        Ok((page.clocks, page.next_page_token))
    });
    clocks.await
}
