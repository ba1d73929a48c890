//! Clients mark numbers, each of them once, and read what is marked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rand::RngExt;
use rand::rngs::StdRng;
use tandem_bus::Bus;
use tandem_desk::{DeskError, Recorded, decode_record};
use tandem_domain::DeskId;
use tandem_store::Stream;
use tokio::time::sleep;

use super::cluster::{Cluster, DESKS, Workload};
use super::sometimes::Sometimes;
use crate::support::counting::Counting;
use crate::support::ledger::{Answer, Body, Command, Ledger, Query};
use crate::support::{World, desk, write};

const MARKS_PER_CLIENT: u64 = 40;

pub(crate) struct Ledgers {
    cluster: Arc<Cluster<Ledger>>,
    /// What was acknowledged, per desk.
    acknowledged: Mutex<BTreeMap<DeskId, BTreeSet<u64>>>,
    replicas: Vec<Arc<Counting>>,
}

#[async_trait(?Send)]
impl Workload for Ledgers {
    type Core = Ledger;

    const ALSO: &'static [&'static str] = &["delivery repeated", "deliveries swapped", "command parked"];

    async fn start(cluster: Arc<Cluster<Ledger>>, _seed: u64) -> Self {
        let bus: Arc<dyn Bus> = cluster.bus.clone();
        let world = World::with_bus(bus);
        let start = |instance| Counting::start_on(&world, cluster.store.clone(), instance);
        let replicas = vec![start("a"), start("b")];
        Self {
            cluster,
            acknowledged: Mutex::default(),
            replicas,
        }
    }

    async fn client(self: Arc<Self>, desk: DeskId, number: u64, mut rng: StdRng, sometimes: &Sometimes) {
        for n in 0..MARKS_PER_CLIENT {
            let mark = number * 1000 + n;
            self.mark(&desk, mark, &mut rng, sometimes).await;
            if rng.random_bool(0.3) {
                self.read(&desk, &mut rng, sometimes).await;
            }
            if rng.random_bool(0.02) {
                self.explode(&desk, mark, &mut rng, sometimes).await;
            }
            sleep(Duration::from_millis(rng.random_range(0..2500))).await;
        }
    }

    async fn check(&self) {
        for (index, name) in DESKS.into_iter().enumerate() {
            let marked = self.marked(name).await;
            assert!(marked.values().all(|times| *times == 1), "{name}: doubled: {marked:?}");
            let acknowledged = self
                .acknowledged
                .lock()
                .unwrap()
                .get(&desk(name))
                .cloned()
                .unwrap_or_default();
            let lost: Vec<_> = acknowledged.iter().filter(|mark| !marked.contains_key(mark)).collect();
            assert!(lost.is_empty(), "{name}: acknowledged and lost: {lost:?}");
            assert_eq!(
                marked.len() as u64,
                4 * MARKS_PER_CLIENT,
                "{name}: every client was answered"
            );
            let foreign = marked.keys().any(|mark| mark / 4000 != index as u64);
            assert!(!foreign, "{name}: marks of another desk");
            self.memory_and_consumers_agree(name, &marked).await;
        }
    }
}

impl Ledgers {
    async fn mark(&self, desk: &DeskId, mark: u64, rng: &mut StdRng, sometimes: &Sometimes) {
        let submission = write(&mark.to_string(), Command::Mark(mark));
        let outcome = self.cluster.insist(desk, submission, rng, sometimes).await;
        outcome.unwrap();
        self.acknowledged
            .lock()
            .unwrap()
            .entry(desk.clone())
            .or_default()
            .insert(mark);
    }

    /// Whoever answers a read must know everything that was acknowledged before it was asked: an owner of
    /// the past would not.
    async fn read(&self, desk: &DeskId, rng: &mut StdRng, sometimes: &Sometimes) {
        let before = self.acknowledged.lock().unwrap().get(desk).cloned().unwrap_or_default();
        let Some(desks) = self.cluster.any(rng) else { return };
        let Ok(Answer::Marks(marks)) = desks.query(desk, Query::Marks).await else {
            return;
        };
        sometimes.hit("read answered during trouble");
        let missing: Vec<_> = before.iter().filter(|mark| !marks.contains_key(mark)).collect();
        assert!(
            missing.is_empty(),
            "{desk}: a reader did not see {missing:?}, acknowledged before it asked"
        );
        let committed = self.marked(desk.as_str()).await;
        let early: Vec<_> = marks.keys().filter(|mark| !committed.contains_key(mark)).collect();
        assert!(
            early.is_empty(),
            "{desk}: a reader saw {early:?} before it was committed"
        );
    }

    async fn explode(&self, desk: &DeskId, mark: u64, rng: &mut StdRng, sometimes: &Sometimes) {
        let submission = write(
            &format!("explode-{mark}"),
            Command::Explode(format!("never-defused-{mark}")),
        );
        let outcome = self.cluster.insist(desk, submission, rng, sometimes).await;
        assert!(matches!(outcome, Err(DeskError::Parked(_))), "{outcome:?}");
        sometimes.hit("command parked");
    }

    /// What the journal says is marked, and how often.
    async fn marked(&self, name: &str) -> BTreeMap<u64, u64> {
        let mut marked = BTreeMap::new();
        for record in self.cluster.journal(name).await {
            if let Recorded::Core(event) = decode_record::<Ledger>(&record).unwrap()
                && let Body::Marked(mark) = event.body
            {
                *marked.entry(mark).or_default() += 1;
            }
        }
        marked
    }

    async fn memory_and_consumers_agree(&self, name: &str, marked: &BTreeMap<u64, u64>) {
        let desks = self.cluster.process(0).unwrap();
        assert_eq!(
            desks.query(&desk(name), Query::Marks).await,
            Ok(Answer::Marks(marked.clone())),
            "{name}"
        );
        let last = self.cluster.journal(name).await.len() as u64;
        let stream = Stream::new("ledger", desk(name));
        let replica = &self.replicas[0];
        assert_eq!(
            replica.seq(&stream).await,
            last,
            "{name}: the consumer has not caught up"
        );
        assert_eq!(
            replica.sum(&desk(name)).await,
            i64::try_from(marked.len()).unwrap(),
            "{name}: the consumer counted wrong"
        );
        assert!(
            self.replicas
                .iter()
                .all(|replica| replica.seen.lock().unwrap().resets == 0),
            "no history was rewritten"
        );
    }
}
