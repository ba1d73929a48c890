//! Who is passed over for a ticket, and for how long.

use tandem_domain::routing::{DeclineReason, RequeueReason};

use super::*;

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
