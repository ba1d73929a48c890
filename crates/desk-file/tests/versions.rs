//! What a desk file compiles to, and what a new version of it changes.

use std::time::Duration;

use tandem_desk_file::{DeskFile, compile, diff, hash, parse};
use tandem_domain::{Channel, Proficiency};

const BASE: &str = include_str!("faults/base.yaml");

fn desk(text: &str) -> DeskFile {
    parse(text).unwrap_or_else(|faults| panic!("{}", faults[0]))
}

/// The lines of a change from the base file.
fn changes(edits: &[(&str, &str)]) -> Vec<String> {
    let new = edits.iter().fold(BASE.to_owned(), |text, (part, written)| {
        assert_eq!(text.matches(part).count(), 1, "{part:?}");
        text.replace(part, written)
    });
    diff(&desk(BASE), &desk(&new)).iter().map(ToString::to_string).collect()
}

#[test]
fn everything_that_the_router_needs_is_compiled() {
    let compiled = compile(&desk(BASE), BASE);
    assert_eq!((compiled.version, compiled.hash.len()), (0, 64));
    assert_eq!(
        compiled.default_language.as_ref().map(ToString::to_string).as_deref(),
        Some("en")
    );
    assert_eq!(compiled.min_proficiency, Proficiency::B2);
    assert_eq!(compiled.close_after, Duration::from_hours(7 * 24));
    let agents: Vec<&str> = compiled.agents.iter().map(|agent| agent.id.as_str()).collect();
    assert_eq!(agents, ["ana", "ben"], "in the file's order");
    assert_eq!(compiled.agents[0].capacity, 3);
    assert_eq!(compiled.agents[0].channel_max.get(&Channel::Phone), Some(&1));
    assert_eq!(compiled.queues[0].aging, Some(Duration::from_hours(1)));
    assert_eq!(compiled.channels.len(), Channel::ALL.len());
    assert_eq!(compiled.channels[&Channel::Email].offer_ttl, Duration::from_secs(90));
    assert_eq!(
        compiled.channels[&Channel::Chat].offer_ttl,
        Duration::from_secs(30),
        "a default"
    );
    assert_eq!(
        compiled.accounts.values().collect::<Vec<_>>(),
        [&Channel::Phone, &Channel::Email]
    );
}

#[test]
fn names_and_addresses_stay_in_the_file() {
    let compiled = format!("{:?}", compile(&desk(BASE), BASE));
    for private in [
        "Morales",
        "First line",
        "help@",
        "acme.example",
        "Invoices",
        "message.subject",
    ] {
        assert!(BASE.contains(private), "{private}");
        assert!(!compiled.contains(private), "{private} was compiled");
    }
}

#[test]
fn the_hash_is_that_of_the_bytes() {
    assert_eq!(
        hash(""),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_ne!(hash(BASE), hash(&BASE.replace("ACME", "ACM")));
}

#[test]
fn another_way_to_write_it_changes_nothing() {
    assert_eq!(
        changes(&[
            ("name: ACME\n", "name: 'ACME' # us\n"),
            ("close_after: 7d", "close_after: 168h")
        ]),
        [""; 0]
    );
}

#[test]
fn each_difference_is_one_line() {
    for (part, written, expected) in [
        (
            "skills: {billing: 3}",
            "skills: {billing: 4}",
            "agent ana: skill billing 3 → 4",
        ),
        (
            "skills: {billing: 3}",
            "skills: {billing: 3, orders: 1}",
            "agent ana: skill orders 1 added",
        ),
        ("{de: C2, en: B2}", "{de: C2}", "agent ana: language en removed"),
        ("{phone: 1}", "{phone: 2}", "agent ana: channel_max phone 1 → 2"),
        (
            "    teams: tier2",
            "    teams: [tier1, tier2]",
            "agent ben: team tier1 added",
        ),
        (
            "    name: Ana Morales",
            "    name: Ana M.",
            "agent ana: name Ana Morales → Ana M.",
        ),
        ("aging: 1h", "aging: never", "queue general: aging 1h → never"),
        ("[tier1, tier2]", "[tier1]", "queue general: team tier2 removed"),
        (
            "timezone: Europe/Berlin",
            "timezone: UTC",
            "desk: timezone Europe/Berlin → UTC",
        ),
        ("default_language: en\n", "", "desk: default_language en → none"),
        (
            ", hallo@acme.example",
            "",
            "account support: address hallo@acme.example removed",
        ),
        ("offer_ttl: 90s", "offer_ttl: 2m", "channel email: offer_ttl 90s → 2m"),
        ("priority: high", "priority: low", "rule invoices: priority high → low"),
        (
            "tags: [invoice]",
            "tags: [invoice, money]",
            "rule invoices: tag money added",
        ),
        (
            "message.size > 10",
            "message.size > 20",
            "rule rule-2: when message.size > 10 → message.size > 20",
        ),
        ("queues:\n", "queues:\n  vip: {teams: [tier1]}\n", "queue vip added"),
        ("  orders:\n", "", "skill orders removed"),
        (
            "billing: Invoices",
            "billing: Bills",
            "skill billing: description Invoices → Bills",
        ),
    ] {
        assert_eq!(changes(&[(part, written)]), [expected]);
    }
}

#[test]
fn several_differences_come_in_the_order_of_the_file() {
    let lines = changes(&[
        ("message.size > 10", "message.size > 11"),
        ("name: ACME\n", "name: Acme\n"),
        ("  ben:\n", "  carl: {teams: [tier2], languages: {en: C2}}\n  ben:\n"),
        ("  orders:\n", ""),
    ]);
    assert_eq!(
        lines,
        [
            "desk: name ACME → Acme",
            "skill orders removed",
            "agent carl added",
            "rule rule-2: when message.size > 10 → message.size > 11",
        ]
    );
}

#[test]
fn the_order_of_agents_and_rules_matters() {
    let ben = "  ben:\n    teams: tier2\n    languages: {en: C1}\n";
    assert_eq!(
        changes(&[(ben, ""), ("agents:\n", &format!("agents:\n{ben}"))]),
        ["agents: other order"]
    );
    let rule = "  - {name: first, when: 'true', stop: true}\n";
    assert_eq!(
        changes(&[("rules:\n", &format!("rules:\n{rule}"))])[0],
        "rule rule-2 removed",
        "unnamed rules go by their place"
    );
}

const PROMISES: &str = include_str!("faults/promises.yaml");

#[test]
fn each_difference_in_what_is_promised_is_one_line() {
    for (part, written, expected) in [
        (
            "80% in 30s",
            "90% in 20s",
            "desk: service_level chat 80% in 30s → 90% in 20s",
        ),
        ("fri: 22:00-06:00", "fri: closed", "calendar office: hours fri removed"),
        (
            "12-25: closed",
            "12-25: 10:00-12:00",
            "calendar office: holiday 12-25 closed → 10:00-12:00",
        ),
        (
            "timezone: UTC",
            "timezone: Europe/Paris",
            "calendar night: timezone UTC → Europe/Paris",
        ),
        (
            "lead@acme",
            "boss@acme",
            "contact lead: email lead@acme.example → boss@acme.example",
        ),
        (
            "secret: pager",
            "secret: pager-2",
            "contact pager: secret pager → pager-2",
        ),
        (
            "  leads: [lead, pager]",
            "  leads: [lead]",
            "role leads: contact pager removed",
        ),
        (
            "{at: 75%, raise_priority: high}",
            "{at: 80%, raise_priority: high}",
            "ladder slow: rung 1 at 75%, raise to high → at 80%, raise to high",
        ),
        (
            "{every: 15m, times: 4}",
            "{every: 15m, times: 5}",
            "ladder slow: rung 3 at breach + 30m, move to vip, tell pager, again every 15m (4 times) → at breach + 30m, move to vip, tell pager, again every 15m (5 times)",
        ),
        (
            "{urgent: 15m, high: 1h}",
            "{urgent: 15m}",
            "policy mail: target first_response high removed",
        ),
        ("    calendar: office\n", "", "policy chat: calendar office → none"),
        ("tags: [money]", "tags: [money, vip]", "policy mail: tag vip added"),
        ("resolution: slow}", "}", "policy mail: ladder resolution removed"),
        (
            "tier: 2, next_tier: third",
            "tier: 2",
            "queue second: next_tier third → none",
        ),
        (
            "vip: {teams: [tier1]}",
            "vip: {teams: [tier1], tier: 3}",
            "queue vip: tier 1 → 3",
        ),
        (", contact: lead}", "}", "agent ana: contact lead → none"),
        (
            ", https://shop.acme.example]",
            "]",
            "account web: origin https://shop.acme.example removed",
        ),
        (
            "contact_secret: acme-shop",
            "contact_secret: shop",
            "account web: contact_secret acme-shop → shop",
        ),
    ] {
        assert_eq!(PROMISES.matches(part).count(), 1, "{part:?}");
        let text = PROMISES.replace(part, written);
        let lines = diff(&desk(PROMISES), &desk(&text));
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(lines, [expected]);
    }
}

#[test]
fn the_order_of_policies_matters() {
    let (head, policies) = PROMISES.split_once("sla:\n").expect("it has policies");
    let (first, second) = policies.split_once("  - name: mail").expect("two of them");
    let swapped = format!("{head}sla:\n  - name: mail{second}{first}");
    let lines = diff(&desk(PROMISES), &desk(&swapped));
    assert_eq!(
        lines.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["policies: other order"]
    );
}
