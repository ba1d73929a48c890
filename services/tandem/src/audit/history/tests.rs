//! What an independent reading of the events allows, rule by rule.

use std::time::Duration;

use tandem_domain::desk::Choice;
use tandem_domain::explain::{Rank, Ranking};
use tandem_domain::routing::{DeclineReason, Intake, RequeueReason, RevokeReason, RoutingEvent as E, StepPlace};
use tandem_domain::{Actor, Cause, Channel, Context, OfferId, QueueId, Requirement, Trace};

mod answers;

use super::*;
use crate::audit::tests::story::{desk_of, invoice, key, mail};

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

type End = fn(OfferId) -> E;
type Happening = fn(&mut Tale) -> Step;

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

fn chat(number: u128) -> Intake {
    Intake {
        channel: Channel::Chat,
        ..mail(number)
    }
}

#[test]
fn a_smaller_desk_file_takes_nothing_away_but_nothing_comes_on_top() {
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    tale.open(T2, mail(2));
    tale.give(1, T1, "ana");
    tale.switch(&DESK.replacen("capacity: 4", "capacity: 2", 1));
    tale.switch(&DESK.replacen("email: {units: 1", "email: {units: 3", 1));
    tale.finds(&[]);
    tale.give(2, T2, "ana");
    tale.finds(&[Kind::OverCapacity]);
}

#[test]
fn only_the_maximum_of_the_channel_counts_of_which_a_ticket_comes_on_top() {
    let mut tale = Tale::begin();
    tale.open(T1, chat(1));
    tale.open(T2, mail(2));
    tale.give(1, T1, "ana");
    tale.switch(&DESK.replacen("{chat: 1}", "{chat: 0}", 1));
    tale.offer(2, T2, "ana");
    tale.finds(&[]);
}

#[test]
fn a_held_ticket_takes_less_does_not_count_towards_the_channels_maximum_and_comes_back_beyond_it() {
    let mut tale = Tale::begin();
    tale.open(T1, chat(1));
    tale.open(T2, chat(2));
    tale.give(1, T1, "ana");
    tale.tell(E::TicketHeld { ticket: T1 });
    tale.give(2, T2, "ana");
    tale.finds(&[]);
    tale.tell(E::TicketResumed { ticket: T1 });
    tale.finds(&[]);
    tale.open(T3, chat(3));
    tale.give(3, T3, "ana");
    tale.finds(&[Kind::OverCapacity]);
}

#[test]
fn wrapping_up_takes_the_full_units() {
    let mut tale = Tale::begin();
    tale.switch(&DESK.replacen("capacity: 4", "capacity: 3", 1));
    tale.open(T1, chat(1));
    tale.open(T2, mail(2));
    tale.open(T3, mail(3));
    tale.give(1, T1, "ana");
    tale.tell(E::TicketHeld { ticket: T1 });
    tale.give(2, T2, "ana");
    tale.give(3, T3, "ana");
    tale.finds(&[]);
    let until = tale.now.plus(Duration::from_mins(1));
    tale.tell(E::WrapUpStarted { ticket: T1, until });
    tale.finds(&[Kind::OverCapacity]);
}

#[test]
fn a_channel_without_numbers_costs_one_unit() {
    let mut tale = Tale::begin();
    tale.change(|desk| {
        desk.agents[0].capacity = 2;
        desk.channels.remove(&Channel::Phone);
    });
    for (number, ticket) in [(1, T1), (2, T2), (3, T3)] {
        let call = Intake {
            channel: Channel::Phone,
            ..mail(number)
        };
        tale.open(ticket, call);
    }
    tale.offer(1, T1, "ana");
    tale.offer(2, T2, "ana");
    tale.finds(&[]);
    tale.offer(3, T3, "ana");
    tale.finds(&[Kind::OverCapacity]);
}

#[test]
fn an_offer_by_hand_may_go_to_anybody_who_is_online_and_has_room() {
    let mut tale = Tale::begin();
    let later = tale.now.plus(Duration::from_mins(5));
    tale.open(T1, mail(1));
    tale.tell(issued(1, T1, ("ben", true), later));
    tale.finds(&[]);
    tale.tell(presence("ana", Presence::Away));
    tale.open(T2, mail(2));
    tale.tell(issued(2, T2, ("ana", true), later));
    tale.finds(&[Kind::NotOnline]);
    tale.open(T3, mail(3));
    tale.tell(issued(3, T3, ("eve", true), later));
    tale.finds(&[Kind::NotOnline, Kind::NotEligible]);
}

#[test]
fn who_lacks_language_skill_or_team_is_not_eligible() {
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    tale.offer(1, T1, "ben");
    tale.finds(&[Kind::NotEligible]);
    tale.open(
        T2,
        Intake {
            language: None,
            ..invoice(2)
        },
    );
    tale.offer(2, T2, "ana");
    tale.finds(&[Kind::NotEligible]);
    tale.change(|desk| desk.queues[0].teams.clear());
    tale.open(T3, mail(3));
    tale.offer(3, T3, "ana");
    tale.finds(&[Kind::NotEligible]);
}

#[test]
fn an_offer_is_answered_in_time_and_by_whom_it_was_made_to() {
    let ends: [(&str, u64, End); 6] = [
        ("accepted at its end", 300, |offer| accepted(offer, "ana")),
        ("declined after its end", 301, |offer| declined(offer, "ana")),
        ("expired before its end", 299, expired),
        ("accepted by another", 1, |offer| accepted(offer, "ben")),
        ("declined by another", 1, |offer| declined(offer, "ben")),
        ("another offer revoked", 1, |_| revoked(OfferId(9))),
    ];
    for (what, seconds, end) in ends {
        let mut tale = Tale::begin();
        tale.open(T1, mail(1));
        tale.offer(1, T1, "ana");
        tale.pass(Duration::from_secs(seconds));
        tale.tell(end(OfferId(1)));
        let found = tale.findings.list.iter().map(|finding| finding.kind);
        assert_eq!(found.collect::<Vec<_>>(), [Kind::FalseAnswer], "{what}");
    }
}

#[test]
fn a_ticket_is_offered_to_as_many_at_once_as_its_queue_says_and_accepted_by_one() {
    let mut tale = Tale::begin();
    tale.change(|desk| {
        desk.queues.iter_mut().for_each(|queue| queue.offers_at_once = 2);
        desk.agents[1].languages = desk.agents[0].languages.clone();
    });
    tale.open(T1, mail(1));
    tale.offer(1, T1, "ana");
    tale.offer(2, T1, "ben");
    tale.finds(&[]);
    tale.offer(3, T1, "ana");
    tale.finds(&[Kind::TwoOwners]);
    tale.tell(revoked(OfferId(3)));
    tale.accept(2, T1, "ben");
    tale.finds(&[Kind::TwoOwners]);
}

#[test]
fn a_call_may_come_on_top_of_mails_that_it_interrupts() {
    let mut tale = Tale::begin();
    tale.change(|desk| {
        desk.interruptible_by = [(Channel::Email, [Channel::Chat].into())].into();
        desk.agents[0].capacity = 2;
    });
    for (number, ticket) in [(1, T1), (2, T2)] {
        tale.open(ticket, mail(number));
        tale.give(number.try_into().unwrap(), ticket, "ana");
    }
    tale.open(T3, chat(3));
    tale.give(3, T3, "ana");
    tale.finds(&[]);
}

#[test]
fn nobody_is_offered_anything_outside_the_window() {
    let mut tale = Tale::begin();
    let agent = key("ana");
    tale.tell(E::AvailabilityChanged {
        agent,
        available: false,
    });
    tale.open(T1, mail(1));
    tale.offer(1, T1, "ana");
    tale.finds(&[Kind::NotOnline]);
}

#[test]
fn an_offer_ends_once() {
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    tale.give(1, T1, "ana");
    tale.tell(expired(OfferId(1)));
    tale.finds(&[Kind::FalseAnswer]);
}

fn accepted(offer: OfferId, agent: &str) -> E {
    let agent = key(agent);
    E::OfferAccepted {
        offer,
        ticket: T1,
        agent,
    }
}

fn declined(offer: OfferId, agent: &str) -> E {
    E::OfferDeclined {
        offer,
        ticket: T1,
        agent: key(agent),
        reason: DeclineReason::Busy,
        until: Timestamp::EPOCH,
    }
}

fn expired(offer: OfferId) -> E {
    E::OfferExpired {
        offer,
        ticket: T1,
        agent: key("ana"),
        until: Timestamp::EPOCH,
    }
}

fn revoked(offer: OfferId) -> E {
    E::OfferRevoked {
        offer,
        ticket: T1,
        agent: key("ana"),
        reason: RevokeReason::AgentLeft,
    }
}

#[test]
fn who_declined_may_be_offered_it_again_when_the_pause_is_over() {
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    tale.offer(1, T1, "ana");
    let until = tale.now.plus(Duration::from_mins(1));
    let (ticket, agent, reason) = (T1, key("ana"), DeclineReason::Busy);
    tale.tell(E::OfferDeclined {
        offer: OfferId(1),
        ticket,
        agent,
        reason,
        until,
    });
    tale.pass(Duration::from_mins(1));
    tale.offer(2, T1, "ana");
    tale.finds(&[]);
}

#[test]
fn who_hands_a_ticket_back_is_passed_over_for_it() {
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    tale.give(1, T1, "ana");
    let requirement = tale.requirement(&mail(1));
    let (ticket, reason) = (T1, RequeueReason::Requested);
    tale.tell(E::TicketRequeued {
        ticket,
        requirement: requirement.into(),
        reason,
        place: StepPlace::default(),
    });
    tale.offer(2, T1, "ana");
    tale.finds(&[Kind::NotPassedOver]);
}

#[test]
fn a_new_desk_file_changes_what_waiting_tickets_ask_for() {
    let mut tale = Tale::begin();
    tale.open(
        T1,
        Intake {
            language: None,
            ..mail(1)
        },
    );
    tale.switch(&DESK.replacen(
        "teams: [inside], decline",
        "teams: [inside], skills: {billing: 3}, decline",
        1,
    ));
    tale.offer(1, T1, "ben");
    tale.finds(&[]);
    let stale = Requirement {
        skills: [].into(),
        ..tale.requirement(&mail(1))
    };
    let (ticket, reason) = (T1, RequeueReason::Requested);
    tale.tell(revoked_of(1, T1, "ben"));
    tale.tell(E::TicketRequeued {
        ticket,
        requirement: stale.into(),
        reason,
        place: StepPlace::default(),
    });
    tale.finds(&[Kind::FalseRequirement]);
}

fn revoked_of(offer: u64, ticket: TicketId, agent: &str) -> E {
    E::OfferRevoked {
        offer: OfferId(offer),
        ticket,
        agent: key(agent),
        reason: RevokeReason::TicketMoved,
    }
}

#[test]
fn a_message_for_a_queue_that_is_not_there_goes_to_the_first() {
    let mut tale = Tale::begin();
    let queue: QueueId = key("gone");
    let lost = Intake { queue, ..mail(1) };
    assert_eq!(tale.requirement(&lost).queue, key("general"));
    tale.open(T1, lost);
    tale.finds(&[]);
}

#[test]
fn what_cannot_happen_is_said_to_be_impossible() {
    let impossible: [(&str, Happening); 7] = [
        ("a ticket counts on from the last", |tale| tale.open(T3, mail(3))),
        ("an automatic message opens nothing", |tale| {
            tale.open(
                T2,
                Intake {
                    automatic: true,
                    ..mail(2)
                },
            )
        }),
        ("a waiting ticket is nobody's to hold", |tale| {
            tale.tell(E::TicketHeld { ticket: T1 })
        }),
        ("a ticket is closed after it was done", |tale| {
            tale.tell(E::TicketClosed { ticket: T1 })
        }),
        ("nobody is on the desk who is not", |tale| {
            tale.tell(presence("eve", Presence::Online))
        }),
        ("an offer counts on from the last", |tale| {
            let later = tale.now.plus(Duration::from_mins(5));
            tale.tell(issued(2, T1, ("ana", false), later))
        }),
        ("a cancelled ticket is over", |tale| {
            tale.tell(E::TicketCancelled { ticket: T1 });
            tale.tell(E::MessageAdded {
                ticket: T1,
                message: mail(2).message,
                automatic: false,
                received_at: tale.now,
            })
        }),
    ];
    for (what, happen) in impossible {
        let mut tale = Tale::begin();
        tale.open(T1, mail(1));
        assert_eq!(happen(&mut tale), Step::Impossible, "{what}");
        tale.finds(&[Kind::IllegalStep]);
    }
    assert_eq!(Tale::before_the_first_desk_file().open(T1, mail(1)), Step::Impossible);
}

#[test]
fn somebody_idle_beside_work_is_found_unless_passed_over_for_it() {
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    tale.history.check_idle(&mut tale.findings);
    tale.finds(&[Kind::IdleBesideWork]);
    tale.offer(1, T1, "ana");
    tale.tell(revoked_of(1, T1, "ana"));
    tale.history.check_idle(&mut tale.findings);
    tale.finds(&[]);
}
