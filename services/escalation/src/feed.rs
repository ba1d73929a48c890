//! Tells the core what the router's journal says: in order, without gaps, and before the consumer's position moves.
//!
//! No event may be passed over, or clocks would be wrong for ever. So whatever goes wrong here is waited for, never parked;
//! and where the core turns out to know less than the position says, it is told the missing range again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tandem_desk::{Consume, DeskError, Desks, HandleError, Recorded, RequestMark, Submission, decode_record};
use tandem_domain::escalation::{Command, Heard, Observed, Rejection, Reply};
use tandem_domain::{Actor, DeskId, Timestamp};
use tandem_routing::RoutingCore;
use tandem_service_kit::telemetry;
use tandem_sla::SlaCore;
use tandem_store::{Commit, Record, Store, Stream};

use crate::watermarks::Watermarks;
use crate::{SERVICE, contacts, reset};

/// Records that are read at once where some are missing.
const CHUNK: usize = 256;
/// How long events wait for those behind them. It makes an alert later by that, and never false: clocks go by the times of
/// events.
const PATIENCE: Duration = Duration::from_millis(100);
/// Payload that is told at once; JSON takes a few times as much, and the bus 1 MiB.
const PORTION_BYTES: usize = 64 * 1024;

/// The consumer of the router's events.
pub(crate) struct Feed {
    desks: Desks<SlaCore>,
    store: Arc<dyn Store>,
    watermarks: Arc<Watermarks>,
    /// Desks that another replica was seen to own.
    elsewhere: Mutex<BTreeSet<DeskId>>,
}

impl Feed {
    /// A consumer that tells `desks`, and how far it has come to `watermarks`.
    #[must_use]
    pub(crate) fn new(desks: Desks<SlaCore>, store: Arc<dyn Store>, watermarks: Arc<Watermarks>) -> Self {
        Self {
            desks,
            store,
            watermarks,
            elsewhere: Mutex::default(),
        }
    }

    /// No code that can panic runs under this lock.
    fn elsewhere(&self) -> MutexGuard<'_, BTreeSet<DeskId>> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all records, and those before them that the core turns out not to know.
    async fn tell(&self, stream: &Stream, records: &[Record]) -> Result<(), HandleError> {
        for portion in portions(records) {
            while let Some(missing) = self.observe(&stream.desk, portion).await? {
                self.catch_up(stream, missing, portion[0].seq).await?;
            }
        }
        Ok(())
    }

    /// Tells what lies between the last `seq` that the core knows and `before`.
    async fn catch_up(&self, stream: &Stream, known: u64, before: u64) -> Result<(), HandleError> {
        tracing::warn!(%stream, known, before, "the core knows less than was consumed; it is told again");
        let mut known = known;
        while known + 1 < before {
            let mut chunk = self.store.read(stream, known + 1, CHUNK).await?;
            chunk.retain(|record| record.seq < before);
            let Some(last) = chunk.last() else {
                return Err(HandleError::Wait(format!(
                    "the router's journal ends before seq {before}"
                )));
            };
            known = last.seq;
            for portion in portions(&chunk) {
                self.observe(&stream.desk, portion).await?;
            }
        }
        Ok(())
    }

    /// Tells a run of records. The last `seq` that the core knows, where it misses some before them.
    async fn observe(&self, desk: &DeskId, records: &[Record]) -> Result<Option<u64>, HandleError> {
        match self.submit(desk, records).await? {
            Ok(_) => Ok(None),
            Err(DeskError::Rejected(Rejection::Missing { seq })) => Ok(Some(seq)),
            Err(error) => Err(HandleError::Wait(error.to_string())),
        }
    }

    /// The desk begins here with the first thing that the router says of it.
    async fn submit(&self, desk: &DeskId, records: &[Record]) -> Result<Outcome, HandleError> {
        let observe = || Ok::<_, HandleError>(unremembered(Command::Observe(heard(records)?)));
        match self.desks.submit(desk, observe()?).await {
            Err(DeskError::UnknownDesk(_)) => match self.desks.create(desk).await {
                Ok(()) => Ok(self.desks.submit(desk, observe()?).await),
                Err(error) => Ok(Err(error)),
            },
            outcome => Ok(outcome),
        }
    }
}

type Outcome = Result<Reply, DeskError<Rejection>>;

#[async_trait]
impl Consume for Feed {
    async fn handle(&self, stream: &Stream, records: &[Record]) -> Result<Commit, HandleError> {
        self.tell(stream, records).await?;
        if !self.desks.owns(&stream.desk) {
            self.elsewhere().insert(stream.desk.clone());
        }
        Ok(Commit {
            rows: contacts::wanted(&stream.desk, records)?.into_iter().collect(),
            ..Commit::default()
        })
    }

    async fn committed(&self, _stream: &Stream) {}

    async fn reset(&self, stream: &Stream) -> Commit {
        reset::begin_anew(&self.desks, self.store.as_ref(), &stream.desk).await
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    /// Whoever owns the desk tells itself what another replica would have to send it.
    fn is_second(&self, stream: &Stream) -> Option<bool> {
        let is_owner = self.desks.owns(&stream.desk);
        (is_owner || self.elsewhere().contains(&stream.desk)).then_some(!is_owner)
    }

    fn watermark(&self, stream: &Stream, seq: u64, up_to: Timestamp) {
        self.watermarks.raise(&stream.desk, seq, up_to);
    }
}

/// A command that is harmless when repeated, and so is remembered under no request id.
pub(crate) fn unremembered(command: Command) -> Submission<Command> {
    Submission {
        command,
        actor: Actor::service(SERVICE),
        request: RequestMark::unremembered("Follow"),
        rows: Vec::new(),
        trace: telemetry::inject(),
    }
}

/// Runs of records that travel together, however large they are.
fn portions(records: &[Record]) -> Vec<&[Record]> {
    let mut bytes = 0;
    let fits = |_: &Record, next: &Record| {
        bytes += next.payload.len();
        let fits = bytes <= PORTION_BYTES;
        bytes = if fits { bytes } else { next.payload.len() };
        fits
    };
    records.chunk_by(fits).collect()
}

/// An event that this program does not know is waited for: a newer program will.
fn heard(records: &[Record]) -> Result<Heard, HandleError> {
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return Err(HandleError::Fail("there is nothing to be told".to_owned()));
    };
    let mut events = Vec::with_capacity(records.len());
    for record in records {
        match decode_record::<RoutingCore>(record) {
            Ok(Recorded::Core(event)) => events.push(Observed { seq: record.seq, event }),
            Ok(Recorded::Shell(_)) => {}
            Err(error) => return Err(HandleError::Wait(format!("seq {}: {error}", record.seq))),
        }
    }
    Ok(Heard {
        after: first.seq - 1,
        through: last.seq,
        incarnation: last.incarnation,
        events,
    })
}
