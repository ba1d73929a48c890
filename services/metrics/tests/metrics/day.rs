//! A desk's work, at random.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tandem_domain::routing::{AfterAnswer, Command, DeclineReason, DeliveryOutcome, TransferTarget, UndeliveredReason};
use tandem_domain::{Channel, MessageId, TicketId};
use tokio::time::sleep;

use crate::harness::{World, key};

/// Customers and agents whose deeds follow from a seed.
pub(crate) struct Day<'a> {
    world: &'a World,
    rng: StdRng,
    tickets: Vec<TicketId>,
    answers: Vec<(TicketId, MessageId)>,
}

impl<'a> Day<'a> {
    pub(crate) fn new(world: &'a World, seed: u64) -> Self {
        Self {
            world,
            rng: StdRng::seed_from_u64(seed),
            tickets: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// `steps` deeds, up to `longest` apart. What the router refuses is no deed.
    pub(crate) async fn goes_on(&mut self, steps: usize, longest: Duration) {
        for _ in 0..steps {
            self.step().await;
            sleep(longest.mul_f64(self.rng.random_range(0.0..1.0))).await;
        }
    }

    async fn step(&mut self) {
        match self.rng.random_range(0..10) {
            0..=2 => self.a_message_comes().await,
            3..=5 => self.an_offer_is_answered().await,
            6 => self.an_answer_is_given().await,
            7 => self.an_answer_fails().await,
            _ => self.a_ticket_moves().await,
        }
    }

    async fn a_message_comes(&mut self) {
        let queue = if self.rng.random_bool(0.7) { "sales" } else { "billing" };
        let channel = if self.rng.random_bool(0.5) {
            Channel::Chat
        } else {
            Channel::Email
        };
        self.tickets.push(self.world.comes(queue, channel).await);
    }

    async fn an_offer_is_answered(&mut self) {
        let agent = if self.rng.random_bool(0.5) { "ana" } else { "ben" };
        // Who missed offers does not get any before saying so.
        if self.rng.random_bool(0.3) {
            self.world.signs_on(agent).await;
        }
        let Some((_, offer)) = self.world.offers(agent).await.pop() else {
            return;
        };
        let agent = key(agent);
        let reason = DeclineReason::Busy;
        let answer = if self.rng.random_bool(0.8) {
            Command::Accept { agent, offer }
        } else {
            Command::Decline { agent, offer, reason }
        };
        self.world.tries(answer).await;
    }

    async fn an_answer_is_given(&mut self) {
        let (Some(ticket), message) = (self.some_ticket(), self.world.message()) else {
            return;
        };
        let then = [AfterAnswer::Keep, AfterAnswer::Resolve][self.rng.random_range(0..2)];
        let visible = self.rng.random_bool(0.8);
        let answer = Command::Answer {
            ticket,
            message,
            author: None,
            visible,
            then: if visible { then } else { AfterAnswer::Keep },
        };
        if self.world.tries(answer).await.is_some() && visible {
            self.answers.push((ticket, message));
        }
    }

    async fn an_answer_fails(&mut self) {
        let Some((ticket, message)) = self.answers.pop() else {
            return;
        };
        let report = Command::ReportDelivery {
            ticket,
            message,
            outcome: DeliveryOutcome::Failed(UndeliveredReason::Bounced),
        };
        self.world.tries(report).await;
    }

    async fn a_ticket_moves(&mut self) {
        let Some(ticket) = self.some_ticket() else { return };
        let to = TransferTarget::Queue(key("billing"));
        let moves = [
            Command::Hold { ticket },
            Command::Resume { ticket },
            Command::Requeue { ticket },
            Command::Transfer { ticket, to, seen: None },
            Command::Resolve { ticket },
            Command::FinishWrapUp { ticket },
            Command::Reopen { ticket },
            Command::Cancel { ticket },
        ];
        let index = self.rng.random_range(0..moves.len());
        self.world.tries(moves[index].clone()).await;
    }

    fn some_ticket(&mut self) -> Option<TicketId> {
        let among = self.tickets.len();
        (among > 0).then(|| self.tickets[self.rng.random_range(among.saturating_sub(12)..among)])
    }
}
