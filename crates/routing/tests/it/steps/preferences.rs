//! Steps that are kept for somebody: the last agent, a tandem, a mentor, named agents. Nobody who is away is waited for.

use tandem_domain::desk::{AgentProfile, Preference, Tandem};
use tandem_domain::routing::{Command, Intake, SkipReason, StepEnd};
use tandem_domain::{CompiledDesk, CustomerId, Presence, RoutingState, TicketId};
use uuid::Uuid;

use super::{StepBuilder, entered, last, place, skipped, step, stepped};
use crate::support::{AgentBuilder, IntakeBuilder, agent, key, mail, seconds};
use crate::world::World;

fn preferring(preference: Preference, agents: impl IntoIterator<Item = AgentProfile>) -> CompiledDesk {
    stepped(agents, [step("preferred").prefers(preference), last("anyone")])
}

fn two() -> [AgentProfile; 2] {
    [agent("ann"), agent("bob")]
}

trait OfSomebody {
    fn of(self, customer: u128) -> Intake;
}

impl OfSomebody for Intake {
    fn of(mut self, customer: u128) -> Intake {
        self.customer = Some(CustomerId(Uuid::from_u128(customer)));
        self
    }
}

/// A ticket that was accepted by an agent and is resolved.
fn served_by(world: &mut World, agent: &str, intake: Intake) -> TicketId {
    let ticket = world.open(intake);
    world.transfer_to_agent(ticket, agent).unwrap();
    world.take(ticket);
    world.resolve(ticket);
    ticket
}

#[test]
fn whoever_served_a_ticket_last_gets_it_again() {
    let mut world = World::staffed(preferring(Preference::LastAgent, two()));
    let ticket = served_by(&mut world, "bob", mail(1));
    world.intake(mail(2).in_conversation(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("bob"));
    assert_eq!(world.ticket(ticket).requirement.only, [key("bob")]);
}

#[test]
fn a_busy_last_agent_is_waited_for_while_the_step_lasts() {
    let mut world = World::staffed(preferring(
        Preference::LastAgent,
        [agent("ann"), agent("bob").capacity(1)],
    ));
    let ticket = served_by(&mut world, "bob", mail(1));
    let other = world.open(mail(2));
    world.transfer_to_agent(other, "bob").unwrap();
    world.take(other);
    world.intake(mail(3).in_conversation(1));
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.pass(seconds(60));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
    assert_eq!(entered(&world, ticket).last(), Some(&(1, Some(StepEnd::Elapsed))));
}

#[test]
fn a_last_agent_who_is_away_or_gone_or_unknown_is_not_waited_for() {
    let passed_over = skipped(0, SkipReason::NobodyPreferred);
    for presence in [Presence::Away, Presence::Offline] {
        let mut world = World::staffed(preferring(Preference::LastAgent, two()));
        let ticket = served_by(&mut world, "bob", mail(1));
        world.set_presence("bob", presence);
        world.intake(mail(2).in_conversation(1));
        assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"), "{presence}");
        assert_eq!(place(&world, ticket).skipped, passed_over);
    }
    let mut world = World::staffed(preferring(Preference::LastAgent, two()));
    let ticket = served_by(&mut world, "bob", mail(1));
    world
        .activate(preferring(Preference::LastAgent, [agent("ann")]))
        .unwrap();
    world.intake(mail(2).in_conversation(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
    let new = world.open(mail(3));
    assert_eq!(place(&world, new).skipped, passed_over, "nobody has served it yet");
}

#[test]
fn who_served_a_customer_last_is_preferred_for_a_new_ticket() {
    let mut world = World::staffed(preferring(Preference::LastAgent, two()));
    served_by(&mut world, "bob", mail(1).of(7));
    let same = world.open(mail(2).of(7));
    let other = world.open(mail(3).of(8));
    assert_eq!(world.offered_to(same).as_deref(), Some("bob"));
    assert_eq!(world.offered_to(other).as_deref(), Some("ann"));
}

#[test]
fn a_customer_of_long_ago_is_as_good_as_new() {
    let day = seconds(24 * 3600);
    let mut world = World::staffed(preferring(Preference::LastAgent, two()));
    served_by(&mut world, "bob", mail(1).of(7));
    world.pass(90 * day);
    let before = world.open(mail(2).of(7));
    assert_eq!(world.ticket(before).requirement.only, [key("bob")]);
    world.pass(day);
    let after = world.open(mail(3).of(7));
    assert_eq!(place(&world, after).skipped, skipped(0, SkipReason::NobodyPreferred));
}

#[test]
fn both_agents_of_a_tandem_are_equals() {
    let mut desk = preferring(Preference::Tandem, [agent("ann"), agent("bob"), agent("cid")]);
    desk.tandems = vec![Tandem {
        id: key("north"),
        agents: vec![key("cid"), key("bob")],
    }];
    let mut world = World::staffed(desk);
    let mut intake = mail(1);
    intake.tandem = Some(key("north"));
    let first = world.open(intake.clone());
    let mut second = intake.clone().in_conversation(2);
    second.message = mail(2).message;
    let second = world.open(second);
    assert_eq!(world.offered_to(first).as_deref(), Some("bob"), "as the queue chooses");
    assert_eq!(world.offered_to(second).as_deref(), Some("cid"));
    world.refuse(first);
    assert_eq!(world.offered_to(first).as_deref(), Some("cid"));
    world.refuse(first);
    assert_eq!(world.offered_to(first).as_deref(), Some("ann"), "both have declined");
}

#[test]
fn who_hands_a_ticket_back_gives_it_to_his_or_her_mentor() {
    let mut bob = agent("bob");
    bob.mentor = Some(key("mia"));
    let mut world = World::staffed(preferring(Preference::Mentor, [agent("ann"), bob, agent("mia")]));
    let ticket = world.open(mail(1));
    assert_eq!(place(&world, ticket).skipped, skipped(0, SkipReason::NobodyPreferred));
    world.transfer_to_agent(ticket, "bob").unwrap();
    world.take(ticket);
    world.run(Command::Requeue { ticket }).unwrap();
    assert_eq!(world.offered_to(ticket).as_deref(), Some("mia"));
}

#[test]
fn who_hands_a_ticket_back_is_not_its_preferred_agent() {
    let mut world = World::staffed(preferring(Preference::LastAgent, two()));
    let ticket = world.open(mail(1));
    world.transfer_to_agent(ticket, "bob").unwrap();
    world.take(ticket);
    world.run(Command::Requeue { ticket }).unwrap();
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
}

#[test]
fn a_step_ends_at_once_when_the_last_of_those_who_are_preferred_leaves() {
    let named = Preference::Agents(vec![key("bob"), key("cid")]);
    let busy = [agent("ann"), agent("bob").capacity(0), agent("cid").capacity(0)];
    let mut world = World::staffed(preferring(named, busy));
    let ticket = world.open(mail(1));
    world.set_presence("bob", Presence::Away);
    assert_eq!(
        (world.state(ticket), place(&world, ticket).step),
        (RoutingState::Queued, 0)
    );
    world.lose_session("cid");
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
    assert_eq!(entered(&world, ticket), [(0, None), (1, Some(StepEnd::NobodyLeft))]);
}

#[test]
fn a_step_ends_at_once_when_its_only_agent_declines_or_leaves_with_the_offer() {
    for leaves in [false, true] {
        let mut world = World::staffed(preferring(Preference::Agents(vec![key("bob")]), two()));
        let ticket = world.open(mail(1));
        assert_eq!(world.offered_to(ticket).as_deref(), Some("bob"));
        if leaves {
            world.set_presence("bob", Presence::Offline);
        } else {
            world.refuse(ticket);
        }
        assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"), "left: {leaves}");
    }
}

#[test]
fn a_preferred_agent_who_comes_back_is_offered_it_while_another_is_waited_for() {
    let named = Preference::Agents(vec![key("bob"), key("cid")]);
    let agents = [agent("ann"), agent("bob"), agent("cid").capacity(0)];
    let mut world = World::new(preferring(named, agents));
    world.set_presence("ann", Presence::Online);
    world.set_presence("cid", Presence::Online);
    let ticket = world.open(mail(1));
    assert_eq!(world.state(ticket), RoutingState::Queued);
    world.set_presence("bob", Presence::Online);
    assert_eq!(world.offered_to(ticket).as_deref(), Some("bob"));
}

#[test]
fn a_preferred_agent_who_does_not_fit_is_not_waited_for() {
    let mut world = World::staffed(preferring(Preference::Agents(vec![key("bob")]), two()));
    let ticket = world.open(mail(1).needs("vip", 1));
    assert_eq!(place(&world, ticket).skipped, skipped(0, SkipReason::NobodyPreferred));
    assert!(world.ticket(ticket).unservable);
}

#[test]
fn a_preference_of_the_last_step_binds_nobody() {
    let only = last("bob-only").prefers(Preference::Agents(vec![key("bob")]));
    let mut world = World::staffed(stepped(two(), [only]));
    let ticket = world.open(mail(1));
    assert_eq!(world.offered_to(ticket).as_deref(), Some("ann"));
}
