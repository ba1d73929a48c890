//! Which policy a ticket is promised, and what.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::sla::{Policy, PolicyFacts};
use tandem_domain::{Channel, ClockKind, LanguageTag, Priority, QueueId, SlaPlan, Tag};

use crate::words::{key, mins};

fn policy(id: &str) -> Policy {
    let target = [(Priority::Normal, mins(30))].into();
    Policy {
        id: key(id),
        queues: BTreeSet::new(),
        channels: BTreeSet::new(),
        languages: BTreeSet::new(),
        priorities: BTreeSet::new(),
        tags: BTreeSet::new(),
        calendar: None,
        targets: [(ClockKind::Accept, target)].into(),
        ladders: BTreeMap::new(),
    }
}

/// The policy of a German e-mail of normal priority in `support`, tagged `vip`.
fn chosen(policies: Vec<Policy>) -> Option<String> {
    let plan = SlaPlan {
        policies,
        ..SlaPlan::default()
    };
    let (queue, language): (QueueId, LanguageTag) = (key("support"), key("de-AT"));
    let tags: BTreeSet<Tag> = [key("vip")].into();
    let facts = PolicyFacts {
        queue: &queue,
        channel: Channel::Email,
        language: Some(&language),
        priority: Priority::Normal,
        tags: &tags,
    };
    plan.policy_of(facts).map(|policy| policy.id.to_string())
}

#[test]
fn the_first_policy_that_fits_in_all_five_ways_is_the_tickets() {
    let narrow = |narrow: fn(&mut Policy)| {
        let mut policy = policy("narrow");
        narrow(&mut policy);
        chosen(vec![policy, self::policy("everybody")]).unwrap()
    };
    assert_eq!(narrow(|policy| policy.queues = [key("support")].into()), "narrow");
    assert_eq!(narrow(|policy| policy.queues = [key("sales")].into()), "everybody");
    assert_eq!(narrow(|policy| policy.channels = [Channel::Email].into()), "narrow");
    assert_eq!(narrow(|policy| policy.channels = [Channel::Chat].into()), "everybody");
    assert_eq!(narrow(|policy| policy.languages = [key("de")].into()), "narrow");
    assert_eq!(narrow(|policy| policy.languages = [key("fr")].into()), "everybody");
    assert_eq!(narrow(|policy| policy.priorities = [Priority::Normal].into()), "narrow");
    assert_eq!(
        narrow(|policy| policy.priorities = [Priority::High].into()),
        "everybody"
    );
    assert_eq!(narrow(|policy| policy.tags = [key("vip"), key("new")].into()), "narrow");
    assert_eq!(narrow(|policy| policy.tags = [key("new")].into()), "everybody");
    assert_eq!(chosen(vec![policy("early"), policy("late")]).unwrap(), "early");
    assert_eq!(chosen(Vec::new()), None);
}

#[test]
fn a_target_is_for_a_clock_and_a_priority() {
    let policy = policy("any");
    assert_eq!(policy.target(ClockKind::Accept, Priority::Normal), Some(mins(30)));
    assert_eq!(policy.target(ClockKind::Accept, Priority::High), None);
    assert_eq!(policy.target(ClockKind::Resolution, Priority::Normal), None);
}

#[test]
fn what_a_plan_has_is_found_by_its_key() {
    let plan = SlaPlan {
        policies: vec![policy("gold"), policy("silver")],
        ..SlaPlan::default()
    };
    assert_eq!(plan.policy(&key("silver")), Some(&policy("silver")));
    assert_eq!(plan.policy(&key("bronze")), None);
}
