//! Every clock, minute by minute.

use std::collections::BTreeMap;

use tandem_domain::escalation::{ClockId, Step};
use tandem_domain::sla::{Policy, RungAt};
use tandem_domain::{CalendarId, ClockKind, LadderId, Priority, SlaPlan};

use super::QUEUES;
use crate::wall::Days;
use crate::world::clock;

/// What is compared: something happened to a clock in a minute, perhaps after so many minutes that counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    Met(ClockId, usize, usize),
    Paused(ClockId, usize, usize),
    Cancelled(ClockId, usize, usize),
    Breached(ClockId, usize),
    Reached(ClockId, Step, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Open,
    OnHold,
    Resolved,
    Closed,
}

/// The desk, as it is in the minute `now`; what happened before it is told.
pub(crate) struct Model {
    now: usize,
    plans: Vec<SlaPlan>,
    version: usize,
    /// By version and calendar, which minutes count; without a calendar, all.
    open: BTreeMap<(usize, Option<CalendarId>), Vec<bool>>,
    tickets: BTreeMap<u64, Ticket>,
    clocks: BTreeMap<ClockId, Clock>,
    pub(crate) told: Vec<Told>,
}

struct Ticket {
    standing: Standing,
    queue: usize,
    priority: Priority,
    /// Answers that arrived, as far as is known, with their minutes.
    answers: Vec<(u64, usize)>,
    /// All that ever were.
    given: Vec<u64>,
}

#[derive(Clone, Debug, Default)]
struct Terms {
    calendar: Option<CalendarId>,
    target: Option<usize>,
    ladder: Option<LadderId>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Run {
    Running,
    Paused,
    Met { at: usize, answer: Option<u64>, ran: bool },
    Cancelled,
}

struct Clock {
    run: Run,
    terms: Terms,
    elapsed: usize,
    breached: bool,
    acknowledged: bool,
    reached: BTreeMap<(LadderId, u32), u32>,
}

impl Model {
    pub(crate) fn new(days: &Days, plans: &[SlaPlan]) -> Self {
        let mut open = BTreeMap::new();
        for (version, plan) in plans.iter().enumerate() {
            open.insert((version, None), vec![true; days.minutes]);
            for calendar in &plan.calendars {
                open.insert((version, Some(calendar.id.clone())), days.open(calendar));
            }
        }
        Self {
            now: 0,
            plans: plans.to_vec(),
            version: 0,
            open,
            tickets: BTreeMap::new(),
            clocks: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    /// Minute by minute: what is due happens, then the minute counts.
    pub(crate) fn advance(&mut self, until: usize) {
        while self.now < until {
            let ids: Vec<_> = self.clocks.keys().copied().collect();
            for id in ids {
                if self.clocks[&id].run == Run::Running {
                    self.fire(id, self.now);
                    self.count(id, self.now);
                }
            }
            self.now += 1;
        }
    }

    fn count(&mut self, id: ClockId, minute: usize) {
        let version = self.version;
        let clock = self.clocks.get_mut(&id).unwrap();
        let open = &self.open[&(version, clock.terms.calendar.clone())];
        clock.elapsed += usize::from(open[minute]);
    }

    fn fire(&mut self, id: ClockId, minute: usize) {
        let plan = &self.plans[self.version];
        let clock = self.clocks.get_mut(&id).unwrap();
        let Some(target) = clock.terms.target else { return };
        if clock.elapsed >= target && !clock.breached {
            clock.breached = true;
            self.told.push(Told::Breached(id, minute));
        }
        let Some(ladder) = clock.terms.ladder.clone().filter(|_| !clock.acknowledged) else {
            return;
        };
        for (rung, place) in plan.ladder(&ladder).unwrap().rungs.iter().zip(0..) {
            let first = match rung.at {
                RungAt::Share(percent) => target * usize::from(percent) / 100,
                RungAt::Breach => target,
                RungAt::After(later) => target + minutes(later),
            };
            let (every, times) = rung
                .repeat
                .map_or((0, 0), |repeat| (minutes(repeat.every), repeat.times));
            for repeat in 0..=times {
                let reached = clock.reached.entry((ladder.clone(), place)).or_default();
                if repeat == *reached && clock.elapsed >= first + every * repeat as usize {
                    *reached += 1;
                    let ladder = ladder.clone();
                    let step = Step {
                        ladder,
                        rung: place,
                        repeat,
                    };
                    self.told.push(Told::Reached(id, step, minute));
                }
            }
        }
    }
}

fn minutes(duration: std::time::Duration) -> usize {
    usize::try_from(duration.as_secs() / 60).unwrap()
}

/// What happens to tickets, in the minute `now`.
impl Model {
    pub(crate) fn standing(&self, ticket: u64) -> Option<Standing> {
        self.tickets.get(&ticket).map(|ticket| ticket.standing)
    }

    pub(crate) fn open(&mut self, id: u64, queue: usize, priority: Priority, since: usize) {
        let ticket = Ticket {
            standing: Standing::Open,
            queue,
            priority,
            answers: Vec::new(),
            given: Vec::new(),
        };
        self.tickets.insert(id, ticket);
        for kind in [ClockKind::Accept, ClockKind::FirstResponse, ClockKind::Resolution] {
            self.start(id, kind, since);
        }
    }

    fn start(&mut self, ticket: u64, kind: ClockKind, since: usize) {
        let before = self.clocks.keys().filter(|id| id.ticket.0 == ticket && id.kind == kind);
        let id = clock(ticket, kind, 1 + u32::try_from(before.count()).unwrap());
        let clock = Clock {
            run: Run::Running,
            terms: self.terms(id),
            elapsed: 0,
            breached: false,
            acknowledged: false,
            reached: BTreeMap::new(),
        };
        self.clocks.insert(id, clock);
        for minute in since..self.now {
            self.fire(id, minute);
            self.count(id, minute);
        }
    }

    fn terms(&self, id: ClockId) -> Terms {
        let ticket = &self.tickets[&id.ticket.0];
        let fits = |policy: &&Policy| {
            (policy.queues.is_empty() || policy.queues.iter().any(|queue| queue.as_str() == QUEUES[ticket.queue]))
                && (policy.priorities.is_empty() || policy.priorities.contains(&ticket.priority))
        };
        let Some(policy) = self.plans[self.version].policies.iter().find(fits) else {
            return Terms::default();
        };
        let target = policy.targets.get(&id.kind).map(|of| minutes(of[&ticket.priority]));
        Terms {
            calendar: policy.calendar.clone(),
            target,
            ladder: policy.ladders.get(&id.kind).cloned(),
        }
    }

    fn retarget(&mut self, of: Option<u64>) {
        let live = self.clocks.iter().filter(|(id, clock)| {
            of.is_none_or(|ticket| id.ticket.0 == ticket) && matches!(clock.run, Run::Running | Run::Paused)
        });
        let live: Vec<_> = live.map(|(id, _)| *id).collect();
        for id in live {
            let terms = self.terms(id);
            self.clocks.get_mut(&id).unwrap().terms = terms;
        }
    }

    pub(crate) fn activate(&mut self, version: usize) {
        self.version = version;
        self.retarget(None);
    }

    pub(crate) fn requeue(&mut self, ticket: u64, queue: usize) {
        self.tickets.get_mut(&ticket).unwrap().queue = queue;
        self.retarget(Some(ticket));
    }

    pub(crate) fn prioritise(&mut self, ticket: u64, priority: Priority) {
        self.tickets.get_mut(&ticket).unwrap().priority = priority;
        self.retarget(Some(ticket));
    }

    pub(crate) fn acknowledge(&mut self, id: ClockId) {
        self.clocks.get_mut(&id).unwrap().acknowledged = true;
    }

    pub(crate) fn accept(&mut self, ticket: u64) {
        for id in self.of(ticket, |id, clock| id.kind == ClockKind::Accept && clock.is_live()) {
            self.meet(id, None);
        }
    }

    pub(crate) fn stand(&mut self, ticket: u64, standing: Standing) {
        let before = std::mem::replace(&mut self.tickets.get_mut(&ticket).unwrap().standing, standing);
        if before == standing {
            return;
        }
        for id in self.of(ticket, |_, _| true) {
            let is_resolution = id.kind == ClockKind::Resolution;
            match standing {
                Standing::Resolved if is_resolution => self.meet(id, None),
                Standing::Resolved => self.pause(id),
                Standing::OnHold if is_resolution => self.pause(id),
                Standing::Open if before == Standing::Resolved && is_resolution => self.run_on(id),
                Standing::Open if before == Standing::Resolved || is_resolution => self.resume(id),
                _ => {}
            }
        }
    }

    pub(crate) fn customer_wrote(&mut self, ticket: u64, received: usize) {
        if self
            .of(ticket, |id, clock| is_response(id) && clock.is_live())
            .is_empty()
        {
            self.start(ticket, ClockKind::NextResponse, received);
        }
    }

    pub(crate) fn answer(&mut self, ticket: u64, answer: u64) {
        let now = self.now;
        let known = self.tickets.get_mut(&ticket).unwrap();
        known.answers.push((answer, now));
        known.given.push(answer);
        for id in self.of(ticket, |id, clock| is_response(id) && clock.is_live()) {
            self.meet(id, Some(answer));
        }
    }

    pub(crate) fn answer_to_fail(&self, ticket: u64, which: usize) -> Option<u64> {
        let given = &self.tickets[&ticket].given;
        given.get(which % given.len().max(1)).copied()
    }

    pub(crate) fn fail(&mut self, ticket: u64, failed: u64) {
        self.tickets
            .get_mut(&ticket)
            .unwrap()
            .answers
            .retain(|(answer, _)| *answer != failed);
        let met_by = |_, clock: &Clock| matches!(clock.run, Run::Met { answer: Some(by), .. } if by == failed);
        for id in self.of(ticket, met_by) {
            let Run::Met { at, ran, .. } = self.clocks[&id].run else {
                unreachable!()
            };
            let answers = &self.tickets[&ticket].answers;
            match answers.iter().find(|(_, minute)| *minute >= at).copied() {
                Some((answer, minute)) => self.meet_later(id, (at, ran), (answer, minute)),
                None => self.run_on_since(id, at, ran),
            }
        }
    }

    fn meet_later(&mut self, id: ClockId, (at, ran): (usize, bool), (answer, given): (u64, usize)) {
        for minute in at..given {
            let clock = self.clocks.get_mut(&id).unwrap();
            if ran && clock.terms.target.is_some_and(|target| clock.elapsed >= target) && !clock.breached {
                clock.breached = true;
                self.told.push(Told::Breached(id, minute));
            }
            if ran {
                self.count(id, minute);
            }
        }
        let clock = self.clocks.get_mut(&id).unwrap();
        let answer = Some(answer);
        clock.run = Run::Met { at: given, answer, ran };
        self.told.push(Told::Met(id, given, clock.elapsed));
    }

    /// As if it had never stopped, by the terms of now; nothing is due before now.
    fn run_on_since(&mut self, id: ClockId, at: usize, ran: bool) {
        self.run_on(id);
        for minute in (at..self.now).filter(|_| ran) {
            self.count(id, minute);
        }
    }

    pub(crate) fn close(&mut self, ticket: u64) {
        for id in self.of(ticket, |_, clock| clock.is_live()) {
            let clock = self.clocks.get_mut(&id).unwrap();
            clock.run = Run::Cancelled;
            self.told.push(Told::Cancelled(id, self.now, clock.elapsed));
        }
        self.tickets.get_mut(&ticket).unwrap().standing = Standing::Closed;
    }
}

fn is_response(id: ClockId) -> bool {
    matches!(id.kind, ClockKind::FirstResponse | ClockKind::NextResponse)
}

impl Clock {
    fn is_live(&self) -> bool {
        matches!(self.run, Run::Running | Run::Paused)
    }
}

impl Model {
    fn of(&self, ticket: u64, so: impl Fn(ClockId, &Clock) -> bool) -> Vec<ClockId> {
        let clocks = self
            .clocks
            .iter()
            .filter(|(id, clock)| id.ticket.0 == ticket && so(**id, clock));
        clocks.map(|(id, _)| *id).collect()
    }

    fn meet(&mut self, id: ClockId, answer: Option<u64>) {
        let (at, clock) = (self.now, self.clocks.get_mut(&id).unwrap());
        let ran = clock.run == Run::Running;
        clock.run = Run::Met { at, answer, ran };
        self.told.push(Told::Met(id, at, clock.elapsed));
    }

    fn pause(&mut self, id: ClockId) {
        let clock = self.clocks.get_mut(&id).unwrap();
        if clock.run == Run::Running {
            clock.run = Run::Paused;
            self.told.push(Told::Paused(id, self.now, clock.elapsed));
        }
    }

    fn resume(&mut self, id: ClockId) {
        let clock = self.clocks.get_mut(&id).unwrap();
        if clock.run == Run::Paused {
            clock.run = Run::Running;
        }
    }

    fn run_on(&mut self, id: ClockId) {
        let terms = self.terms(id);
        let clock = self.clocks.get_mut(&id).unwrap();
        (clock.run, clock.terms) = (Run::Running, terms);
    }
}
