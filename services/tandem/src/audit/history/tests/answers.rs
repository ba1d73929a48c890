//! Answers, what became of them, and how urgent tickets are.

use tandem_domain::Priority;
use tandem_domain::routing::{RequeueReason, UndeliveredReason};

use super::*;

const ANSWER: u128 = 700;

fn answer(author: Option<&str>, visible: bool) -> E {
    E::AnswerAdded {
        ticket: T1,
        message: mail(ANSWER).message,
        author: author.map(key),
        visible,
    }
}

fn delivered() -> E {
    let message = mail(ANSWER).message;
    E::AnswerDelivered { ticket: T1, message }
}

fn failed() -> E {
    E::AnswerFailed {
        ticket: T1,
        message: mail(ANSWER).message,
        reason: UndeliveredReason::Bounced,
    }
}

/// Ana has it.
fn owned() -> Tale {
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    tale.give(1, T1, "ana");
    tale
}

#[test]
fn the_owner_answers_also_after_the_ticket_is_done_and_supervisors_always() {
    let mut tale = owned();
    tale.tell(E::TicketDone { ticket: T1 });
    tale.tell(answer(Some("ana"), true));
    tale.tell(delivered());
    tale.tell(failed());
    tale.finds(&[]);
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    tale.tell(answer(None, true));
    tale.finds(&[]);
}

#[test]
fn an_agent_notes_on_every_ticket_and_answers_only_the_own() {
    let mut tale = owned();
    tale.tell(answer(Some("ben"), false));
    tale.finds(&[]);
    let mut tale = owned();
    tale.tell(answer(Some("ben"), true));
    tale.finds(&[Kind::ForeignAnswer]);
}

#[test]
fn who_has_lost_the_ticket_answers_it_no_more() {
    let mut tale = owned();
    let requirement = tale.requirement(&mail(1));
    let (ticket, reason) = (T1, RequeueReason::Requested);
    tale.tell(E::TicketRequeued {
        ticket,
        requirement: requirement.into(),
        reason,
        place: StepPlace::default(),
    });
    tale.tell(answer(Some("ana"), true));
    tale.finds(&[Kind::ForeignAnswer]);
}

#[test]
fn an_answer_is_on_one_ticket_and_is_no_message_of_a_customers() {
    let mut tale = owned();
    tale.open(T2, mail(2));
    tale.tell(answer(None, true));
    tale.tell(E::AnswerAdded {
        ticket: T2,
        message: mail(ANSWER).message,
        author: None,
        visible: true,
    });
    tale.finds(&[Kind::MessageTwice]);
    tale.tell(E::AnswerAdded {
        ticket: T1,
        message: mail(2).message,
        author: None,
        visible: true,
    });
    tale.finds(&[Kind::MessageTwice]);
}

#[test]
fn only_what_was_given_is_delivered_and_what_failed_stays_failed() {
    type Events = &'static [fn() -> E];
    let impossible: [(&str, Events); 5] = [
        ("nothing was given", &[delivered]),
        ("a note reaches no customer", &[|| answer(None, false), failed]),
        ("it is delivered once", &[|| answer(None, true), delivered, delivered]),
        (
            "what failed is not delivered",
            &[|| answer(None, true), failed, delivered],
        ),
        ("it is given once", &[|| answer(None, true), || answer(None, true)]),
    ];
    for (what, events) in impossible {
        let mut tale = owned();
        let (last, first) = events.split_last().expect("some");
        for event in first {
            assert_eq!(tale.tell(event()), Step::Possible, "{what}");
        }
        assert_eq!(tale.tell(last()), Step::Impossible, "{what}");
        tale.finds(&[Kind::IllegalStep]);
    }
}

#[test]
fn a_priority_changes_while_there_is_something_to_do() {
    let to = |priority| E::PriorityChanged { ticket: T1, priority };
    let mut tale = owned();
    assert_eq!(tale.tell(to(Priority::High)), Step::Possible);
    assert_eq!(tale.tell(to(Priority::High)), Step::Impossible, "it is no change");
    tale.finds(&[Kind::IllegalStep]);
    tale.tell(E::TicketDone { ticket: T1 });
    assert_eq!(tale.tell(to(Priority::Low)), Step::Impossible);
    tale.finds(&[Kind::IllegalStep]);
}

#[test]
fn only_what_waits_is_abandoned_and_its_conversation_may_begin_anew() {
    let mut tale = owned();
    assert_eq!(tale.tell(E::TicketAbandoned { ticket: T1 }), Step::Impossible);
    tale.finds(&[Kind::IllegalStep]);
    let mut tale = Tale::begin();
    tale.open(T1, mail(1));
    assert_eq!(tale.tell(E::TicketAbandoned { ticket: T1 }), Step::Possible);
    let conversation = mail(1).conversation;
    tale.open(
        T2,
        Intake {
            conversation,
            ..mail(2)
        },
    );
    tale.finds(&[]);
}
