//! Random histories of desks that use every policy at once: steps, several offers, windows, weights, shares, bounds, hours,
//! interruptions, absences; under every command. `World` checks the laws and invariants after each step; here, that every
//! question gets an answer at any time, and that the history replays.

mod deeds;
mod desks;

use std::time::Duration;

use proptest::prelude::*;
use tandem_domain::routing::TicketView;

use crate::replay::replays;
use crate::world::World;
use deeds::{Deed, any_deed};

/// Asks everything that can be asked.
fn ask_everything(world: &World) {
    for TicketView { id, conversation, .. } in world.tickets() {
        world.explain(id);
        world.standing(conversation.0.as_u128());
    }
    for agent in desks::AGENTS {
        world.work_list(agent);
    }
}

fn live_through(first: usize, deeds: Vec<Deed>) {
    let mut world = World::staffed(desks::version(first));
    for (number, deed) in (100..).zip(deeds) {
        // Each at its own time: a history tells only so where one command ends and the next begins.
        world.pass(Duration::from_millis(1));
        deeds::act(&mut world, number, deed);
        ask_everything(&world);
    }
    replays(&world.history);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]
    #[test]
    fn every_law_holds_where_every_policy_meets(
        first in 0..desks::VERSIONS,
        deeds in prop::collection::vec(any_deed(), 1..70),
    ) {
        live_through(first, deeds);
    }
}
