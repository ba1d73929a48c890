//! Topics: what tells listeners, such as agents' streams, to look again.

use std::sync::Arc;

use tandem_bus::subject;
use tokio::sync::mpsc;

use crate::Topic;
use crate::shared::Shared;

/// Announces topics until the desk is given up. They are announced after the commit, never before it.
pub(crate) async fn announce_topics(shared: Arc<Shared>, mut topics: mpsc::Receiver<Vec<Topic>>) {
    while let Some(topics) = topics.recv().await {
        for Topic { name, news } in topics {
            let subject = subject::topic(&shared.stream.service, &shared.stream.desk, &name);
            if let Err(error) = shared.bus.hint(&subject, news).await {
                tracing::debug!(stream = %shared.stream, %error, "hint not sent");
            }
        }
    }
}
