//! Calling a desk's owner over the bus, whichever process that is.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tandem_bus::{Bus, BusError, subject};
use tandem_domain::{Actor, AgentId, DeskId};
use tandem_store::{Store, Stream};
use tokio::time::{Instant, sleep};

use crate::call::Outcome;
use crate::store_calls::within;
use crate::wire::{Ask, MAX_BYTES, Told, timeout_header};
use crate::{DeskError, Journaled, Settings, Submission};

/// How long to wait before looking for an owner again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Submissions that travel together at most.
const MAX_SUBMISSIONS: usize = 256;

type ToldBy<C> =
    Told<<C as tandem_domain::Core>::Reply, <C as tandem_domain::Core>::Answer, <C as tandem_domain::Core>::Rejection>;

/// Calls desks' owners. For services that do not run the core themselves.
pub struct DeskClient<C: Journaled> {
    bus: Arc<dyn Bus>,
    /// Where it is looked up whether there is such a desk, before its owner is waited for; none: that is not known here.
    journals: Option<Arc<dyn Store>>,
    call_timeout: Duration,
    owner_wait: Duration,
    store_timeout: Duration,
    core: PhantomData<fn() -> C>,
}

impl<C: Journaled> Clone for DeskClient<C> {
    fn clone(&self) -> Self {
        Self {
            bus: self.bus.clone(),
            journals: self.journals.clone(),
            core: PhantomData,
            ..*self
        }
    }
}

impl<C: Journaled> DeskClient<C> {
    /// A client with the default time limits.
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>) -> Self {
        Self::with_settings(bus, &Settings::default())
    }

    /// A client with the time limits of `settings`.
    #[must_use]
    pub fn with_settings(bus: Arc<dyn Bus>, settings: &Settings) -> Self {
        Self {
            bus,
            journals: None,
            call_timeout: settings.call_timeout,
            owner_wait: settings.owner_wait,
            store_timeout: settings.store_timeout,
            core: PhantomData,
        }
    }

    /// Who calls a desk that has no journal is told so, and at once.
    #[must_use]
    pub(crate) fn knowing(self, journals: Arc<dyn Store>) -> Self {
        let journals = Some(journals);
        Self { journals, ..self }
    }

    /// Submits one write.
    ///
    /// # Errors
    /// See [`DeskError`]. After `DeadlineExceeded` or `Unavailable`, repeat under the same request id.
    pub async fn submit(&self, desk: &DeskId, submission: Submission<C::Command>) -> Outcome<C, C::Reply> {
        let mut outcomes = self.submit_all(desk, vec![submission]).await;
        outcomes.pop().unwrap_or_else(|| Err(other_answer()))
    }

    /// Submits writes, in order; answers in order. Each stands for itself.
    pub async fn submit_all(
        &self,
        desk: &DeskId,
        submissions: Vec<Submission<C::Command>>,
    ) -> Vec<Outcome<C, C::Reply>> {
        let mut outcomes = Vec::with_capacity(submissions.len());
        for some in in_portions(submissions) {
            let count = some.len();
            let told = self.ask(desk, &Ask::Submit(some)).await;
            match told {
                Ok(Told::Submitted(told)) if told.len() == count => outcomes.extend(told),
                Ok(_) => outcomes.extend((0..count).map(|_| Err(other_answer()))),
                Err(error) => outcomes.extend((0..count).map(|_| Err(error.clone()))),
            }
        }
        outcomes
    }

    /// Asks the core's memory.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn query(&self, desk: &DeskId, query: C::Query) -> Outcome<C, C::Answer> {
        match self.ask(desk, &Ask::Query(query)).await? {
            Told::Answered(outcome) => outcome,
            _ => Err(other_answer()),
        }
    }

    /// Says that these agents' sessions are alive.
    ///
    /// # Errors
    /// See [`DeskError`].
    pub async fn touch(&self, desk: &DeskId, agents: Vec<AgentId>) -> Outcome<C, ()> {
        match self.ask(desk, &Ask::Touch(agents)).await? {
            Told::Touched(outcome) => outcome,
            _ => Err(other_answer()),
        }
    }

    pub(crate) async fn raise_level(&self, desk: &DeskId, level: u32, actor: Actor) -> Outcome<C, u32> {
        match self.ask(desk, &Ask::RaiseLevel(level, actor)).await? {
            Told::LevelRaised(outcome) => outcome,
            _ => Err(other_answer()),
        }
    }

    pub(crate) async fn retry_parked(&self, desk: &DeskId, id: &str) -> Outcome<C, ()> {
        match self.ask(desk, &Ask::RetryParked(id.to_owned())).await? {
            Told::Retried(outcome) => outcome,
            _ => Err(other_answer()),
        }
    }

    async fn ask(&self, desk: &DeskId, ask: &Ask<C::Command, C::Query>) -> Outcome<C, ToldBy<C>> {
        let payload = Bytes::from(serde_json::to_vec(ask).map_err(|error| DeskError::BadRequest(error.to_string()))?);
        let told = self.request(desk, payload).await?;
        match serde_json::from_slice(&told) {
            Ok(Told::Unreadable(reason)) => Err(DeskError::BadRequest(reason)),
            Ok(told) => Ok(told),
            Err(error) => Err(DeskError::Unavailable(format!(
                "the owner's answer cannot be read: {error}"
            ))),
        }
    }

    /// Asks until somebody answers, time is up, or nobody has owned the desk for too long.
    async fn request(&self, desk: &DeskId, payload: Bytes) -> Result<Bytes, DeskError<C::Rejection>> {
        let subject = subject::command(C::SERVICE, desk);
        let (started, deadline) = (Instant::now(), Instant::now() + self.call_timeout);
        loop {
            let wait = deadline.saturating_duration_since(Instant::now());
            let asked = self
                .bus
                .request(&subject, timeout_header(wait), payload.clone(), wait)
                .await;
            match asked {
                Ok(answer) => return Ok(answer),
                Err(BusError::NoResponder(_)) if self.is_unknown(desk).await => {
                    return Err(DeskError::UnknownDesk(desk.clone()));
                }
                Err(BusError::NoResponder(_)) if started.elapsed() + LOOK_AGAIN < self.owner_wait => {
                    sleep(LOOK_AGAIN).await;
                }
                Err(error) => return Err(unanswered(error)),
            }
        }
    }

    /// Nobody owns it because there is no such desk.
    async fn is_unknown(&self, desk: &DeskId) -> bool {
        let Some(journals) = &self.journals else { return false };
        let stream = Stream::new(C::SERVICE, desk.clone());
        let tail = within(self.store_timeout, journals.tail(&stream)).await;
        matches!(tail, Ok(None))
    }
}

fn unanswered<R>(error: BusError) -> DeskError<R> {
    match error {
        BusError::NoResponder(_) => DeskError::Unavailable("no process owns it at the moment".to_owned()),
        BusError::Timeout(_) => DeskError::DeadlineExceeded,
        BusError::Unavailable(reason) => DeskError::Unavailable(reason),
        error @ BusError::TooLarge { .. } => DeskError::BadRequest(error.to_string()),
    }
}

fn other_answer<R>() -> DeskError<R> {
    DeskError::Unavailable("the owner answered another question".to_owned())
}

/// Splits what would be larger than the bus takes.
fn in_portions<C: serde::Serialize>(submissions: Vec<Submission<C>>) -> Vec<Vec<Submission<C>>> {
    let mut portions: Vec<Vec<Submission<C>>> = Vec::new();
    let mut bytes = usize::MAX;
    for submission in submissions {
        let size = serde_json::to_vec(&submission).map_or(0, |json| json.len());
        bytes = bytes.saturating_add(size);
        match portions.last_mut() {
            Some(portion) if bytes <= MAX_BYTES && portion.len() < MAX_SUBMISSIONS => portion.push(submission),
            _ => {
                bytes = size;
                portions.push(vec![submission]);
            }
        }
    }
    portions
}
