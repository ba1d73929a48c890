//! The desk files in `deploy/desks` are read without a complaint, and do what their comments say.

use std::collections::BTreeMap;

use tandem_desk_file::{Agent, DeskFile, MessageFacts, Outcome, compile, parse};
use tandem_domain::{AccountId, Channel, LanguageTag};

fn example(name: &str) -> (String, DeskFile) {
    let path = format!("{}/../../deploy/desks/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("an example");
    let desk = parse(&text).unwrap_or_else(|faults| panic!("{name}: {}", lines(&faults)));
    (text, desk)
}

fn lines<T: ToString>(faults: &[T]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_examples_are_read_without_warnings() {
    for name in ["acme", "small"] {
        let (_, desk) = example(name);
        assert_eq!(lines(&desk.warnings), "", "{name}");
        assert_eq!(desk.desk.as_str(), name);
    }
}

/// A message to the ACME desk, and where its rules send it.
fn route(subject: &str, text: &str, language: &str) -> Outcome {
    let (_, desk) = example("acme");
    let (account, headers) = ("support".parse::<AccountId>().expect("a key"), BTreeMap::new());
    let language: LanguageTag = language.parse().expect("a language");
    desk.rules.apply(&MessageFacts {
        subject,
        text,
        from: "kim@customer.example",
        to: "help@acme.example",
        language: Some(&language),
        channel: Channel::Email,
        account: &account,
        headers: &headers,
        has_attachments: false,
        size: 2000,
    })
}

#[test]
fn the_rules_of_acme_understand_six_languages() {
    for (subject, text, language, matched) in [
        ("Rechnung 4711", "Der Betrag wurde doppelt abgebucht.", "de", "invoices"),
        ("Question", "J'ai été débité deux fois ce mois-ci.", "fr", "invoices"),
        ("Batería", "La BATERÍA de mi cortacésped no carga.", "es", "repairs"),
        ("Rimborso", "Vorrei un rimborso.", "it", "refunds"),
        ("Zwrot towaru", "Chcę zwrócić nożyce.", "pl", "returns"),
        ("Where is it?", "No tracking number yet.", "en", "where-is-my-order"),
        ("Vraag", "Waar blijft mijn pakket?", "nl", "other-languages"),
        ("Help!", "The battery is on fire", "en", "safety"),
        ("SEO offer", "We bring you to page one.", "en", "advertising"),
    ] {
        let outcome = route(subject, text, language);
        assert!(
            outcome.matched.iter().any(|rule| rule == matched),
            "{subject}: {:?}",
            outcome.matched
        );
        assert_eq!(outcome.problems, [], "{subject}");
    }
    assert_eq!(
        route(
            "Gebrauchsanweisung",
            "Ich brauche sie. Mein Manufacturer schweigt.",
            "de"
        )
        .matched,
        [""; 0]
    );
}

#[test]
fn every_ticket_that_a_rule_of_acme_makes_can_be_served_in_every_language() {
    let (_, desk) = example("acme");
    for rule in desk.rules.iter().filter(|rule| rule.then.unrouted.is_none()) {
        let queues = desk
            .queues
            .iter()
            .filter(|queue| rule.then.queue.as_ref().is_none_or(|id| *id == queue.policy.id));
        for (queue, language) in queues.flat_map(|queue| desk.languages.iter().map(move |language| (queue, language))) {
            let is_able = |agent: &Agent| {
                let needed = queue.policy.skills.iter().chain(&rule.then.skills);
                agent.profile.teams.iter().any(|team| queue.policy.teams.contains(team))
                    && agent
                        .profile
                        .languages
                        .iter()
                        .any(|(spoken, level)| spoken.serves(language) && *level >= desk.min_proficiency)
                    && needed
                        .into_iter()
                        .all(|(skill, level)| agent.profile.skills.get(skill).is_some_and(|own| own >= level))
            };
            assert!(
                desk.agents.iter().any(is_able),
                "{} in {} and {language}",
                rule.name,
                queue.policy.id
            );
        }
    }
}

#[test]
fn acme_has_a_dozen_agents_and_every_address_leads_to_an_account() {
    let (text, desk) = example("acme");
    assert_eq!(desk.agents.len(), 12);
    let address = "Rechnung@ACME.example".parse().expect("an address");
    assert_eq!(desk.account_of(&address).map(|(id, _)| id.as_str()), Some("billing"));
    assert_eq!(
        desk.account_of(&"nobody@acme.example".parse().expect("an address")),
        None
    );
    let compiled = format!("{:?}", compile(&desk, &text));
    for agent in &desk.agents {
        assert!(!compiled.contains(&agent.name), "{} was compiled", agent.name);
    }
    assert!(!compiled.contains('@'));
}
