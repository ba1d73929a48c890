//! The escalation journal against the router's: by an independent reading of the router's, which targets
//! were missed and which rungs were due before the last moment that is known; each must have been found once,
//! at its time, and nothing else.

mod clocks;
mod due;

use std::collections::{BTreeMap, BTreeSet};

use tandem_desk::{Journaled, Recorded, decode_record};
use tandem_domain::escalation::{ClockEvent, ClockId, EscalationEvent, Step};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::sla::RungAt;
use tandem_domain::{Core, EscalationId, Event, SlaPlan, Timestamp};
use tandem_routing::RoutingCore;
use tandem_sla::SlaCore;
use tandem_sla::rows::TABLES;
use tandem_store::{Store, StoreError, Stream};

use super::finding::{Findings, Kind};
use super::journal::Rows;
use super::rows;
use clocks::Clocks;
use due::{Due, Reach};

const CHUNK: usize = 5_000;

/// What the escalation journal says.
#[derive(Default)]
struct Told {
    /// How far it knows the router's.
    through: u64,
    breaches: BTreeMap<ClockId, Timestamp>,
    rungs: BTreeMap<(ClockId, Reach), Timestamp>,
    /// In force where the journal has been read to.
    plan: SlaPlan,
    escalations: BTreeMap<EscalationId, ClockId>,
    acknowledged: BTreeSet<ClockId>,
}

/// Checks a desk's escalation journal, if it has one, against `router`, its router's.
pub(crate) async fn check(store: &dyn Store, router: &Stream, findings: &mut Findings) -> Result<(), StoreError> {
    let stream = Stream::new(SlaCore::SERVICE, router.desk.clone());
    let journal = events::<SlaCore>(store, &stream).await?;
    if journal.is_empty() {
        return Ok(());
    }
    compare(&journal, &events::<RoutingCore>(store, router).await?, findings);
    let expected = rows_of(&stream, &journal);
    rows::check(store, &stream.desk, &TABLES, &expected, |_, _, _| false, findings).await?;
    rows::check_snapshot::<SlaCore>(store, &stream, findings).await
}

/// The rows that the journal asks for.
fn rows_of(stream: &Stream, journal: &[(u64, Event<EscalationEvent>)]) -> Rows {
    let (mut core, mut rows) = (SlaCore::new(&stream.desk), Rows::new());
    for (_, event) in journal {
        core.apply(event);
        if event.body == EscalationEvent::BegunAnew {
            rows.clear();
        }
        for change in core.rows(std::slice::from_ref(event)) {
            let key = (change.table.to_owned(), change.key);
            match change.value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
    }
    rows
}

/// What can be read of a journal; what cannot is found elsewhere.
async fn events<C: Journaled>(store: &dyn Store, stream: &Stream) -> Result<Vec<(u64, Event<C::Body>)>, StoreError> {
    let mut events = Vec::new();
    let mut next = 1;
    loop {
        let chunk = store.read(stream, next, CHUNK).await?;
        for record in &chunk {
            if let Ok(Recorded::Core(event)) = decode_record::<C>(record) {
                events.push((record.seq, event));
            }
            next = record.seq + 1;
        }
        if chunk.len() < CHUNK {
            return Ok(events);
        }
    }
}

pub(super) fn compare(
    journal: &[(u64, Event<EscalationEvent>)],
    router: &[(u64, Event<RoutingEvent>)],
    findings: &mut Findings,
) {
    let mut told = Told::default();
    for (seq, event) in journal {
        told.read(*seq, &event.body, findings);
    }
    let mut clocks = Clocks::default();
    for (_, event) in router.iter().take_while(|(seq, _)| *seq <= told.through) {
        clocks.follow(event);
    }
    let due = clocks.finish();
    told.compare_breaches(&due, findings);
    told.compare_rungs(&due, findings);
}

impl Told {
    fn read(&mut self, seq: u64, body: &EscalationEvent, findings: &mut Findings) {
        match body {
            EscalationEvent::RouterFollowed { through, .. } => self.through = *through,
            EscalationEvent::PlanAdopted(plan) => self.plan = plan.sla.clone(),
            EscalationEvent::Clock(clock, ClockEvent::Breached { due_at, .. }) => {
                let before = self.breaches.insert(*clock, *due_at);
                findings.at(seq).check(before.is_none(), Kind::RungTwice, || {
                    format!("{clock} missed its target a second time")
                });
            }
            EscalationEvent::RungReached {
                escalation,
                clock,
                step,
                due_at,
                ..
            } => {
                self.escalations.insert(*escalation, *clock);
                let is_stopped = self.acknowledged.contains(clock);
                findings.at(seq).check(!is_stopped, Kind::RungFalse, || {
                    format!("{clock} was acknowledged before")
                });
                let reach = self.reach(step);
                findings.at(seq).check(reach.is_some(), Kind::RungFalse, || {
                    format!(
                        "{clock} reached rung {} of `{}`, which has none",
                        step.rung + 1,
                        step.ladder
                    )
                });
                let Some(reach) = reach else { return };
                let before = self.rungs.insert((*clock, reach.clone()), *due_at);
                findings.at(seq).check(before.is_none(), Kind::RungTwice, || {
                    format!("{clock} reached {} a second time", name(&reach))
                });
            }
            EscalationEvent::EscalationAcknowledged { escalation } => {
                self.acknowledged.extend(self.escalations.get(escalation));
            }
            EscalationEvent::BegunAnew => *self = Self::default(),
            _ => {}
        }
    }

    fn reach(&self, step: &Step) -> Option<Reach> {
        let rungs = &self.plan.ladder(&step.ladder)?.rungs;
        Some(Reach {
            ladder: step.ladder.clone(),
            at: rungs.get(usize::try_from(step.rung).ok()?)?.at,
            repeat: step.repeat,
        })
    }

    fn compare_breaches(&self, due: &Due, findings: &mut Findings) {
        for (clock, at) in &self.breaches {
            if due.breaches.get(clock).is_some_and(|due| due != at)
                || is_early(due, *at, due.breaches.contains_key(clock))
            {
                findings.add(
                    Kind::RungFalse,
                    clock,
                    format_args!("its target was not missed at {at}"),
                );
            }
        }
        for (clock, at) in due
            .breaches
            .iter()
            .filter(|(clock, _)| !self.breaches.contains_key(clock))
        {
            findings.add(Kind::RungMissed, clock, format_args!("its target was missed at {at}"));
        }
    }

    fn compare_rungs(&self, due: &Due, findings: &mut Findings) {
        for ((clock, reach), at) in &self.rungs {
            let expected = due.rungs.get(&(*clock, reach.clone()));
            if expected.is_some_and(|due| due != at) || is_early(due, *at, expected.is_some()) {
                findings.add(
                    Kind::RungFalse,
                    clock,
                    format_args!("{} was not due at {at}", name(reach)),
                );
            }
        }
        for ((clock, reach), at) in &due.rungs {
            let is_told = self.rungs.contains_key(&(*clock, reach.clone()));
            if !is_told && !self.acknowledged.contains(clock) {
                findings.add(Kind::RungMissed, clock, format_args!("{} was due at {at}", name(reach)));
            }
        }
    }
}

/// Behind the last event that is known, the watermark decides, which no journal keeps.
fn is_early(due: &Due, at: Timestamp, expected: bool) -> bool {
    !expected && at < due.known_until
}

fn name(reach: &Reach) -> String {
    let Reach { ladder, at, repeat } = reach;
    let at = match at {
        RungAt::Share(percent) => format!("{percent}%"),
        RungAt::Breach => "breach".to_owned(),
        RungAt::After(later) => format!("breach + {} s", later.as_secs()),
    };
    format!("rung {at} of ladder `{ladder}`, time {}", repeat + 1)
}
