//! One owned desk: its mailbox, and the tasks around its wheel.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tandem_bus::Bus;
use tandem_domain::{Actor, AgentId, IdSource};
use tandem_store::{Store, Stream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::call::{Answer, Call, Outcome, Waiting, not_owner};
use crate::gather::Gather;
use crate::keeper::Keeper;
use crate::lease_guard::LeaseGuard;
use crate::shared::Shared;
use crate::{DeskError, DeskState, DeskStatus, Journaled, Settings, Submission, Topic};
use crate::{effects, heads, hints, relay, serving};

/// Batches of topics that may wait for the bus.
const TOPICS: usize = 256;

/// A desk that this process owns.
pub(crate) struct Owned<C: Journaled> {
    pub(crate) shared: Arc<Shared>,
    mailbox: mpsc::Sender<Call<C>>,
}

/// Where a desk's parts come from.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) ids: Arc<dyn IdSource>,
}

/// The tasks of an owned desk. Dropped, they end at once, as in a crash.
pub(crate) struct Running {
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits for the wheel's last turn, the relay's last records and the last snapshot.
    pub(crate) async fn finished(mut self) {
        if let Err(error) = (&mut self.task).await {
            tracing::error!(%error, "desk did not end in good order");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes up a desk whose lease stands until `lease_until`.
pub(crate) fn take_up<C: Journaled>(parts: &Parts, stream: Stream, lease_until: Instant) -> (Arc<Owned<C>>, Running) {
    let (mailbox, calls) = mpsc::channel(parts.settings.mailbox);
    let (topics, topics_to_send) = mpsc::channel(TOPICS);
    let status = DeskStatus {
        desk: stream.desk.clone(),
        state: DeskState::Opening,
        seq: 0,
        level: 0,
        journal_ahead: Duration::ZERO,
    };
    let shared = Arc::new(Shared {
        stream,
        store: parts.store.clone(),
        bus: parts.bus.clone(),
        ids: parts.ids.clone(),
        settings: parts.settings.clone(),
        lease: LeaseGuard::new(lease_until),
        stop: CancellationToken::new(),
        head: watch::Sender::new(None),
        topics,
        status: Mutex::new(status),
        recent: Mutex::default(),
    });
    let owned = Arc::new(Owned { shared, mailbox });
    let task = tokio::spawn(run(owned.clone(), Gather::new(calls), topics_to_send));
    (owned, Running { task })
}

async fn run<C: Journaled>(owned: Arc<Owned<C>>, gather: Gather<C>, topics: mpsc::Receiver<Vec<Topic>>) {
    let shared = owned.shared.clone();
    let wheel_stopped = CancellationToken::new();
    let mut around = JoinSet::new();
    around.spawn(heads::announce_heads(shared.clone()));
    around.spawn(hints::announce_topics(shared.clone(), topics));
    around.spawn(serving::serve_commands(owned.clone()));
    around.spawn(serving::serve_journal(shared.clone()));
    let mut behind = JoinSet::new();
    behind.spawn(relay::relay::<C>(shared.clone(), wheel_stopped.clone()));
    if C::HAS_EFFECTS {
        behind.spawn(effects::carry_out::<C>(shared.clone(), wheel_stopped.clone()));
    }
    // A task of its own, so that not even a panic of the shell itself leaves the desk half alive.
    let mut wheel = JoinSet::new();
    wheel.spawn(Keeper::new(shared.clone(), gather).run());
    if let Some(Err(error)) = wheel.join_next().await {
        tracing::error!(stream = %shared.stream, %error, "desk's wheel ended badly");
    }
    wheel_stopped.cancel();
    if timeout(shared.settings.flush_timeout, behind.join_all()).await.is_err() {
        tracing::warn!(stream = %shared.stream, "relay not finished; the next owner goes on from its cursor");
    }
}

impl<C: Journaled> Owned<C> {
    /// Submits, in order; answers in order.
    pub(crate) async fn submit(
        &self,
        submissions: Vec<Submission<C::Command>>,
        deadline: Instant,
    ) -> Vec<Outcome<C, C::Reply>> {
        let desk = &self.shared.stream.desk;
        let calls = submissions
            .into_iter()
            .map(|submission| Call::write(desk, submission, None, deadline));
        let answers: Vec<_> = calls.map(|(call, answer)| self.put(call, answer)).collect();
        let mut outcomes = Vec::with_capacity(answers.len());
        for answer in answers {
            outcomes.push(wait::<C, _>(answer, deadline).await);
        }
        outcomes
    }

    /// Handles a parked command once more; its parked row goes with the answer.
    pub(crate) async fn retry(
        &self,
        id: &str,
        submission: Submission<C::Command>,
        deadline: Instant,
    ) -> Outcome<C, C::Reply> {
        let (call, answer) = Call::write(&self.shared.stream.desk, submission, Some(id.to_owned()), deadline);
        wait::<C, _>(self.put(call, answer), deadline).await
    }

    pub(crate) async fn query(&self, query: C::Query, deadline: Instant) -> Outcome<C, C::Answer> {
        let (waiting, answer) = Waiting::until(deadline);
        wait::<C, _>(self.put(Call::Read(query, waiting), answer), deadline).await
    }

    pub(crate) async fn touch(&self, agents: Vec<AgentId>, deadline: Instant) -> Outcome<C, ()> {
        let (waiting, answer) = Waiting::until(deadline);
        wait::<C, _>(self.put(Call::Touch(agents, waiting), answer), deadline).await
    }

    pub(crate) async fn raise_level(&self, level: u32, actor: Actor, deadline: Instant) -> Outcome<C, u32> {
        let (waiting, answer) = Waiting::until(deadline);
        wait::<C, _>(self.put(Call::RaiseLevel(level, actor, waiting), answer), deadline).await
    }

    /// Never waits for room: a caller who is told that there is too much to do can do something about it.
    fn put<T>(&self, call: Call<C>, answer: Answer<C, T>) -> Result<Answer<C, T>, DeskError<C::Rejection>> {
        match self.mailbox.try_send(call) {
            Ok(()) => Ok(answer),
            Err(mpsc::error::TrySendError::Full(_)) => Err(DeskError::Overloaded),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(not_owner()),
        }
    }
}

/// No answer, be it for lack of time or because the desk's task broke off, means that nobody knows.
async fn wait<C: Journaled, T>(
    answer: Result<Answer<C, T>, DeskError<C::Rejection>>,
    deadline: Instant,
) -> Outcome<C, T> {
    match timeout_at(deadline, answer?).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) | Err(_) => Err(DeskError::DeadlineExceeded),
    }
}
