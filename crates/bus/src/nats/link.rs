//! Whether the servers can be reached, and since when.

use async_nats::{Client, Event};
use tokio::sync::watch;

use super::config::NatsConfig;
use crate::BusError;

/// The state of the connection, as readers of events need it.
#[derive(Clone, Copy, Default)]
pub(super) struct Link {
    pub(super) connected: bool,
    /// How many connections there were: with each new one, what was on its way on the old one is lost.
    pub(super) connections: u64,
    /// Closed by us, for good.
    pub(super) closed: bool,
}

/// Waits until this connection, counted by [`Link::connections`], is over: whatever is still under way on it may or may
/// not have arrived.
pub(super) async fn over(link: &mut watch::Receiver<Link>, connections: u64) {
    // An error means that the client itself is gone, and its connection with it.
    let _ = link
        .wait_for(|link| !link.connected || link.connections != connections)
        .await;
}

/// Connects in the background, for ever; returns when connected or after the configured time.
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
    if tokio::time::timeout(config.timeout, link.wait_for(|link| link.connected))
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
