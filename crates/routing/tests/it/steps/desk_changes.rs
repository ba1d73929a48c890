//! Another version of the desk comes into force while tickets are in its queues' steps.

use tandem_domain::desk::{Preference, RoutingStep};
use tandem_domain::routing::StepEnd;
use tandem_domain::{CompiledDesk, Presence, RoutingState, TicketId};

use super::{StepBuilder, entered, last, place, step, stepped};
use crate::support::{AgentBuilder, agent, key, mail, seconds};
use crate::world::World;

fn desk<const N: usize>(steps: [RoutingStep; N]) -> CompiledDesk {
    stepped([agent("vera").skill("vip", 3), agent("ann")], steps)
}

fn experts() -> RoutingStep {
    step("experts").requires("vip")
}

/// Ann is there, and the ticket waits for an expert until a minute is over.
fn waiting() -> (World, TicketId) {
    let mut world = World::new(desk([experts(), last("anyone")]));
    world.set_presence("ann", Presence::Online);
    let ticket = world.open(mail(1));
    world.pass(seconds(20));
    (world, ticket)
}

#[test]
fn a_ticket_stays_in_the_step_of_the_same_key_until_the_same_time() {
    let (mut world, ticket) = waiting();
    let until = place(&world, ticket).until;
    world
        .activate(desk([step("new").requires("vip >= 2"), experts(), last("anyone")]))
        .unwrap();
    assert_eq!((place(&world, ticket).step, place(&world, ticket).until), (1, until));
    world.pass(seconds(40));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
    assert_eq!(entered(&world, ticket), [(0, None), (2, Some(StepEnd::Elapsed))]);
}

#[test]
fn a_ticket_whose_step_is_gone_begins_anew() {
    let (mut world, ticket) = waiting();
    world
        .activate(desk([step("other").requires("vip >= 2"), last("anyone")]))
        .unwrap();
    assert_eq!(entered(&world, ticket), [(0, None), (0, Some(StepEnd::DeskChanged))]);
    assert_eq!(place(&world, ticket).until, Some(world.now.plus(seconds(60))));
    world.pass(seconds(60));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
}

#[test]
fn a_queue_that_has_no_steps_any_more_holds_nothing_back() {
    let (mut world, ticket) = waiting();
    world.activate(desk([])).unwrap();
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
    assert_eq!(entered(&world, ticket), [(0, None)]);
    world.pass(seconds(100));
    assert_eq!(place(&world, ticket).until, None);
}

#[test]
fn a_queue_that_gets_steps_begins_with_the_first() {
    let mut world = World::new(desk([]));
    world.set_presence("ann", Presence::Online);
    let [offered, _, waiting] = [1, 2, 3].map(|number| world.open(mail(number)));
    assert_eq!(world.state(waiting), RoutingState::Queued, "she has two units");
    world
        .activate(desk([step("first"), experts(), last("anyone")]))
        .unwrap();
    let anew = [(0, None), (0, Some(StepEnd::DeskChanged))];
    assert_eq!(entered(&world, waiting), anew);
    assert_eq!(
        world.offered_to(offered).as_deref(),
        Some("ann"),
        "what fits still is kept"
    );
    world.refuse(offered);
    assert_eq!(entered(&world, offered), anew);
}

#[test]
fn a_last_step_that_is_not_the_last_any_more_begins_anew_with_an_end() {
    let mut world = World::new(desk([last("anyone")]));
    let ticket = world.open(mail(1));
    world.activate(desk([step("anyone"), last("else")])).unwrap();
    assert_eq!(entered(&world, ticket), [(0, None), (0, Some(StepEnd::DeskChanged))]);
    assert_eq!(place(&world, ticket).until, Some(world.now.plus(seconds(60))));
}

#[test]
fn a_step_that_has_become_the_last_does_not_end() {
    let (mut world, ticket) = waiting();
    world
        .activate(desk([step("other").requires("vip"), experts()]))
        .unwrap();
    assert_eq!((place(&world, ticket).step, place(&world, ticket).until), (1, None));
    world.pass(seconds(600));
    assert_eq!(world.state(ticket), RoutingState::Queued);
}

#[test]
fn a_ticket_is_not_kept_for_somebody_who_is_not_on_the_desk_any_more() {
    let kept = || {
        let agents = vec![key("bob"), key("cid")];
        [step("kept").prefers(Preference::Agents(agents)), last("anyone")]
    };
    let busy = |id: &str| agent(id).capacity(0);
    let mut world = World::staffed(stepped([agent("ann"), busy("bob"), busy("cid")], kept()));
    let ticket = world.open(mail(1));
    world.activate(stepped([agent("ann"), busy("cid")], kept())).unwrap();
    assert_eq!(world.ticket(ticket).requirement.only, [key("cid")]);
    world.activate(stepped([agent("ann")], kept())).unwrap();
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
}
