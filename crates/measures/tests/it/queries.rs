//! Putting rows together.

use tandem_domain::{Channel, Timestamp};
use tandem_measures::{Dimension, Filter, Grain, Group, Line, Query, Roll, start_key, table};

use crate::support::*;

fn by(dimensions: &[Dimension]) -> Query {
    Query {
        group_by: dimensions.iter().copied().collect(),
        filter: Filter::default(),
    }
}

/// The lines of each hour in which anything was stored, one hour after the other.
fn hours(story: &Story, query: &Query) -> Vec<Vec<Line>> {
    let file = story.measures.file();
    let mut roll = Roll::new(query, file);
    let mut starts: Vec<Timestamp> = story
        .cells(Grain::Hour)
        .into_iter()
        .map(|(start, _, _)| start)
        .collect();
    starts.dedup();
    let mut all = Vec::new();
    for start in starts {
        for ((of, key), value) in &story.stored {
            if *of == table::HOUR && key.starts_with(&start_key(start)) {
                let (_, place) = tandem_measures::parse_key(key).unwrap();
                roll.add(key, &place, value).unwrap();
            }
        }
        all.push(roll.end());
    }
    all
}

fn groups(lines: &[Line]) -> Vec<(String, u64, u64)> {
    let name = |group: &Group| {
        let queue = group.queue.as_ref().map(ToString::to_string).unwrap_or_default();
        let channel = group.channel.map(|channel| channel.to_string()).unwrap_or_default();
        let team = group.team.as_ref().map(ToString::to_string).unwrap_or_default();
        let language = group
            .language
            .as_ref()
            .map(|tag| tag.as_str().to_owned())
            .unwrap_or_default();
        [queue, channel, language, team].join("|")
    };
    lines
        .iter()
        .map(|line| (name(&line.group), line.cell.counts.received, line.waiting))
        .collect()
}

fn some_tickets() -> Story {
    let mut story = Story::on(desk());
    story
        .comes(1, "sales", Channel::Email)
        .comes(2, "sales", Channel::Chat)
        .comes(3, "billing", Channel::Chat);
    let now = story.now();
    story.happens(opened(4, requirement("sales", Channel::Email, None), now));
    story.happens(offered(1, "ana")).happens(accepted(1, "ana"));
    story
}

#[test]
fn without_a_dimension_everything_is_one_line() {
    let story = some_tickets();
    assert_eq!(groups(&hours(&story, &by(&[]))[0]), [("|||".to_owned(), 4, 3)]);
}

#[test]
fn dimensions_tell_apart_and_sum_up_to_the_whole() {
    let story = some_tickets();
    let queues = groups(&hours(&story, &by(&[Dimension::Queue]))[0]);
    assert_eq!(queues, [("billing|||".to_owned(), 1, 1), ("sales|||".to_owned(), 3, 2)]);
    let both = groups(&hours(&story, &by(&[Dimension::Channel, Dimension::Language]))[0]);
    let expected = [("|email||", 1, 1), ("|email|en|", 1, 0), ("|chat|en|", 2, 2)];
    assert_eq!(
        both,
        expected.map(|(name, received, waiting)| (name.to_owned(), received, waiting))
    );
}

#[test]
fn teams_are_told_apart_only_when_asked_for() {
    let story = some_tickets();
    let teams = groups(&hours(&story, &by(&[Dimension::Team]))[0]);
    assert_eq!(teams, [("|||field".to_owned(), 3, 2), ("|||inside".to_owned(), 4, 3)]);
}

#[test]
fn a_filter_leaves_out() {
    let story = some_tickets();
    let mut query = by(&[]);
    query.filter.queues = [key("sales")].into();
    query.filter.languages = [key("en")].into();
    assert_eq!(groups(&hours(&story, &query)[0]), [("|||".to_owned(), 2, 1)]);
    query.filter.teams = [key("field")].into();
    query.filter.channels = [Channel::Chat].into();
    assert_eq!(groups(&hours(&story, &query)[0]), [("|||".to_owned(), 1, 1)]);
}

#[test]
fn who_waits_is_carried_from_hour_to_hour() {
    let mut story = some_tickets();
    story
        .after(3_600)
        .happens(offered(2, "ana"))
        .happens(accepted(2, "ana"));
    story.after(7_200).happens(cancelled(3)).happens(cancelled(4));
    let waiting: Vec<u64> = hours(&story, &by(&[]))
        .iter()
        .map(|lines| lines.first().map_or(0, |line| line.waiting))
        .collect();
    assert_eq!(waiting, [3, 2, 0]);
}

#[test]
fn who_waited_when_an_hour_began_is_stored_with_it() {
    let mut story = some_tickets();
    story.after(7_200).comes(9, "sales", Channel::Email);
    let hour = story.measures.zones().start(Grain::Hour, story.now());
    let row = &story.stored[&(table::WAITING, start_key(hour))];
    let query = by(&[Dimension::Queue]);
    let mut roll = Roll::new(&query, None);
    roll.begin(&start_key(hour), row).unwrap();
    assert_eq!(
        groups(&roll.end()),
        [("billing|||".to_owned(), 0, 1), ("sales|||".to_owned(), 0, 2)]
    );
}

#[test]
fn groups_are_ordered_as_their_keys_are() {
    let group = |queue: Option<&str>, channel| Group {
        queue: queue.map(key),
        channel,
        ..Group::default()
    };
    let mut all = [
        group(None, None),
        group(Some("a"), None),
        group(Some("a"), Some(Channel::Social)),
        group(Some("a-b"), None),
        group(Some("a0"), Some(Channel::Email)),
        group(Some("a_b"), Some(Channel::Chat)),
    ];
    all.sort();
    let keys: Vec<_> = all.iter().map(|group| group.key(START)).collect();
    assert!(
        keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]),
        "{keys:?}"
    );
}

#[test]
fn only_keys_that_the_desk_has_or_had_are_known() {
    let mut story = some_tickets();
    let mut smaller = desk();
    smaller.queues.pop();
    story.happens(tandem_domain::routing::RoutingEvent::DeskActivated(Box::new(smaller)));
    let mut filter = Filter {
        queues: [key("sales"), key("billing")].into(),
        ..Filter::default()
    };
    assert_eq!(story.measures.unknown(&filter), None, "billing was there");
    filter.teams = [key("outside")].into();
    assert_eq!(story.measures.unknown(&filter), Some(("teams", "outside".to_owned())));
}

#[test]
fn damage_is_named_by_its_row() {
    let query = by(&[]);
    let place = "sales/chat/-/-".parse().unwrap();
    let error = Roll::new(&query, None).add("the-key", &place, b"{").unwrap_err();
    assert!(error.to_string().contains("the-key"), "{error}");
    for wrong in ["", "sales", "sales/fax/-/-", "sales/chat/-/-/-", "Sales/chat/-/-"] {
        assert!(wrong.parse::<tandem_measures::Place>().is_err(), "{wrong}");
    }
}
