//! Tickets that are merged and split: where their messages are, and whose they are.

use tandem_domain::ConversationId;
use tandem_domain::routing::HelpEnd;
use uuid::Uuid;

use super::*;

/// What comes before an event, and the event.
type Before = fn(&mut Tale);
type Happens = fn(&Tale) -> E;

/// T1 has the messages 1 and 2, T2 has 3.
fn two_tickets() -> Tale {
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    tale.tell(added(T1, 2, tale.now));
    tale.open(T2, mail(3));
    tale
}

fn added(ticket: TicketId, number: u128, received_at: Timestamp) -> E {
    E::MessageAdded {
        ticket,
        message: mail(number).message,
        automatic: false,
        received_at,
    }
}

fn split(tale: &Tale, from: TicketId, messages: &[u128]) -> E {
    let intake = Intake {
        conversation: ConversationId(Uuid::from_u128(70)),
        ..mail(messages.first().copied().unwrap_or(99))
    };
    E::TicketSplit {
        ticket: T3,
        from,
        requirement: tale.requirement(&intake).into(),
        intake: Box::new(intake),
        messages: messages.iter().map(|number| mail(*number).message).collect(),
        place: StepPlace::default(),
        still_waiting_since: None,
    }
}

fn merged(ticket: TicketId, into: TicketId, messages: &[u128]) -> E {
    let messages = messages.iter().map(|number| mail(*number).message).collect();
    E::TicketMerged { ticket, into, messages }
}

#[test]
fn messages_are_where_the_last_move_put_them() {
    let mut tale = two_tickets();
    tale.tell(split(&tale, T1, &[2]));
    tale.tell(merged(T3, T2, &[2]));
    tale.finds(&[]);
    let on: Vec<_> = tale.history.messages.values().copied().collect();
    assert_eq!(on, [T1, T2, T2]);
}

#[test]
fn a_message_is_on_one_ticket_however_it_was_moved() {
    let cases: [fn(&mut Tale) -> E; 4] = [
        |tale| split(tale, T1, &[2, 3]),
        |tale| {
            tale.tell(split(tale, T1, &[2]));
            added(T1, 2, tale.now)
        },
        |_| merged(T2, T1, &[3, 1]),
        |tale| {
            tale.tell(merged(T2, T1, &[3]));
            let again = mail(3);
            let requirement = tale.requirement(&again).into();
            E::TicketOpened {
                ticket: T3,
                intake: Box::new(again),
                requirement,
                place: StepPlace::default(),
            }
        },
    ];
    for (number, case) in cases.into_iter().enumerate() {
        let mut tale = two_tickets();
        let event = case(&mut tale);
        tale.tell(event);
        let found: Vec<_> = tale.findings.list.iter().map(|finding| finding.kind).collect();
        assert_eq!(found.first(), Some(&Kind::MessageTwice), "{number}: {found:?}");
    }
}

#[test]
fn what_cannot_be_merged_or_split_is_said_to_be_impossible() {
    let serve: Before = |tale| {
        tale.give(1, T1, "ana");
        tale.tell(E::WrapUpStarted {
            ticket: T1,
            until: tale.now,
        });
    };
    let merge: Before = |tale| {
        tale.tell(merged(T1, T2, &[1, 2]));
    };
    let nothing: Before = |_| ();
    let cases: [(&str, Before, Happens); 9] = [
        ("a split leaves a message", nothing, |tale| split(tale, T1, &[1, 2])),
        ("a split takes a message", nothing, |tale| split(tale, T1, &[])),
        ("what is served is not split", serve, |tale| split(tale, T1, &[2])),
        ("what was merged is not split", merge, |tale| split(tale, T1, &[])),
        ("nothing goes into itself", nothing, |_| merged(T1, T1, &[1, 2])),
        ("nothing goes into what is served", serve, |_| merged(T2, T1, &[3])),
        ("nothing is merged in circles", merge, |_| merged(T2, T1, &[])),
        ("what was merged is nobody's", merge, |_| E::TicketHeld { ticket: T1 }),
        (
            "what is offered is not merged",
            |tale| tale.offer(1, T2, "ana"),
            |_| merged(T2, T1, &[3]),
        ),
    ];
    for (what, before, event) in cases {
        let mut tale = two_tickets();
        before(&mut tale);
        tale.finds(&[]);
        let event = event(&tale);
        assert_eq!(tale.tell(event), Step::Impossible, "{what}");
    }
}

#[test]
fn whoever_helps_goes_before_the_ticket_is_merged() {
    let helped = || {
        let mut tale = two_tickets();
        tale.give(1, T1, "ana");
        let (offer, agent) = (OfferId(2), key("ben"));
        tale.tell(E::HelpOffered {
            offer,
            ticket: T1,
            agent: key("ben"),
            expires_at: tale.now.plus(Duration::from_mins(5)),
            asked_by: None,
        });
        tale.tell(E::HelpAccepted {
            offer,
            ticket: T1,
            agent,
        });
        tale.finds(&[]);
        tale
    };
    let mut tale = helped();
    tale.tell(merged(T1, T2, &[1, 2]));
    tale.finds(&[Kind::TwoOwners]);
    let mut tale = helped();
    tale.tell(E::HelperLeft {
        ticket: T1,
        agent: key("ben"),
        why: HelpEnd::TicketMoved,
    });
    tale.tell(merged(T1, T2, &[1, 2]));
    tale.finds(&[]);
}
