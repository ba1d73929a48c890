//! What tickets ask for under the desk file that is in force.

use tandem_domain::QueueId;
use tandem_domain::routing::RequeueReason;

use super::*;

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

#[test]
fn a_message_for_a_queue_that_is_not_there_goes_to_the_first() {
    let mut tale = Tale::begin();
    let queue: QueueId = key("gone");
    let lost = Intake { queue, ..mail(1) };
    assert_eq!(tale.requirement(&lost).queue, key("general"));
    tale.open(T1, lost);
    tale.finds(&[]);
}
