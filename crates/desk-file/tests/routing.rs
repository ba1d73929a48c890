//! What decides who gets which ticket: read, compiled, and compared.

use std::collections::BTreeMap;
use std::time::Duration;

use tandem_desk_file::{DeskFile, compile, diff, parse};
use tandem_domain::desk::{
    BatchPolicy, BetweenQueues, Choice, LanguageAsk, Preference, QueueOrder, SkipIf, StepLength,
};
use tandem_domain::expression::{AttributeValue, Expression};
use tandem_domain::{Channel, ClockKind, CompiledDesk, Proficiency};

const BASE: &str = include_str!("faults/routing.yaml");

fn desk(text: &str) -> DeskFile {
    parse(text).unwrap_or_else(|faults| panic!("{}", faults[0]))
}

fn compiled() -> CompiledDesk {
    compile(&desk(BASE), BASE)
}

#[test]
fn what_agents_are_is_compiled() {
    let compiled = compiled();
    let (ana, ben) = (&compiled.agents[0], &compiled.agents[1]);
    let text = |key: &Option<tandem_domain::RegionId>| key.as_ref().map(ToString::to_string);
    assert_eq!(ana.site.as_ref().map(ToString::to_string).as_deref(), Some("berlin"));
    assert_eq!(
        (text(&ana.region).as_deref(), text(&ben.region).as_deref()),
        (Some("dach"), Some("uk"))
    );
    assert_eq!((ana.tier, ben.tier), (1, 0));
    assert_eq!((ana.cost, ana.weight), (40, 2));
    assert_eq!((ben.cost, ben.weight), (0, 1), "what nothing is said of");
    assert_eq!(ana.mentor.as_ref(), Some(&ben.id));
    assert_eq!(ana.attributes["years"], AttributeValue::Number(4));
    assert_eq!(
        ana.attributes["vip"],
        AttributeValue::Key("yes".parse().expect("a key"))
    );
    assert_eq!(ana.queues.values().collect::<Vec<_>>(), [&60, &40]);
    assert_eq!(
        ana.available.as_ref().map(ToString::to_string).as_deref(),
        Some("office")
    );
    assert_eq!(
        (compiled.sites.len(), compiled.regions.len(), compiled.attributes.len()),
        (2, 2, 2)
    );
}

#[test]
fn how_queues_are_served_is_compiled() {
    let compiled = compiled();
    let (general, billing) = (&compiled.queues[0], &compiled.queues[1]);
    let asked = Expression::parse("orders >= 2 and (attr.vip == yes or site == leeds)");
    assert_eq!(general.require, asked.ok());
    assert_eq!(general.order, QueueOrder::Deadline(ClockKind::FirstResponse));
    assert_eq!((billing.order, billing.aging), (QueueOrder::Aging, None), "strict");
    assert_eq!((general.max_overtaken, billing.max_overtaken), (Some(5), None));
    assert_eq!(
        (general.choice, billing.choice),
        (Choice::LeastOverSkilled, Choice::LeastLoaded)
    );
    assert_eq!(general.units, BTreeMap::from([(Channel::Email, 2)]));
    assert_eq!((general.offers_at_once, billing.offers_at_once), (3, 1));
    assert_eq!((general.auto_accept, billing.auto_accept), (false, true));
    assert_eq!(
        (general.absence, billing.absence),
        (Some(Duration::from_mins(10)), None)
    );
}

#[test]
fn steps_are_compiled_in_their_order() {
    let compiled = compiled();
    let steps = &compiled.queues[0].steps;
    let names: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(names, ["own", "pair", "few", "more", "all"]);
    assert_eq!(steps[0].prefer, Some(Preference::LastAgent));
    assert_eq!(
        steps[0].lasts,
        Some(StepLength::ShareLeft {
            percent: 20,
            clock: ClockKind::FirstResponse
        })
    );
    assert_eq!(
        steps[1].skip_if,
        [SkipIf::NobodyOnline, SkipIf::WaitOver(Duration::from_mins(5))]
    );
    assert_eq!(
        steps[1].lasts,
        Some(StepLength::Working {
            length: Duration::from_mins(30),
            calendar: "office".parse().expect("a key")
        })
    );
    assert_eq!(
        steps[2].prefer,
        Some(Preference::Agents(vec!["ana".parse().expect("a key")]))
    );
    assert_eq!(steps[2].require, Expression::parse("billing >= 3").ok());
    assert_eq!(steps[2].lasts, Some(StepLength::Wall(Duration::from_mins(2))));
    assert_eq!(steps[3].teams.len(), 1);
    assert_eq!(steps[3].asks.language, LanguageAsk::AtLeast(Proficiency::B1));
    assert!(steps[3].asks.skills && !steps[4].asks.skills);
    assert_eq!((steps[4].asks.language, &steps[4].lasts), (LanguageAsk::Any, &None));
}

#[test]
fn what_concerns_all_queues_is_compiled() {
    let compiled = compiled();
    assert_eq!(compiled.between_queues, BetweenQueues::Weights);
    assert_eq!(
        compiled.interruptible_by,
        BTreeMap::from([(Channel::Email, [Channel::Chat].into())])
    );
    assert_eq!(compiled.tandems[0].agents.len(), 2);
    assert_eq!(
        compiled.matching,
        BatchPolicy {
            window: Duration::from_millis(250),
            head: 100
        }
    );
    let (email, social) = (
        &compiled.channels[&Channel::Email],
        &compiled.channels[&Channel::Social],
    );
    assert_eq!((email.hold_percent, social.hold_percent), (Some(25), None));
    assert!(!email.auto_accept && !social.auto_accept);
    let at_once = desk(&BASE.replace("wrap_up: 0s", "auto_accept: true"));
    assert!(at_once.channels[&Channel::Social].policy.auto_accept);
    let rule = desk(BASE).rules.iter().next().and_then(|rule| rule.then.tandem.clone());
    assert_eq!(rule.as_ref(), Some(&compiled.tandems[0].id));
}

#[test]
fn a_language_without_a_level_asks_for_what_the_desk_serves_with() {
    let text = BASE
        .replace(
            "skills: {billing: Invoices",
            "min_proficiency: C1\nskills: {billing: Invoices",
        )
        .replace("orders >= 2 and", "lang.de and")
        .replace("languages: {de: B2, en: C2}", "languages: {de: C1, en: C2}");
    let desk = desk(&text);
    let asked = Expression::parse("lang.de >= C1 and (attr.vip == yes or site == leeds)");
    assert_eq!(desk.queues[0].policy.require, asked.ok());
}

#[test]
fn shares_between_queues_may_have_a_tenth() {
    let text = BASE
        .replace(
            "between_queues: weights",
            "between_queues: {ratio: {general: 17.4%, billing: 82.6%}}",
        )
        .replace("    queues: {general: 40%, billing: 60%}\n", "");
    let BetweenQueues::Ratio(shares) = desk(&text).between_queues else {
        panic!("no shares")
    };
    assert_eq!(shares.values().collect::<Vec<_>>(), [&826, &174]);
}

#[test]
fn a_queue_may_be_served_in_a_later_step_only() {
    // Nobody of its own teams has the skill; the first step borrows somebody who has.
    let text = BASE.replace(
        "    order: strict",
        "    skills: {billing: 2}\n    order: strict\n    steps:\n      - {name: lent, teams: [tier2], for: 1m}\n      - {name: all}",
    );
    assert_eq!(desk(&text).queues[1].policy.steps.len(), 2);
}

#[test]
fn every_difference_of_the_desk_as_a_whole_is_one_line() {
    each_is_one_line(&[
        ("uk: }", "uk: , us: }", "region us added"),
        ("{region: dach}", "{region: uk}", "site berlin: region dach → uk"),
        ("[yes, no]", "[yes, no, perhaps]", "attribute vip: word perhaps added"),
        (
            "years: number",
            "years: number\n  shifts: number",
            "attribute shifts added",
        ),
        ("hold: 25%", "hold: 30%", "channel email: hold 25% → 30%"),
        (
            "wrap_up: 0s",
            "auto_accept: true",
            "channel social: auto_accept false → true",
        ),
        (
            "{email: [chat]}",
            "{email: [chat, phone]}",
            "desk: interruptible email chat → chat, phone",
        ),
        ("window: 250ms", "window: 1s", "desk: matching window 250ms → 1s"),
        ("head: 100", "head: 90", "desk: matching head 100 → 90"),
        (
            "then: {tandem: north}",
            "then: {tags: [x], tandem: north}",
            "rule rule-1: tag x added",
        ),
    ]);
}

#[test]
fn every_difference_of_agents_is_one_line_and_a_tandems_order_is_none() {
    each_is_one_line(&[
        ("tier: 1\n", "tier: 2\n", "agent ana: tier 1 → 2"),
        ("site: berlin", "site: leeds", "agent ana: site berlin → leeds"),
        ("years: 4", "years: 5", "agent ana: attribute years 4 → 5"),
        ("    mentor: ben\n", "", "agent ana: mentor ben → none"),
        ("cost: 40", "cost: 50", "agent ana: cost 40 → 50"),
        ("weight: 2", "weight: 3", "agent ana: weight 2 → 3"),
        ("    available: office\n", "", "agent ana: available office → none"),
        ("[ana, ben]}\nqueues", "[ben, ana]}\n\nqueues", ""),
    ]);
}

#[test]
fn every_difference_of_queues_is_one_line() {
    each_is_one_line(&[
        (
            "orders >= 2 and (",
            "orders >= 1 and (",
            "queue general: require orders >= 2 and (site == leeds or attr.vip == yes) → orders >= 1 and (site == leeds or attr.vip == yes)",
        ),
        (
            "order: deadline",
            "order: aging",
            "queue general: order deadline of first_response → aging",
        ),
        (
            "max_overtaken: 5",
            "max_overtaken: 6",
            "queue general: max_overtaken 5 → 6",
        ),
        (
            "least_over_skilled",
            "cheapest",
            "queue general: choice least_over_skilled → cheapest",
        ),
        ("{email: 2}", "{email: 1}", "queue general: units email 2 → 1"),
        (
            "offers_at_once: 3",
            "offers_at_once: 2",
            "queue general: offers_at_once 3 → 2",
        ),
        ("absence: 10m", "absence: 20m", "queue general: absence 10m → 20m"),
    ]);
}

#[test]
fn every_difference_of_steps_is_one_line() {
    each_is_one_line(&[
        (
            "for: 2m}",
            "for: 3m}",
            "queue general: step few prefer ana; require billing >= 3; for 2m → prefer ana; require billing >= 3; for 3m",
        ),
        (
            "[nobody_online, wait over 5m]",
            "wait over 6m",
            "queue general: step pair prefer tandem; for 30m of office; skip if nobody_online; skip if wait over 5m → prefer tandem; for 30m of office; skip if wait over 6m",
        ),
        (
            "{language: B1}",
            "{language: A2}",
            "queue general: step more teams tier2; language B1; for 5m → teams tier2; language A2; for 5m",
        ),
        (
            "{skills: drop, language: any}",
            "{language: any}",
            "queue general: step all drop skills; language any → language any",
        ),
    ]);
}

/// What is written instead of which part of the base file, and the line that tells it: empty where nothing differs.
#[track_caller]
fn each_is_one_line(cases: &[(&str, &str, &str)]) {
    for (part, written, expected) in cases {
        assert_eq!(BASE.matches(part).count(), 1, "{part}");
        let lines = changes(&BASE.replace(part, written));
        let expected: &[&str] = if expected.is_empty() { &[] } else { &[expected] };
        assert!(lines.iter().take(1).eq(expected.iter()), "{written}: {lines:?}");
    }
}

#[test]
fn several_differences_of_routing_come_together() {
    let text = BASE
        .replace(
            "between_queues: weights",
            "between_queues: {ratio: {general: 20%, billing: 80%}}",
        )
        .replace("    queues: {general: 40%, billing: 60%}\n", "")
        .replace("name: own", "name: first")
        .replace("tandems: {north", "tandems: {south")
        .replace("{tandem: north}", "{tandem: south}");
    assert_eq!(
        changes(&text),
        [
            "desk: between_queues weights → ratio".to_owned(),
            "desk: ratio billing 80% added".to_owned(),
            "desk: ratio general 20% added".to_owned(),
            "agent ana: queue billing removed".to_owned(),
            "agent ana: queue general removed".to_owned(),
            "tandem north removed".to_owned(),
            "tandem south added".to_owned(),
            "queue general: step own removed".to_owned(),
            "queue general: steps own, pair, few, more, all → first, pair, few, more, all".to_owned(),
            "queue general: step first prefer last_agent; for 20% of first_response; skip if nobody_online added"
                .to_owned(),
            "rule rule-1: tandem north → south".to_owned(),
        ]
    );
}

fn changes(text: &str) -> Vec<String> {
    diff(&desk(BASE), &desk(text)).iter().map(ToString::to_string).collect()
}
