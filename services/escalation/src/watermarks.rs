//! Up to when the router's journals are known: told to the desks' owners, the newest of each desk.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use tandem_desk::Desks;
use tandem_domain::escalation::Command;
use tandem_domain::{DeskId, Timestamp};
use tandem_sla::SlaCore;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::feed::unremembered;

/// A watermark: nothing behind `seq` happened before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    seq: u64,
    until: Timestamp,
}

/// Watermarks that were not passed on yet.
#[derive(Default)]
pub(crate) struct Watermarks {
    latest: Mutex<BTreeMap<DeskId, Mark>>,
    some: Notify,
}

impl Watermarks {
    /// Everything on a desk that happened before `until` is known: the records up to `seq`.
    pub(crate) fn raise(&self, desk: &DeskId, seq: u64, until: Timestamp) {
        let mark = Mark { seq, until };
        self.latest().insert(desk.clone(), mark);
        self.some.notify_one();
    }

    /// Tells the desks' owners until `draining`. What is lost does no harm: the next one comes within seconds.
    pub(crate) async fn pass_on(
        self: Arc<Self>,
        desks: Desks<SlaCore>,
        draining: CancellationToken,
    ) -> Result<(), Infallible> {
        let mut telling = JoinSet::new();
        while draining.run_until_cancelled(self.some.notified()).await.is_some() {
            for (desk, mark) in std::mem::take(&mut *self.latest()) {
                telling.spawn(tell(desks.clone(), desk, mark));
            }
            while telling.try_join_next().is_some() {}
        }
        Ok(())
    }

    fn latest(&self) -> std::sync::MutexGuard<'_, BTreeMap<DeskId, Mark>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn tell(desks: Desks<SlaCore>, desk: DeskId, mark: Mark) {
    let Mark { seq, until } = mark;
    let advance = unremembered(Command::Advance { seq, until });
    if let Err(error) = desks.submit(&desk, advance).await {
        tracing::debug!(%desk, %error, "watermark not passed on");
    }
}
