//! Topics: what tells listeners, such as agents' streams, to look again.

use std::sync::Arc;

use bytes::Bytes;
use tandem_bus::subject;
use tokio::sync::mpsc;

use crate::shared::Shared;

/// Announces topics until the desk is given up. They are announced after the commit, never before it.
pub(crate) async fn announce_topics(shared: Arc<Shared>, mut topics: mpsc::Receiver<Vec<String>>) {
    while let Some(topics) = topics.recv().await {
        for topic in topics {
            let subject = subject::topic(&shared.stream.service, &shared.stream.desk, &topic);
            if let Err(error) = shared.bus.hint(&subject, Bytes::new()).await {
                tracing::debug!(stream = %shared.stream, %error, "hint not sent");
            }
        }
    }
}
