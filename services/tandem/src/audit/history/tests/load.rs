//! How much agents may have at once.

use tandem_domain::Channel;

use super::*;

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

fn chat(number: u128) -> Intake {
    Intake {
        channel: Channel::Chat,
        ..mail(number)
    }
}
