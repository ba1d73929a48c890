//! Breaches, counted from the escalation journal. They have rows and a position of their own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tandem_desk::{Consume, HandleError, Recorded, decode_record};
use tandem_domain::DeskId;
use tandem_domain::escalation::EscalationEvent;
use tandem_measures::{Breaches, breached_ticket, followed_key, table};
use tandem_sla::SlaCore;
use tandem_store::{Commit, Record, Row, Store, Stream};

use crate::books::{PATIENCE, not_read, wait};
use crate::rows::{ReadError, deletions, forget, rows_of};

/// Counts breaches. It keeps nothing in memory.
pub(crate) struct BreachBook {
    store: Arc<dyn Store>,
}

impl BreachBook {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    async fn rows(&self, desk: &DeskId, events: &[EscalationEvent]) -> Result<Vec<Row>, ReadError> {
        let mut breaches = Breaches::default();
        for ticket in events.iter().filter_map(breached_ticket) {
            let known = self.store.row(desk, table::FOLLOWED, &followed_key(ticket)).await?;
            if let Some(known) = known {
                breaches.know(ticket, &known)?;
            }
        }
        for event in events {
            breaches.observe(event);
        }
        let mut rows = Vec::new();
        if breaches.have_begun_anew() {
            rows = deletions(self.store.as_ref(), desk, &table::FROM_ESCALATION).await?;
        } else {
            for key in breaches.keys().cloned().collect::<Vec<_>>() {
                if let Some(stored) = self.store.row(desk, table::BREACHES, &key).await? {
                    breaches.add_stored(&key, &stored)?;
                }
            }
        }
        let changed = rows_of(desk, breaches.rows());
        rows.retain(|gone| {
            changed
                .iter()
                .all(|row| (&row.table, &row.key) != (&gone.table, &gone.key))
        });
        rows.extend(changed);
        Ok(rows)
    }
}

#[async_trait]
impl Consume for BreachBook {
    async fn handle(&self, stream: &Stream, records: &[Record]) -> Result<Commit, HandleError> {
        let mut events = Vec::new();
        for record in records {
            if let Recorded::Core(event) = decode_record::<SlaCore>(record).map_err(|error| not_read(&error))? {
                events.push(event.body);
            }
        }
        let rows = self.rows(&stream.desk, &events).await.map_err(wait)?;
        Ok(Commit {
            rows,
            ..Commit::default()
        })
    }

    async fn committed(&self, _: &Stream) {}

    async fn reset(&self, stream: &Stream) -> Commit {
        forget(self.store.as_ref(), stream, &table::FROM_ESCALATION).await
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }
}
