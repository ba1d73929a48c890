//! The desk as it is now.

use std::time::Duration;

use tandem_domain::routing::RoutingEvent;
use tandem_domain::{AgentId, Channel, Presence, QueueId, TicketId};
use tandem_measures::{AgentNow, Held, QueueNow};

use crate::support::*;

fn queue(story: &Story, queue: &str) -> QueueNow {
    story.measures.live(story.now()).queues[&key::<QueueId>(queue)]
}

fn agent(story: &Story, agent: &str) -> AgentNow {
    story.measures.live(story.now()).agents[&key::<AgentId>(agent)]
}

#[test]
fn a_queue_shows_who_waits_since_when_and_what_agents_hold() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Chat)
        .after(10)
        .comes(2, "sales", Channel::Chat);
    for ticket in 3..=6 {
        story
            .comes(ticket, "sales", Channel::Chat)
            .happens(offered(ticket, "ana"));
    }
    story
        .happens(accepted(4, "ana"))
        .happens(accepted(5, "ana"))
        .happens(accepted(6, "ana"));
    story.happens(held(5)).happens(wrapping_up(6));
    let now = queue(&story, "sales");
    assert_eq!((now.waiting, now.oldest_since), (3, Some(START)));
    let held = Held {
        offered: 1,
        assigned: 1,
        on_hold: 1,
        wrapping_up: 1,
    };
    assert_eq!(now.held, held);
    assert_eq!((now.today.received, now.today.accepted), (6, 3));
    assert_eq!(
        queue(&story, "billing"),
        QueueNow::default(),
        "a queue in which nothing is is shown too"
    );
}

#[test]
fn an_agent_shows_presence_and_the_units_that_are_taken() {
    let mut story = Story::on(desk());
    story
        .happens(presence("ana", Presence::Online))
        .comes(1, "sales", Channel::Chat)
        .comes(2, "sales", Channel::Chat);
    for ticket in [1, 2] {
        story.happens(offered(ticket, "ana")).happens(accepted(ticket, "ana"));
    }
    story.happens(held(2));
    let ana = agent(&story, "ana");
    assert_eq!((ana.presence, ana.since), (Presence::Online, Some(START)));
    assert_eq!(
        (ana.used, ana.capacity),
        (3, 6),
        "two for a chat, one for a chat on hold"
    );
    assert_eq!(
        (agent(&story, "ben").presence, agent(&story, "ben").since),
        (Presence::Offline, None)
    );
    story.happens(wrapping_up(1)).happens(done(1)).happens(done(2));
    assert_eq!(agent(&story, "ana").used, 0);
}

#[test]
fn a_ticket_that_is_offered_to_several_waits_until_nobody_is_asked_any_more() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Chat)
        .happens(offered(1, "ana"))
        .happens(offered(1, "ben"));
    let shown = |story: &Story| {
        let sales = queue(story, "sales").held.offered;
        (sales, agent(story, "ana").used, agent(story, "ben").used)
    };
    assert_eq!(shown(&story), (1, 2, 2), "both keep room for it");
    story.happens(declined(1, "ana"));
    assert_eq!(shown(&story), (1, 0, 2));
    story
        .happens(offered(1, "ana"))
        .happens(revoked(1, "ben"))
        .happens(accepted(1, "ana"));
    assert_eq!((shown(&story), agent(&story, "ana").held.assigned), ((0, 2, 0), 1));
}

#[test]
fn a_queue_may_have_its_own_price_and_holding_a_share_of_it() {
    let mut priced = desk();
    priced
        .queues
        .iter_mut()
        .for_each(|queue| queue.units = [(Channel::Chat, 3)].into());
    priced.channels.get_mut(&Channel::Chat).unwrap().hold_percent = Some(50);
    let mut story = Story::on(priced);
    story
        .comes(1, "sales", Channel::Chat)
        .happens(offered(1, "ana"))
        .happens(accepted(1, "ana"));
    assert_eq!(agent(&story, "ana").used, 3);
    story.happens(held(1));
    assert_eq!(agent(&story, "ana").used, 2, "one and a half");
}

#[test]
fn an_agent_who_is_not_on_the_desk_any_more_is_not_shown() {
    let mut story = Story::on(desk());
    story.happens(presence("cem", Presence::Online));
    let mut smaller = desk();
    smaller.agents.pop();
    story.happens(RoutingEvent::DeskActivated(Box::new(smaller)));
    assert!(!story.measures.live(START).agents.contains_key(&key::<AgentId>("cem")));
    assert_eq!(reload(&story.stored).live(START), story.measures.live(START));
}

#[test]
fn today_ends_at_midnight_in_the_desks_zone_even_if_nothing_happens() {
    let mut berlin = desk();
    berlin.timezone = "Europe/Berlin".to_owned();
    let mut story = Story::on(berlin);
    story
        .until(at("2026-01-05T22:59:00Z"))
        .comes(1, "sales", Channel::Email);
    assert_eq!(queue(&story, "sales").today.received, 1);
    story.after(120);
    assert_eq!(
        queue(&story, "sales").today.received,
        0,
        "it is past midnight in Berlin"
    );
    story.comes(2, "sales", Channel::Email);
    assert_eq!(queue(&story, "sales").today.received, 1);
}

#[test]
fn the_latest_events_are_shown_in_ids_the_newest_last() {
    let mut story = Story::on(desk());
    for ticket in 1..=60 {
        story.comes(ticket, "sales", Channel::Email);
    }
    story.happens(offered(60, "ben"));
    let events = story.measures.live(story.now()).events;
    assert_eq!(events.len(), 50);
    let last = events.last().unwrap();
    assert_eq!(
        (last.ticket, last.agent.clone()),
        (Some(TicketId(60)), Some(key("ben")))
    );
    assert!(events.is_sorted_by_key(|event| event.seq));
}

#[test]
fn a_ticket_that_is_done_is_nobodys() {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Email)
        .happens(offered(1, "ana"))
        .happens(accepted(1, "ana"))
        .happens(done(1));
    assert_eq!(queue(&story, "sales").held, Held::default());
    story.until(START.plus(Duration::from_hours(80))).happens(closed(1));
    assert_eq!(
        reload(&story.stored).live(story.now()),
        story.measures.live(story.now())
    );
}
