//! For whom something counts.

use tandem_domain::Channel;
use tandem_domain::routing::RoutingEvent;

use crate::support::*;

#[test]
fn what_nobody_did_counts_for_all_teams_that_serve_the_queue() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Email)
        .comes(2, "billing", Channel::Email)
        .happens(abandoned(1));
    let (inside, field) = (story.of_team("inside").counts, story.of_team("field").counts);
    assert_eq!((inside.received, field.received), (2, 1));
    assert_eq!((inside.abandoned, field.abandoned), (1, 1));
}

#[test]
fn what_an_agent_did_counts_for_those_of_the_agents_teams_that_serve_the_queue() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Email)
        .comes(2, "sales", Channel::Email)
        .comes(3, "billing", Channel::Email);
    for (ticket, agent) in [(1, "ana"), (2, "ben"), (3, "ben")] {
        story.happens(offered(ticket, agent)).happens(accepted(ticket, agent));
    }
    assert_eq!(story.of_team("inside").counts.accepted, 3);
    assert_eq!(
        story.of_team("field").counts.accepted,
        1,
        "ben serves billing as one of inside only"
    );
    assert_eq!(story.total().counts.accepted, 3, "teams do not add up to the whole");
}

#[test]
fn help_from_a_team_that_does_not_serve_the_queue_counts_for_that_team() {
    let mut story = Story::on(desk());
    story
        .comes(1, "billing", Channel::Email)
        .happens(offered(1, "cem"))
        .happens(accepted(1, "cem"));
    assert_eq!(
        (
            story.of_team("field").counts.accepted,
            story.of_team("inside").counts.accepted
        ),
        (1, 0)
    );
}

#[test]
fn who_waits_is_counted_by_the_teams_of_then_whatever_serves_the_queue_later() {
    let mut story = Story::on(desk());
    story.comes(1, "sales", Channel::Email);
    let mut changed = desk();
    changed.queues[0].teams = vec![key("field")];
    story.happens(RoutingEvent::DeskActivated(Box::new(changed)));
    story
        .comes(2, "sales", Channel::Email)
        .happens(cancelled(1))
        .happens(cancelled(2));
    for team in ["inside", "field"] {
        let counts = story.of_team(team).counts;
        assert_eq!(counts.began_waiting, counts.ceased_waiting, "{team}");
    }
    assert_eq!(story.of_team("inside").counts.received, 1);
}
