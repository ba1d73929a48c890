//! However often a process ends and another one goes on, the rows are the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tandem_domain::routing::{RequeueReason, RoutingEvent};
use tandem_domain::{Channel, Presence, TicketId};
use tandem_measures::{Cell, Grain, Measures};

use crate::support::*;

/// One of the things that can happen, possible where it stands or not: measures must bear any journal.
fn anything() -> impl Strategy<Value = RoutingEvent> {
    let agent = || prop::sample::select(vec!["ana", "ben", "cem"]);
    let queue = || prop::sample::select(vec!["sales", "billing"]);
    let channel = prop::sample::select(vec![Channel::Email, Channel::Chat]);
    let reason = prop::sample::select(vec![RequeueReason::Requested, RequeueReason::Reopened]);
    let ticket = 1..8_u64;
    prop_oneof![
        3 => (ticket.clone(), queue(), channel).prop_map(|(ticket, queue, channel)| {
            opened(ticket, requirement(queue, channel, Some("en")), START)
        }),
        3 => (ticket.clone(), agent()).prop_map(|(ticket, agent)| offered(ticket, agent)),
        3 => (ticket.clone(), agent()).prop_map(|(ticket, agent)| accepted(ticket, agent)),
        1 => (ticket.clone(), agent()).prop_map(|(ticket, agent)| declined(ticket, agent)),
        1 => (ticket.clone(), agent()).prop_map(|(ticket, agent)| expired(ticket, agent)),
        1 => (ticket.clone(), agent()).prop_map(|(ticket, agent)| revoked(ticket, agent)),
        1 => (ticket.clone(), queue(), reason).prop_map(|(ticket, queue, reason)| {
            requeued(ticket, requirement(queue, Channel::Email, None), reason)
        }),
        1 => ticket.clone().prop_map(held),
        1 => ticket.clone().prop_map(resumed),
        2 => ticket.clone().prop_map(wrapping_up),
        2 => ticket.clone().prop_map(done),
        1 => ticket.clone().prop_map(interrupted),
        1 => ticket.clone().prop_map(cancelled),
        1 => ticket.clone().prop_map(closed),
        1 => ticket.clone().prop_map(abandoned),
        2 => (ticket.clone(), 1..20_u128).prop_map(|(ticket, number)| answered(ticket, number, Some("ana"), true)),
        1 => (ticket, 1..20_u128).prop_map(|(ticket, number)| failed(ticket, number)),
        1 => agent().prop_map(|agent| presence(agent, Presence::Online)),
        1 => prop::sample::select(vec!["UTC", "Asia/Kolkata"]).prop_map(|zone| {
            let mut desk = desk();
            desk.timezone = zone.to_owned();
            RoutingEvent::DeskActivated(Box::new(desk))
        }),
    ]
}

/// A history, in which each ticket is opened at most once.
fn histories(longest_pause: u64) -> impl Strategy<Value = Vec<(u64, RoutingEvent)>> {
    prop::collection::vec((0..longest_pause, anything()), 1..120).prop_map(|mut history| {
        let mut next = 0;
        for (_, event) in &mut history {
            if let RoutingEvent::TicketOpened { ticket, .. } = event {
                next += 1;
                *ticket = TicketId(next);
            }
        }
        history
    })
}

/// Takes events, and stores or restarts where `breaks` says.
fn run(history: &[(u64, RoutingEvent)], breaks: impl Fn(usize) -> (bool, bool)) -> Stored {
    let (mut measures, mut stored) = (Measures::default(), Stored::default());
    let mut now = START;
    for (index, (pause, event)) in history.iter().enumerate() {
        now = now.plus(seconds(*pause));
        observe(&mut measures, index as u64 + 1, now, event.clone());
        let (commits, restarts) = breaks(index);
        if commits || restarts {
            store(&mut stored, &mut measures);
        }
        if restarts {
            measures = reload(&stored);
        }
    }
    store(&mut stored, &mut measures);
    stored
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_split_of_the_events_over_commits_and_restarts_gives_the_same_rows(
        history in histories(4_000),
        breaks in prop::collection::vec((any::<bool>(), any::<bool>()), 120),
    ) {
        let mut begun = vec![(0, RoutingEvent::DeskActivated(Box::new(desk())))];
        begun.extend(history);
        let at_once = run(&begun, |_| (false, false));
        prop_assert_eq!(&run(&begun, |index| breaks[index % breaks.len()]), &at_once);
        prop_assert_eq!(&run(&begun, |_| (true, true)), &at_once);
    }

    #[test]
    fn an_hour_is_the_sum_of_its_minutes(history in histories(400)) {
        let mut story = Story::on(desk());
        for (pause, event) in history {
            story.after(pause).happens(event);
        }
        let zones = story.measures.zones().clone();
        let mut hours = BTreeMap::<_, Cell>::new();
        for (start, place, cell) in story.cells(Grain::Minute) {
            hours.entry((zones.start(Grain::Hour, start), place)).or_default().merge(&cell);
        }
        let stored = story.cells(Grain::Hour).into_iter().map(|(start, place, cell)| ((start, place), cell));
        let text = |cell| serde_json::to_string(&cell).unwrap();
        let stored: BTreeMap<_, _> = stored.map(|(at, cell)| (at, text(cell))).collect();
        let summed: BTreeMap<_, _> = hours.into_iter().map(|(at, cell)| (at, text(cell))).collect();
        prop_assert_eq!(summed, stored);
    }
}
