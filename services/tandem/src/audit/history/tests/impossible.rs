//! What cannot happen where it stands.

use super::*;

type Happening = fn(&mut Tale) -> Step;

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
