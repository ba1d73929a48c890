//! What is due: breaches and rungs, in the order of time, and what rungs do.

use tandem_domain::escalation::{ClockEvent, ClockId, EscalationEvent, Step, Telling};
use tandem_domain::sla::{Action, Recipient};
use tandem_domain::{EscalationId, NotificationId, QueueId, Timestamp};

use crate::clock::Next;
use crate::turn::{Origin, Turn};

impl Turn<'_> {
    /// Does what was due before `until`. What is due at that very moment waits: something may still
    /// happen then, and who answers at the last moment is in time.
    pub(crate) fn fire_until(&mut self, until: Timestamp) {
        while let Some((due_at, clock)) = self.state.due.first().copied().filter(|(due, _)| *due < until) {
            self.origin = Origin::timer();
            let next = self.state.clocks[&clock].next.clone();
            match next.expect("a clock in the index comes to something").1 {
                Next::Breach => self.breach(clock, due_at),
                Next::Rung(step) => self.climb(clock, &step, due_at),
            }
        }
    }

    pub(crate) fn breach(&mut self, clock: ClockId, due_at: Timestamp) {
        let late_by = self.now().since(due_at);
        self.emit(EscalationEvent::Clock(clock, ClockEvent::Breached { due_at, late_by }));
    }

    fn climb(&mut self, clock: ClockId, step: &Step, due_at: Timestamp) {
        let known = self.state.clocks[&clock].escalation;
        let escalation = known.unwrap_or(EscalationId(self.state.last_escalation.0 + 1));
        self.emit(EscalationEvent::RungReached {
            escalation,
            clock,
            step: step.clone(),
            due_at,
            late_by: self.now().since(due_at),
        });
        for action in self.state.rules.actions(&step.ladder, step.rung).to_vec() {
            self.act(escalation, clock, step, due_at, &action);
        }
    }

    /// Asks for nothing that is so already.
    fn act(&mut self, escalation: EscalationId, clock: ClockId, step: &Step, due_at: Timestamp, action: &Action) {
        let facts = &self.state.tickets[&clock.ticket].facts;
        match action {
            Action::RaisePriority(priority) if *priority > facts.priority => {
                self.emit(EscalationEvent::PriorityRaiseAsked {
                    escalation,
                    ticket: clock.ticket,
                    priority: *priority,
                    seen: self.version(clock.ticket),
                });
            }
            Action::MoveToQueue(queue) if *queue != facts.queue => {
                self.ask_move(escalation, clock, queue.clone());
            }
            Action::MoveToTier(tier) => {
                if let Some(queue) = self.state.rules.queue_of_tier(&facts.queue, *tier).cloned() {
                    self.ask_move(escalation, clock, queue);
                }
            }
            Action::Tell(recipients) => self.tell(escalation, clock, step, due_at, recipients),
            Action::RaisePriority(_) | Action::MoveToQueue(_) => {}
        }
    }

    fn ask_move(&mut self, escalation: EscalationId, clock: ClockId, queue: QueueId) {
        self.emit(EscalationEvent::MoveAsked {
            escalation,
            ticket: clock.ticket,
            queue,
            seen: self.version(clock.ticket),
        });
    }

    fn tell(
        &mut self,
        escalation: EscalationId,
        clock: ClockId,
        step: &Step,
        due_at: Timestamp,
        recipients: &[Recipient],
    ) {
        let ticket = &self.state.tickets[&clock.ticket];
        let contacts = self.state.rules.contacts(recipients, ticket.owner.as_ref());
        if contacts.is_empty() {
            return;
        }
        let telling = Telling {
            notification: NotificationId(self.state.last_notification.0 + 1),
            escalation,
            clock,
            step: step.clone(),
            due_at,
            late_by: self.now().since(due_at),
            queue: ticket.facts.queue.clone(),
            priority: ticket.facts.priority,
            contacts,
        };
        self.emit(EscalationEvent::ContactsTold(Box::new(telling)));
    }
}
