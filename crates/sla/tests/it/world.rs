//! A desk's escalation core, told what a router would tell; after each command everything that must
//! always hold is checked.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_domain::escalation::{
    Answer, ClockEvent, ClockFilter, ClockId, ClockState, ClockView, Command, EscalationEvent, EscalationFilter,
    EscalationView, Heard, Observed, Query, Rejection, Reply, Step,
};
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{
    Actor, Cause, ClockKind, CompiledDesk, Context, Core, EscalationId, Event, Role, SlaPlan, TicketId, Timestamp,
    Trace,
};
use tandem_sla::{SlaCore, rows};

use crate::support::{desk, key, policy};

pub(crate) struct World {
    pub(crate) core: SlaCore,
    /// The last record of the router's journal.
    pub(crate) seq: u64,
    /// Everything that happened, in order.
    pub(crate) events: Vec<Event<EscalationEvent>>,
    pub(crate) rows: BTreeMap<(String, String), Vec<u8>>,
    /// How much later than it happens the core hears of everything.
    pub(crate) lag: Duration,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            core: SlaCore::new(&key("acme")),
            seq: 0,
            events: Vec::new(),
            rows: BTreeMap::new(),
            lag: Duration::ZERO,
        }
    }

    /// A world in which this version came into force at the beginning of time.
    pub(crate) fn with(desk: CompiledDesk) -> Self {
        let mut world = Self::new();
        world.happens(Timestamp::EPOCH, RoutingEvent::DeskActivated(Box::new(desk)));
        world
    }

    /// Every clock has an hour, round the clock.
    pub(crate) fn an_hour_for_everything() -> Self {
        let targets: Vec<_> = ClockKind::ALL.iter().map(|kind| (*kind, 60)).collect();
        Self::with(desk(SlaPlan {
            policies: vec![policy("all", &targets)],
            ..SlaPlan::default()
        }))
    }

    /// The router's journal gets one more record, and the core hears of it.
    pub(crate) fn happens(&mut self, at: Timestamp, body: RoutingEvent) {
        self.happen([(at, body)]);
    }

    /// The same for several at once.
    pub(crate) fn happen(&mut self, events: impl IntoIterator<Item = (Timestamp, RoutingEvent)>) {
        let after = self.seq;
        let mut heard = Vec::new();
        let mut at = Timestamp::EPOCH;
        for (happened_at, body) in events {
            self.seq += 1;
            at = happened_at;
            heard.push(Observed {
                seq: self.seq,
                event: router_event(at, body),
            });
        }
        let heard = Heard {
            after,
            through: self.seq,
            incarnation: 7,
            events: heard,
        };
        self.tell(at, Command::Observe(heard)).unwrap();
    }

    /// The watermark moves.
    pub(crate) fn advance(&mut self, until: Timestamp) {
        let seq = self.seq;
        self.tell(until, Command::Advance { seq, until }).unwrap();
    }

    pub(crate) fn acknowledge(&mut self, at: Timestamp, escalation: u64) -> Result<Reply, Rejection> {
        let escalation = EscalationId(escalation);
        self.tell(at, Command::Acknowledge { escalation })
    }

    pub(crate) fn acknowledge_as(&mut self, (role, subject): (Role, &str), at: Timestamp) -> Result<Reply, Rejection> {
        let subject = subject.into();
        let escalation = EscalationId(1);
        self.tell_as(Actor { role, subject }, at, Command::Acknowledge { escalation })
    }

    pub(crate) fn tell(&mut self, at: Timestamp, command: Command) -> Result<Reply, Rejection> {
        self.tell_as(Actor::service("escalation"), at, command)
    }

    fn tell_as(&mut self, actor: Actor, at: Timestamp, command: Command) -> Result<Reply, Rejection> {
        let context = Context {
            now: at.plus(self.lag),
            actor,
            cause: Cause::Timer,
            trace: Trace::default(),
        };
        let before = self.core.snapshot();
        let mut out = Vec::new();
        let outcome = self.core.handle(command, &context, &mut out);
        if outcome.is_err() {
            assert!(out.is_empty(), "a refusal emits nothing");
        }
        if out.is_empty() {
            assert_eq!(self.core.snapshot(), before, "nothing changes without an event");
        }
        for row in self.core.rows(&out) {
            let key = (row.table.to_owned(), row.key);
            match row.value {
                Some(value) => drop(self.rows.insert(key, value)),
                None => drop(self.rows.remove(&key)),
            }
        }
        let reply = outcome.map(|outcome| self.core.reply(outcome));
        self.events.extend(out);
        reply
    }

    /// What always holds: the events alone make the state, and the rows say what the memory says.
    pub(crate) fn check(&self) {
        let mut replayed = SlaCore::new(&key("acme"));
        for event in &self.events {
            replayed.apply(event);
        }
        assert_eq!(replayed.snapshot(), self.core.snapshot(), "state changes in apply only");
        let restored = SlaCore::restore(&key("acme"), SlaCore::SNAPSHOT_FORMAT, &self.core.snapshot()).unwrap();
        assert_eq!(restored.snapshot(), self.core.snapshot());
        assert_eq!(
            restored.next_due(),
            self.core.next_due(),
            "a restored core knows what is due"
        );
        self.check_rows();
    }

    fn check_rows(&self) {
        for view in self.clocks(ClockFilter::default()) {
            let row = &self.rows[&(rows::CLOCK.to_owned(), rows::clock_key(view.id))];
            assert_eq!(serde_json::from_slice::<ClockView>(row).unwrap(), view, "its row");
        }
        for view in self.escalations(EscalationFilter::default()) {
            let row = &self.rows[&(rows::ESCALATION.to_owned(), rows::escalation_key(view.id))];
            assert_eq!(serde_json::from_slice::<EscalationView>(row).unwrap(), view, "its row");
        }
    }
}

/// Questions.
impl World {
    pub(crate) fn ask(&self, query: &Query) -> Answer {
        self.core.query(query, Timestamp::EPOCH)
    }

    pub(crate) fn clocks(&self, filter: ClockFilter) -> Vec<ClockView> {
        let query = Query::Clocks {
            filter,
            after: None,
            limit: usize::MAX,
        };
        match self.ask(&query) {
            Answer::Clocks(clocks) => clocks,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn escalations(&self, filter: EscalationFilter) -> Vec<EscalationView> {
        let query = Query::Escalations {
            filter,
            after: None,
            limit: usize::MAX,
        };
        match self.ask(&query) {
            Answer::Escalations(escalations) => escalations,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn clock(&self, ticket: u64, kind: ClockKind, occurrence: u32) -> ClockView {
        let id = clock(ticket, kind, occurrence);
        let all = self.clocks(ClockFilter::default());
        all.into_iter().find(|view| view.id == id).expect("the clock is there")
    }

    pub(crate) fn state(&self, ticket: u64, kind: ClockKind) -> ClockState {
        self.clock(ticket, kind, 1).state
    }

    /// Rungs that were reached, with when they were due.
    pub(crate) fn rungs(&self) -> Vec<(ClockId, Step, Timestamp)> {
        let rungs = self.events.iter().filter_map(|event| match &event.body {
            EscalationEvent::RungReached {
                clock, step, due_at, ..
            } => Some((*clock, step.clone(), *due_at)),
            _ => None,
        });
        rungs.collect()
    }

    /// Clocks that missed their target, with when.
    pub(crate) fn breaches(&self) -> Vec<(ClockId, Timestamp)> {
        let breaches = self.events.iter().filter_map(|event| match event.body {
            EscalationEvent::Clock(clock, ClockEvent::Breached { due_at, .. }) => Some((clock, due_at)),
            _ => None,
        });
        breaches.collect()
    }
}

pub(crate) fn router_event(at: Timestamp, body: RoutingEvent) -> Event<RoutingEvent> {
    Event {
        at,
        actor: Actor::service("router"),
        cause: Cause::Timer,
        trace: Trace("00-trace".into()),
        body,
    }
}

pub(crate) fn clock(ticket: u64, kind: ClockKind, occurrence: u32) -> ClockId {
    ClockId {
        ticket: TicketId(ticket),
        kind,
        occurrence,
    }
}
