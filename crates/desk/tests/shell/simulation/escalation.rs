//! Tickets come and are answered or not, everything goes wrong; each of thousands of rungs is reached once,
//! none early, none missed. Twenty seeds are more than ten thousand rungs.

mod story;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rand::RngExt;
use rand::rngs::StdRng;
use tandem_desk::{DeskError, Recorded, RequestMark, Submission, decode_record};
use tandem_domain::escalation::{Answer, Command, EscalationEvent, Query, Rejection, Reply};
use tandem_domain::{Actor, DeskId, Trace};
use tandem_sla::SlaCore;
use tokio::time::sleep;

use super::cluster::{Cluster, DESKS, Workload};
use super::sometimes::Sometimes;
use crate::support::desk;
use story::{Rung, Story};

/// Records of the router that are told at once, at most.
const STRETCH: u64 = 12;

pub(crate) struct Escalations {
    cluster: Arc<Cluster<SlaCore>>,
    /// What the router's journal says, per desk.
    stories: BTreeMap<DeskId, Story>,
    finished: BTreeMap<DeskId, AtomicBool>,
}

#[async_trait(?Send)]
impl Workload for Escalations {
    type Core = SlaCore;

    const ALSO: &'static [&'static str] = &["stretch refused for a gap", "repeat told"];

    async fn start(cluster: Arc<Cluster<SlaCore>>, seed: u64) -> Self {
        let story = |(index, name): (u64, &str)| (desk(name), Story::new(seed * 10 + index));
        Self {
            cluster,
            stories: (0..).zip(DESKS).map(story).collect(),
            finished: DESKS.map(|name| (desk(name), AtomicBool::new(false))).into(),
        }
    }

    /// One tells everything in order; the others tell parts of it again, or too early.
    async fn client(self: Arc<Self>, desk: DeskId, number: u64, mut rng: StdRng, sometimes: &Sometimes) {
        if number.is_multiple_of(4) {
            self.follow(&desk, &mut rng, sometimes).await;
            self.finished[&desk].store(true, Ordering::Relaxed);
        } else {
            while !self.finished[&desk].load(Ordering::Relaxed) {
                self.disturb(&desk, &mut rng, sometimes).await;
                sleep(Duration::from_millis(rng.random_range(100..3000))).await;
            }
        }
    }

    async fn check(&self) {
        let mut rungs = 0;
        for name in DESKS {
            let story = &self.stories[&desk(name)];
            let (reached, told) = self.reached(name).await;
            assert_eq!(reached, story.rungs(), "{name}: each once, none early, none missed");
            assert_eq!(
                told,
                (1..=reached.len() as u64).collect::<Vec<_>>(),
                "{name}: one telling each"
            );
            let desks = self.cluster.process(0).unwrap();
            let followed = desks.query(&desk(name), Query::Followed).await;
            let expected = Answer::Followed {
                seq: story.last_seq(),
                incarnation: story::INCARNATION,
            };
            assert_eq!(followed, Ok(expected), "{name}");
            rungs += reached.len();
        }
        assert!(rungs >= 2_000, "only {rungs} rungs");
    }
}

fn submission(command: Command) -> Submission<Command> {
    Submission {
        command,
        actor: Actor::service("escalation"),
        request: RequestMark::unremembered("Follow"),
        rows: Vec::new(),
        trace: Trace::default(),
    }
}

impl Escalations {
    async fn follow(&self, desk: &DeskId, rng: &mut StdRng, sometimes: &Sometimes) {
        let story = &self.stories[desk];
        let mut known = 0;
        while known < story.last_seq() {
            let through = (known + rng.random_range(1..=STRETCH)).min(story.last_seq());
            let observe = submission(Command::Observe(story.heard(known, through)));
            let told = self.cluster.insist(desk, observe, rng, sometimes).await;
            // Somebody else may have been further already.
            let Ok(Reply::Followed { seq }) = told else {
                panic!("{told:?}")
            };
            known = seq;
            self.advance(desk, known, rng, sometimes).await;
            sleep(Duration::from_millis(rng.random_range(0..4000))).await;
        }
    }

    async fn advance(&self, desk: &DeskId, seq: u64, rng: &mut StdRng, sometimes: &Sometimes) {
        let until = self.stories[desk].watermark(seq);
        let advance = submission(Command::Advance { seq, until });
        let told = self.cluster.insist(desk, advance, rng, sometimes).await;
        assert!(told.is_ok(), "{told:?}");
    }

    async fn disturb(&self, desk: &DeskId, rng: &mut StdRng, sometimes: &Sometimes) {
        let story = &self.stories[desk];
        let after = rng.random_range(0..story.last_seq());
        let through = (after + rng.random_range(1..=STRETCH)).min(story.last_seq());
        let Some(desks) = self.cluster.any(rng) else { return };
        let observe = submission(Command::Observe(story.heard(after, through)));
        match desks.submit(desk, observe).await {
            Ok(Reply::Followed { seq }) => {
                assert!(seq >= through, "{desk}: told up to {through}, but known up to {seq}");
                sometimes.hit("repeat told");
            }
            Err(DeskError::Rejected(Rejection::Missing { seq })) => {
                assert!(seq < after, "{desk}: {after} does not leave a gap behind {seq}");
                sometimes.hit("stretch refused for a gap");
            }
            Err(error) => assert!(error.code().is_retryable(), "{desk}: {error}"),
            Ok(other) => panic!("{other:?}"),
        }
        if desks.query(desk, Query::Followed).await.is_ok() {
            sometimes.hit("read answered during trouble");
        }
    }

    /// What the journal says: rungs that were reached, sorted; and the tellings' numbers, as they came.
    async fn reached(&self, name: &str) -> (Vec<Rung>, Vec<u64>) {
        let (mut reached, mut told) = (Vec::new(), Vec::new());
        for record in self.cluster.journal(name).await {
            let Recorded::Core(event) = decode_record::<SlaCore>(&record).unwrap() else {
                continue;
            };
            match event.body {
                EscalationEvent::RungReached {
                    clock, step, due_at, ..
                } => reached.push(Rung { clock, step, due_at }),
                EscalationEvent::ContactsTold(telling) => told.push(telling.notification.0),
                _ => {}
            }
        }
        reached.sort_unstable();
        (reached, told)
    }
}
