//! What an independent reading of the events allows, rule by rule.

use std::time::Duration;

use tandem_domain::desk::Choice;
use tandem_domain::explain::{Rank, Ranking};
use tandem_domain::routing::{Intake, RevokeReason, RoutingEvent as E, StepPlace};
use tandem_domain::{Actor, Cause, Context, OfferId, Requirement, Trace};

mod answers;
mod eligible;
mod impossible;
mod load;
mod moved;
mod offers;
mod passed_over;
mod requirements;

use super::*;
use crate::audit::tests::story::{desk_of, key, mail};

const DESK: &str = "\
desk: acme
languages: [de, en]
default_language: en
skills: {billing: Invoices}
teams: {inside: {}}
channels:
  email: {units: 1, offer_ttl: 5m, accounts: {support: {addresses: [a@example.com], queue: general}}}
  chat: {units: 2, hold_units: 1, offer_ttl: 30s, accounts: {widget: {queue: general}}}
agents:
  ana: {teams: [inside], capacity: 4, languages: {de: C2, en: C2}, channel_max: {chat: 1}}
  ben: {teams: [inside], capacity: 4, languages: {en: C2}, skills: {billing: 3}}
queues:
  general: {teams: [inside], decline_pause: 1m}
";

const T1: TicketId = TicketId(1);
const T2: TicketId = TicketId(2);
const T3: TicketId = TicketId(3);

/// A history that is told event by event.
struct Tale {
    history: History,
    findings: Findings,
    desk: CompiledDesk,
    seq: u64,
    now: Timestamp,
}

impl Tale {
    /// On a desk on which everybody is online.
    fn begin() -> Self {
        let mut tale = Self::before_the_first_desk_file();
        tale.switch(DESK);
        for agent in ["ana", "ben"] {
            tale.tell(presence(agent, Presence::Online));
        }
        tale
    }

    fn before_the_first_desk_file() -> Self {
        Self {
            history: History::default(),
            findings: Findings::new(key("acme")),
            desk: desk_of(DESK),
            seq: 0,
            now: Timestamp::from_micros(1_800_000_000_000_000),
        }
    }

    fn switch(&mut self, text: &str) {
        self.change(|desk| *desk = desk_of(text));
    }

    /// Another version of the desk comes into force.
    fn change(&mut self, change: impl FnOnce(&mut CompiledDesk)) {
        let before = self.history.desk.as_ref().map_or(0, |desk| desk.version);
        change(&mut self.desk);
        self.desk.version = before + 1;
        self.tell(E::DeskActivated(Box::new(self.desk.clone())));
    }

    fn tell(&mut self, body: E) -> Step {
        self.seq += 1;
        let context = Context {
            now: self.now,
            actor: Actor::service("router"),
            cause: Cause::Timer,
            trace: Trace::default(),
        };
        self.history.follow(self.seq, &context.event(body), &mut self.findings)
    }

    fn open(&mut self, ticket: TicketId, intake: Intake) -> Step {
        let requirement = self.requirement(&intake);
        let intake = Box::new(intake);
        self.tell(E::TicketOpened {
            ticket,
            intake,
            requirement: requirement.into(),
            place: StepPlace::default(),
        })
    }

    fn requirement(&self, intake: &Intake) -> Requirement {
        requirement::Asked::of(intake).requirement(&self.desk, &intake.queue, (0, &[]))
    }

    fn offer(&mut self, offer: u64, ticket: TicketId, agent: &str) {
        let expires_at = self.now.plus(Duration::from_mins(5));
        self.tell(issued(offer, ticket, (agent, false), expires_at));
    }

    fn accept(&mut self, offer: u64, ticket: TicketId, agent: &str) {
        self.tell(E::OfferAccepted {
            offer: OfferId(offer),
            ticket,
            agent: key(agent),
        });
    }

    /// The agent has it.
    fn give(&mut self, offer: u64, ticket: TicketId, agent: &str) {
        self.offer(offer, ticket, agent);
        self.accept(offer, ticket, agent);
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    /// Expects these kinds, and forgets them.
    #[track_caller]
    fn finds(&mut self, expected: &[Kind]) {
        let found = std::mem::take(&mut self.findings.list);
        let kinds: Vec<_> = found.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, expected, "{found:?}");
    }
}

fn presence(agent: &str, presence: Presence) -> E {
    let agent = key(agent);
    E::PresenceChanged { agent, presence }
}

fn issued(offer: u64, ticket: TicketId, (agent, direct): (&str, bool), expires_at: Timestamp) -> E {
    let winner = Rank {
        agent: key(agent),
        used: 0,
        capacity: 4,
        idle_since: Timestamp::EPOCH,
        score: 0,
        order: 0,
    };
    let ranking = Ranking {
        considered: 2,
        fit: 1,
        free: 1,
        winner,
        runners_up: Vec::new(),
        direct,
        step: 0,
        choice: Choice::default(),
        deciding: None,
    };
    E::OfferIssued {
        offer: OfferId(offer),
        ticket,
        agent: key(agent),
        expires_at,
        ranking: ranking.into(),
    }
}

fn revoked_of(offer: u64, ticket: TicketId, agent: &str) -> E {
    E::OfferRevoked {
        offer: OfferId(offer),
        ticket,
        agent: key(agent),
        reason: RevokeReason::TicketMoved,
    }
}
