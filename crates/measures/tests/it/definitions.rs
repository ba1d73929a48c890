//! What each measure means.

use tandem_domain::Channel;
use tandem_domain::routing::RequeueReason;

use crate::support::*;

#[test]
fn a_ticket_is_received_once_when_it_is_opened() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Email)
        .after(5)
        .comes(2, "billing", Channel::Chat);
    assert_eq!(story.total().counts.received, 2);
    assert_eq!(story.in_queue("billing").counts.received, 1);
}

#[test]
fn offers_are_counted_by_how_they_ended() {
    let mut story = Story::on(desk());
    story.comes(1, "sales", Channel::Email);
    for event in [
        offered(1, "ana"),
        declined(1, "ana"),
        offered(1, "ben"),
        expired(1, "ben"),
        offered(1, "cem"),
        revoked(1, "cem"),
        offered(1, "ana"),
        accepted(1, "ana"),
    ] {
        story.after(1).happens(event);
    }
    let counts = story.total().counts;
    let offers = (counts.offered, counts.accepted, counts.declined, counts.missed);
    assert_eq!(offers, (4, 1, 1, 1), "an offer that was taken back is none of these");
}

#[test]
fn the_time_to_accept_runs_from_the_message_to_the_first_acceptance_only() {
    let mut story = Story::on(desk());
    let received = story.now();
    story
        .after(2)
        .happens(opened(1, requirement("sales", Channel::Email, None), received));
    story
        .after(3)
        .happens(offered(1, "ana"))
        .after(4)
        .happens(accepted(1, "ana"));
    story.after(60).happens(requeued(
        1,
        requirement("sales", Channel::Email, None),
        RequeueReason::Requested,
    ));
    story.after(60).happens(offered(1, "ben")).happens(accepted(1, "ben"));
    let total = story.total();
    assert_eq!(total.counts.accepted, 2);
    assert_eq!(
        (total.time_to_accept.count(), total.time_to_accept.total()),
        (1, seconds(9))
    );
}

#[test]
fn the_first_response_is_the_first_public_answer() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Email)
        .after(10)
        .happens(answered(1, 50, Some("ana"), false));
    assert_eq!(story.total().first_response.count(), 0, "a note is no answer");
    story.after(10).happens(answered(1, 51, Some("ana"), true));
    story.after(10).happens(answered(1, 52, Some("ana"), true));
    let total = story.total();
    assert_eq!(
        (total.first_response.count(), total.first_response.total()),
        (1, seconds(20))
    );
}

#[test]
fn when_no_answer_arrived_the_next_one_is_a_first_response_again() {
    let mut story = Story::on(desk());
    story.comes(1, "sales", Channel::Email);
    story
        .after(10)
        .happens(answered(1, 51, Some("ana"), true))
        .after(10)
        .happens(failed(1, 51));
    story.after(10).happens(answered(1, 52, Some("ana"), true));
    let total = story.total();
    assert_eq!(total.counts.undelivered, 1);
    assert_eq!(
        (total.first_response.count(), total.first_response.max()),
        (2, Some(seconds(30)))
    );
}

#[test]
fn an_answer_that_failed_beside_one_that_stands_changes_nothing_but_the_count() {
    let mut story = Story::on(desk());
    story.comes(1, "sales", Channel::Email);
    story
        .after(10)
        .happens(answered(1, 51, Some("ana"), true))
        .happens(answered(1, 52, Some("ana"), true));
    story
        .after(10)
        .happens(failed(1, 51))
        .happens(answered(1, 53, Some("ana"), true));
    let total = story.total();
    assert_eq!((total.counts.undelivered, total.first_response.count()), (1, 1));
}

#[test]
fn handling_is_the_time_in_hand_with_wrap_up_and_without_holds() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Email)
        .after(100)
        .happens(offered(1, "ana"))
        .after(5)
        .happens(accepted(1, "ana"));
    story.after(10).happens(held(1)).after(1_000).happens(resumed(1));
    story.after(20).happens(wrapping_up(1)).after(40).happens(done(1));
    let handling = story.total().handling;
    assert_eq!((handling.count(), handling.total()), (1, seconds(70)));
}

#[test]
fn handling_adds_up_over_all_who_had_the_ticket_and_is_counted_when_it_is_done() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Email)
        .happens(offered(1, "ana"))
        .happens(accepted(1, "ana"));
    story.after(10).happens(requeued(
        1,
        requirement("billing", Channel::Email, None),
        RequeueReason::Transferred,
    ));
    story.after(100).happens(offered(1, "ben")).happens(accepted(1, "ben"));
    assert_eq!(story.total().handling.count(), 0);
    story.after(30).happens(done(1));
    assert_eq!(story.in_queue("billing").handling.total(), seconds(40));
}

#[test]
fn a_ticket_that_nobody_had_in_hand_was_not_handled() {
    let mut story = Story::on(desk());
    story.comes(1, "sales", Channel::Email).after(10).happens(done(1));
    let total = story.total();
    assert_eq!((total.counts.resolved, total.handling.count()), (1, 0));
}

#[test]
fn each_resolution_counts_and_each_reopening_does() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Email)
        .happens(offered(1, "ana"))
        .happens(accepted(1, "ana"));
    story.after(10).happens(wrapping_up(1)).after(5).happens(interrupted(1));
    story.after(10).happens(wrapping_up(1)).after(5).happens(done(1));
    story.after(10).happens(requeued(
        1,
        requirement("sales", Channel::Email, None),
        RequeueReason::Reopened,
    ));
    story
        .after(10)
        .happens(offered(1, "ana"))
        .happens(accepted(1, "ana"))
        .after(7)
        .happens(done(1))
        .happens(closed(1));
    let total = story.total();
    assert_eq!((total.counts.resolved, total.counts.reopened), (3, 2));
    assert_eq!(
        (total.handling.count(), total.handling.total()),
        (2, seconds(37)),
        "what was counted counts once"
    );
}

#[test]
fn the_service_level_is_met_by_an_acceptance_in_time_and_missed_by_a_later_one() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Chat)
        .comes(2, "sales", Channel::Chat)
        .comes(3, "sales", Channel::Email);
    story.after(30).happens(offered(1, "ana")).happens(accepted(1, "ana"));
    story.after(1).happens(offered(2, "ana")).happens(accepted(2, "ana"));
    story.happens(offered(3, "ana")).happens(accepted(3, "ana"));
    let counts = story.total().counts;
    assert_eq!(
        (counts.level_met, counts.level_due),
        (1, 2),
        "mail has no service level on this desk"
    );
}

#[test]
fn who_leaves_early_is_no_fault_of_the_desk_and_who_leaves_late_is() {
    let mut story = Story::on(desk());
    story.comes(1, "sales", Channel::Chat).comes(2, "sales", Channel::Chat);
    story.after(30).happens(abandoned(1)).after(1).happens(abandoned(2));
    let counts = story.total().counts;
    assert_eq!((counts.abandoned, counts.level_met, counts.level_due), (2, 0, 1));
}

#[test]
fn a_ticket_counts_towards_the_service_level_once() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Chat)
        .happens(offered(1, "ana"))
        .happens(accepted(1, "ana"));
    story.after(5).happens(requeued(
        1,
        requirement("sales", Channel::Chat, None),
        RequeueReason::Requested,
    ));
    story.after(100).happens(abandoned(1));
    let counts = story.total().counts;
    assert_eq!((counts.level_met, counts.level_due, counts.abandoned), (1, 1, 1));
}

#[test]
fn waiting_are_tickets_that_nobody_has_accepted() {
    let mut story = Story::on(desk());
    let waiting = |story: &Story| {
        let total = story.total().counts;
        total.began_waiting - total.ceased_waiting
    };
    for ticket in 1..=5 {
        story.comes(ticket, "sales", Channel::Email);
    }
    story.happens(offered(1, "ana"));
    assert_eq!(waiting(&story), 5, "an offer is no acceptance");
    story
        .happens(accepted(1, "ana"))
        .happens(cancelled(2))
        .happens(abandoned(3))
        .happens(done(4));
    assert_eq!(waiting(&story), 1);
    story.happens(requeued(
        1,
        requirement("billing", Channel::Email, Some("en")),
        RequeueReason::Transferred,
    ));
    story.happens(requeued(
        5,
        requirement("billing", Channel::Email, Some("en")),
        RequeueReason::Transferred,
    ));
    assert_eq!(waiting(&story), 2);
    let billing = story.in_queue("billing").counts;
    assert_eq!(billing.began_waiting, 2, "who waits is moved with the ticket");
}

#[test]
fn an_event_about_a_ticket_that_is_over_or_unknown_counts_for_nothing() {
    let mut story = Story::on(desk());
    story.comes(1, "sales", Channel::Chat).happens(cancelled(1));
    let before = story.total().counts;
    story
        .happens(accepted(1, "ana"))
        .happens(failed(1, 9))
        .happens(done(99));
    assert_eq!(story.total().counts, before);
}
