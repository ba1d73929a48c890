//! Who may be offered a ticket.

use super::*;
use crate::audit::tests::story::invoice;

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
