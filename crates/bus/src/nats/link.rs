//! Whether the servers can be reached, and since when.

use std::time::Duration;

use async_nats::{Client, Event};
use tokio::sync::watch;

use super::config::NatsConfig;
use crate::BusError;

/// How long connecting waits for the first connection before it leaves it to the background.
const FIRST_CONNECTION: Duration = Duration::from_secs(5);

/// The state of the connection, as readers of events need it.
#[derive(Clone, Copy, Default)]
pub(super) struct Link {
    pub(super) connected: bool,
    /// How many connections there were: with each new one, what was on its way on the old one is lost.
    pub(super) connections: u64,
    /// Closed by us, for good.
    pub(super) closed: bool,
}

/// Connects in the background, for ever; returns when connected or after a few seconds.
pub(super) async fn connect(config: &NatsConfig) -> Result<(Client, watch::Receiver<Link>), BusError> {
    let sender = watch::Sender::new(Link::default());
    let mut link = sender.subscribe();
    let addresses = config.addresses()?;
    let options = config.connect_options(&addresses).await?.event_callback(move |event| {
        follow(&sender, &event);
        std::future::ready(())
    });
    let client = options
        .connect(addresses)
        .await
        .map_err(|error| BusError::Unavailable(error.to_string()))?;
    if tokio::time::timeout(FIRST_CONNECTION, link.wait_for(|link| link.connected))
        .await
        .is_err()
    {
        tracing::warn!("nats cannot be reached yet; trying on");
    }
    Ok((client, link))
}

fn follow(link: &watch::Sender<Link>, event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to nats"),
        Event::SlowConsumer(_) => tracing::warn!("nats: messages were dropped, a subscriber does not keep up"),
        event => tracing::warn!(%event, "nats"),
    }
    link.send_modify(|link| match event {
        Event::Connected => {
            link.connected = true;
            link.connections += 1;
        }
        Event::Disconnected => link.connected = false,
        Event::Closed => {
            *link = Link {
                connected: false,
                closed: true,
                ..*link
            }
        }
        _ => {}
    });
}
