//! A ticket that nobody on the desk can ever serve is reported in the moment in which it opens.

use tandem_domain::desk::Choice;
use tandem_domain::routing::{Answer, Command, Query};
use tandem_domain::{Actor, Cause, Context, Core, Presence, Priority, TicketId, Timestamp, Trace};
use tandem_routing::RoutingCore;

use crate::desk::{self, Asks};
use crate::figure::{Figure, Known};

/// How many tickets of each sort are tried.
const TICKETS: u64 = 100;

pub(super) fn measure() -> Vec<Figure> {
    let context = Context {
        now: Timestamp::EPOCH,
        actor: Actor::service("theory"),
        cause: Cause::Timer,
        trace: Trace::default(),
    };
    let mut core = RoutingCore::new(&desk::desk_id());
    let mut events = Vec::new();
    let agents = vec![desk::agent(0, &[0], Asks::Skill)];
    let mut run = |command| {
        core.handle(command, &context, &mut events)
            .expect("a command that fits the desk")
    };
    let desk = desk::desk(agents, 2, Asks::Skill, Choice::LongestIdle);
    run(Command::Activate(Box::new(desk)));
    let (agent, presence) = (desk::agent_id(0), Presence::Online);
    run(Command::SetPresence { agent, presence });
    // Even ones ask for the skill that the agent has, odd ones for the other.
    for number in 0..2 * TICKETS {
        let kind = usize::from(number % 2 == 1);
        let call = desk::numbered(&desk::call(kind, Asks::Skill, Priority::Normal), number);
        run(Command::Intake(call.into()));
    }
    let reported = |ticket: &u64| {
        let answer = core.query(&Query::Explain(TicketId(ticket + 1)), context.now);
        matches!(answer, Answer::Explain(Some(explanation)) if explanation.ticket.unservable)
    };
    let (hopeless, others): (Vec<_>, Vec<_>) = (0..2 * TICKETS).partition(|number| number % 2 == 1);
    let count = |of: &[u64]| crate::crowd::count(of.iter().filter(|ticket| reported(ticket)).count() as u64);
    let all = crate::crowd::count(TICKETS);
    let system = "1 agent, 2 skills";
    vec![
        Figure::certain(
            system,
            "hopeless tickets reported at once, of 100",
            Known::AtLeast(all),
            count(&hopeless),
        ),
        Figure::certain(system, "others reported, of 100", Known::AtMost(0.0), count(&others)),
    ]
}
