use std::time::Duration;

use proptest::prelude::*;

use super::*;
use Channel::{Chat, Email, Phone, Social};

fn demand(channel: Channel, units: u32) -> Demand {
    Demand { channel, units }
}

fn policy(hold_units: u32, hold_percent: Option<u8>) -> ChannelPolicy {
    ChannelPolicy {
        units: 1,
        hold_units,
        offer_ttl: Duration::ZERO,
        wrap_up: Duration::ZERO,
        hold_percent,
        auto_accept: false,
    }
}

fn limits(capacity: u32, channel_max: Option<&BTreeMap<Channel, u32>>) -> Limits {
    Limits::of(&AgentProfile {
        capacity,
        channel_max: channel_max.cloned().unwrap_or_default(),
        ..AgentProfile::new("ana".parse().unwrap())
    })
}

fn at_hand(works: &[(Channel, u32)]) -> Load {
    works
        .iter()
        .map(|(channel, units)| demand(*channel, *units).at_hand())
        .collect()
}

fn calls_interrupt_mails() -> Interruptions {
    Interruptions::of(&[(Email, [Phone].into())].into())
}

#[test]
fn a_part_of_a_unit_counts_as_one_where_it_is_shown_and_as_a_part_where_it_is_reckoned() {
    let parked = demand(Chat, 1).parked(&policy(0, Some(25)));
    let load: Load = [parked; 3].into_iter().collect();
    assert_eq!((load.used(), load.is_parked()), (1, true));
    let none = Interruptions::default();
    assert_eq!(limits(2, None).free(&load, Email, &none), 1);
    assert!(limits(2, None).admit(&load, demand(Email, 1), &none));
    assert!(!limits(1, None).admit(&load, demand(Email, 1), &none));
}

#[test]
fn what_is_parked_never_takes_more_than_at_hand() {
    let cheap = demand(Chat, 1);
    let load: Load = [cheap.parked(&policy(5, None))].into_iter().collect();
    assert_eq!(load.used(), 1);
}

#[test]
fn what_gives_way_to_an_offer_does_not_count_against_it() {
    let (load, calls) = (at_hand(&[(Email, 3)]), calls_interrupt_mails());
    assert!(limits(4, None).admit(&load, demand(Phone, 4), &calls));
    assert!(!limits(4, None).admit(&load, demand(Chat, 2), &calls));
    let both = at_hand(&[(Email, 3), (Phone, 4)]);
    assert!(limits(4, None).exceeded_by(&both));
    for channel in [Email, Chat, Phone, Social] {
        assert!(!limits(4, None).admit(&both, demand(channel, 1), &calls));
    }
}

#[test]
fn a_call_and_the_mails_that_it_interrupts_may_both_stand() {
    let (both, calls) = (at_hand(&[(Email, 3), (Phone, 4)]), calls_interrupt_mails());
    assert!(limits(4, None).keep(&both, Phone, &calls));
    assert!(limits(4, None).keep(&both, Email, &calls));
    assert!(!limits(3, None).keep(&both, Phone, &calls));
    assert!(!limits(4, Some(&[(Email, 0)].into())).keep(&both, Phone, &calls));
}

#[test]
fn no_channel_interrupts_itself() {
    let endless = Interruptions::of(&[(Email, [Email].into())].into());
    assert!(!limits(1, None).admit(&at_hand(&[(Email, 1)]), demand(Email, 1), &endless));
}

fn a_channel() -> impl Strategy<Value = Channel> {
    prop::sample::select(Channel::ALL.to_vec())
}

proptest! {
    /// Whatever is offered by this rule alone, no channel takes more than the capacity, nor do several of which none
    /// interrupts another.
    #[test]
    fn what_does_not_interrupt_each_other_fits_together(
        asked in prop::collection::vec((a_channel(), 1..5_u32), 0..40),
        given_way in prop::collection::vec((a_channel(), a_channel()), 0..4),
        capacity in 0..12_u32,
    ) {
        let mut table: BTreeMap<Channel, BTreeSet<Channel>> = BTreeMap::new();
        for (work, offer) in given_way {
            table.entry(work).or_default().insert(offer);
        }
        let interruptions = Interruptions::of(&table);
        let mut admitted: Vec<(Channel, u32)> = Vec::new();
        for (channel, units) in asked {
            if limits(capacity, None).admit(&at_hand(&admitted), demand(channel, units), &interruptions) {
                admitted.push((channel, units));
            }
        }
        let may_interrupt = |work: Channel, offer| work != offer && table.get(&work).is_some_and(|by| by.contains(&offer));
        for group in 1_u32..16 {
            let group: Vec<_> = Channel::ALL.into_iter().filter(|channel| group & (1 << *channel as u32) != 0).collect();
            let rivals = group.iter().all(|one| group.iter().all(|other| !may_interrupt(*one, *other)));
            let taken: u32 = admitted.iter().filter(|(channel, _)| group.contains(channel)).map(|(_, units)| units).sum();
            prop_assert!(!rivals || taken <= capacity, "{admitted:?}");
        }
        let everything: u32 = admitted.iter().map(|(_, units)| units).sum();
        prop_assert!(!table.is_empty() || everything <= capacity);
    }

    #[test]
    fn parts_of_units_add_up(percents in prop::collection::vec(0..=100_u8, 0..50), units in 0..5_u32) {
        let load: Load = percents.iter().map(|percent| demand(Email, units).parked(&policy(0, Some(*percent)))).collect();
        let hundredths: u32 = percents.iter().map(|percent| units * u32::from(*percent)).sum();
        prop_assert_eq!((load.taken(), load.used()), (hundredths, hundredths.div_ceil(100)));
    }
}
