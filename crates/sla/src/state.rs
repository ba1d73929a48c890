//! What is known of one desk. Facts change in `apply` only.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::escalation::{Acknowledgement, ClockId, RungView, Standing, TicketFacts};
use tandem_domain::{AgentId, ClockKind, DeskId, EscalationId, MessageId, NotificationId, TicketId, Timestamp};

use crate::clock::Clock;
use crate::closed::JustClosed;
use crate::rules::Rules;

/// Everything that the escalation core knows of one desk.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) desk: DeskId,
    pub(crate) rules: Rules,
    /// Every ticket that is not closed.
    pub(crate) tickets: BTreeMap<TicketId, Ticket>,
    /// Their clocks.
    pub(crate) clocks: BTreeMap<ClockId, Clock>,
    /// Their escalations.
    pub(crate) escalations: BTreeMap<EscalationId, Escalation>,
    pub(crate) last_escalation: EscalationId,
    pub(crate) last_notification: NotificationId,
    /// How far the router's journal is known, and that record's incarnation.
    pub(crate) followed: (u64, u64),
    /// When each running clock comes to something; an index over `clocks`.
    pub(crate) due: BTreeSet<(Timestamp, ClockId)>,
    /// Rows of these are still to be written.
    pub(crate) just_closed: JustClosed,
}

/// A ticket, as far as clocks care.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) facts: TicketFacts,
    pub(crate) standing: Standing,
    pub(crate) owner: Option<AgentId>,
    /// As the router counts it.
    pub(crate) version: u64,
    /// Public answers that are not known to have failed, in order.
    pub(crate) answers: Vec<(MessageId, Timestamp)>,
}

/// An occurrence of a clock that reached a rung.
#[derive(Clone, Debug)]
pub(crate) struct Escalation {
    pub(crate) clock: ClockId,
    pub(crate) rungs: Vec<RungView>,
    pub(crate) acknowledged: Option<Acknowledgement>,
}

impl State {
    pub(crate) fn new(desk: &DeskId) -> Self {
        Self {
            desk: desk.clone(),
            rules: Rules::default(),
            tickets: BTreeMap::new(),
            clocks: BTreeMap::new(),
            escalations: BTreeMap::new(),
            last_escalation: EscalationId(0),
            last_notification: NotificationId(0),
            followed: (0, 0),
            due: BTreeSet::new(),
            just_closed: JustClosed::default(),
        }
    }

    /// A ticket's clocks, by kind and occurrence.
    pub(crate) fn clocks_of(&self, ticket: TicketId) -> impl Iterator<Item = (ClockId, &Clock)> {
        let first = ClockId {
            ticket,
            kind: ClockKind::Accept,
            occurrence: 0,
        };
        let clocks = self
            .clocks
            .range(first..)
            .take_while(move |(id, _)| id.ticket == ticket);
        clocks.map(|(id, clock)| (*id, clock))
    }

    /// Works out what a clock comes to next, and when.
    pub(crate) fn reschedule(&mut self, id: ClockId) {
        let Some(clock) = self.clocks.get_mut(&id) else { return };
        if let Some((due, _)) = &clock.next {
            self.due.remove(&(*due, id));
        }
        let escalation = clock.escalation.and_then(|id| self.escalations.get(&id));
        let acknowledged = escalation.is_some_and(|escalation| escalation.acknowledged.is_some());
        clock.look_ahead(&self.rules, acknowledged);
        if let Some((due, _)) = &clock.next {
            self.due.insert((*due, id));
        }
    }

    /// The same for all clocks.
    pub(crate) fn reschedule_all(&mut self) {
        let ids: Vec<_> = self.clocks.keys().copied().collect();
        for id in ids {
            self.reschedule(id);
        }
    }
}
