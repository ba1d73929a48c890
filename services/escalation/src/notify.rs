//! Turns what the core wants told into jobs, in the transaction of this consumer's position: so each is queued once, however
//! often the event is heard.

use std::sync::Arc;

use async_trait::async_trait;
use tandem_desk::{Consume, HandleError, Recorded, decode_record};
use tandem_domain::escalation::EscalationEvent;
use tandem_domain::{DeskId, Event};
use tandem_sla::SlaCore;
use tandem_store::{Commit, NewJob, Record, Stream};
use tokio::sync::Notify;

use crate::jobs::Job;

/// The consumer of escalation's own events.
pub(crate) struct Notifier {
    wake: Arc<Notify>,
}

impl Notifier {
    /// A consumer that wakes the worker when there is something to do.
    #[must_use]
    pub(crate) fn new(wake: Arc<Notify>) -> Self {
        Self { wake }
    }
}

#[async_trait]
impl Consume for Notifier {
    async fn handle(&self, stream: &Stream, records: &[Record]) -> Result<Commit, HandleError> {
        let mut jobs = Vec::new();
        for record in records {
            let recorded = decode_record::<SlaCore>(record).map_err(|error| HandleError::Wait(error.to_string()))?;
            if let Recorded::Core(event) = recorded {
                jobs.extend(asked_for(&stream.desk, record.incarnation, event));
            }
        }
        Ok(Commit {
            jobs,
            ..Commit::default()
        })
    }

    async fn committed(&self, _stream: &Stream) {
        self.wake.notify_one();
    }

    /// Who was told was told: what the rewritten history says again under the same ids is not sent again.
    async fn reset(&self, _stream: &Stream) -> Commit {
        Commit::default()
    }
}

/// A job for each contact whom the event wants told.
fn asked_for(desk: &DeskId, incarnation: u64, event: Event<EscalationEvent>) -> Vec<NewJob> {
    let EscalationEvent::ContactsTold(telling) = event.body else {
        return Vec::new();
    };
    let job = |contact| Job {
        telling: (*telling).clone(),
        incarnation,
        contact,
        way: None,
        tries: 0,
        waits: 0,
    };
    let contacts = telling.contacts.iter().cloned();
    contacts
        .map(|contact| job(contact).queued(desk, event.at, event.trace.0.to_string()))
        .collect()
}
