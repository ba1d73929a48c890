//! What rules see, what they do, and that a mistake in one never costs a message.

use std::collections::BTreeMap;
use std::fmt::Write;

use tandem_desk_file::rules::ProblemKind;
use tandem_desk_file::{Fault, MessageFacts, Outcome, Rules, parse};
use tandem_domain::{AccountId, Channel, Priority};

const DESK: &str = "desk: acme\nlanguages: [de, en, el]\nskills: {billing: , returns: }\nteams: {all: }\n\
    channels: {email: {accounts: {support: {addresses: a@acme.example, queue: general}}}}\n\
    agents: {ana: {teams: all, skills: {billing: 5, returns: 5}, languages: {de: C2, en: C2, el: C2}}}\n\
    queues: {general: {teams: all}, vip: {teams: all}}\nrules:\n";

fn rules(yaml: &str) -> Result<Rules, Vec<Fault>> {
    parse(&format!("{DESK}{yaml}")).map(|desk| desk.rules)
}

/// A message that fits or does not: subject, text and headers as given.
fn apply(rules: &Rules, subject: &str, text: &str, headers: &[(&str, &str)]) -> Outcome {
    let account: AccountId = "support".parse().expect("a key");
    let language = "de-AT".parse().expect("a language");
    let headers: BTreeMap<String, String> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    rules.apply(&MessageFacts {
        subject,
        text,
        from: "Kim@Shop.Example",
        to: "a@acme.example",
        language: Some(&language),
        channel: Channel::Email,
        account: &account,
        headers: &headers,
        has_attachments: true,
        size: 2048,
    })
}

/// Whether a condition fits a message.
fn fits(condition: &str, subject: &str, text: &str, headers: &[(&str, &str)]) -> bool {
    let yaml = format!(
        "  - when: |\n      {}\n    stop: true\n",
        condition.replace('\n', "\n      ")
    );
    let rules = rules(&yaml).unwrap_or_else(|faults| panic!("{condition}: {}", faults[0]));
    let outcome = apply(&rules, subject, text, headers);
    assert_eq!(outcome.problems, [], "{condition}");
    !outcome.matched.is_empty()
}

#[test]
fn every_field_of_a_message_can_be_asked() {
    for condition in [
        r#"message.subject == "Hallo""#,
        r#"message.text.contains("Welt")"#,
        r#"message.from == "kim@shop.example""#,
        r#"message.from_domain == "shop.example""#,
        r#"message.to.startsWith("a@")"#,
        r#"message.language == "de-AT""#,
        r#"message.language.startsWith("de")"#,
        r#"message.channel == "email""#,
        r#"message.account in ["support", "sales"]"#,
        r#"message.headers["x-prio"] == "1""#,
        r#"message.headers.precedence == "bulk""#,
        r"message.has_attachments",
        r"message.size > 2 * 1000 && message.size < 3000",
    ] {
        assert!(
            fits(
                condition,
                "Hallo",
                "Hallo Welt",
                &[("x-prio", "1"), ("precedence", "bulk")]
            ),
            "{condition}"
        );
        assert!(
            !fits(
                &format!("!({condition})"),
                "Hallo",
                "Hallo Welt",
                &[("x-prio", "1"), ("precedence", "bulk")]
            ),
            "{condition}"
        );
    }
}

#[test]
fn patterns_know_every_script_and_case() {
    let condition = r#"message.subject.matches("(?i)rechnung|invoice|τιμολόγιο|zürich")"#;
    for subject in ["Ihre RECHNUNG 17", "re: Invoice", "ΤΙΜΟΛΌΓΙΟ", "aus ZÜRICH"] {
        assert!(fits(condition, subject, "", &[]), "{subject}");
    }
    assert!(!fits(condition, "Rechner", "", &[]));
    assert!(fits(r#"message.subject.matches(r"^\w+\s\d{2}$")"#, "Größe 42", "", &[]));
    assert!(fits(r"message.subject.size() == 3", "aß😀", "", &[]));
}

#[test]
fn an_absent_header_is_empty_text() {
    assert!(fits(r#"message.headers["x-spam"] == """#, "", "", &[]));
    assert!(fits(r"message.headers.list_id.size() == 0", "", "", &[]));
    assert!(fits(
        r#"!("x-spam" in message.headers) && !has(message.headers.spam)"#,
        "",
        "",
        &[]
    ));
    assert!(fits(
        r#""x-spam" in message.headers && message.headers.exists(name, name.startsWith("x-"))"#,
        "",
        "",
        &[("x-spam", "")]
    ));
    assert!(fits(
        r#"message.headers.exists(name, message.headers[name] == "yes")"#,
        "",
        "",
        &[("x-spam", "yes")]
    ));
}

#[test]
fn lists_can_be_gone_through() {
    assert!(fits(
        r#"["a", "b"].exists(word, message.text.contains(word))"#,
        "",
        "xbx",
        &[]
    ));
    assert!(!fits(
        r#"["a", "b"].all(word, message.text.contains(word))"#,
        "",
        "xbx",
        &[]
    ));
    assert!(fits(
        r#"["a", "b"].exists_one(word, message.text.matches("b") && message.text.contains(word))"#,
        "",
        "xbx",
        &[]
    ));
}

#[test]
fn later_rules_decide_levels_rise_and_tags_add_up() {
    let rules = rules(
        "  - {name: one, when: 'true', then: {queue: general, priority: high, skills: {billing: 3}, tags: [a], language: de}}\n  \
         - {name: two, when: 'true', then: {queue: vip, skills: {billing: 1, returns: 2}, tags: [b]}}\n  \
         - {name: three, when: 'false', then: {queue: general, tags: [c]}}\n  \
         - {name: four, when: 'true', then: {priority: low, language: en, unrouted: spam}, stop: true}\n  \
         - {name: five, when: 'true', then: {priority: urgent}}\n",
    )
    .expect("rules");
    let outcome = apply(&rules, "", "", &[]);
    assert_eq!(outcome.matched, ["one", "two", "four"]);
    assert_eq!(outcome.queue.map(|queue| queue.to_string()).as_deref(), Some("vip"));
    assert_eq!(outcome.priority, Some(Priority::Low));
    let skills: Vec<(String, u8)> = outcome
        .skills
        .iter()
        .map(|(skill, level)| (skill.to_string(), level.get()))
        .collect();
    assert_eq!(skills, [("billing".to_owned(), 3), ("returns".to_owned(), 2)]);
    assert_eq!(
        outcome.tags.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert_eq!(
        outcome.language.map(|language| language.to_string()).as_deref(),
        Some("en")
    );
    assert_eq!(outcome.unrouted.as_deref(), Some("spam"));
}

#[test]
fn without_rules_everything_is_left_open() {
    assert_eq!(apply(&Rules::default(), "a", "b", &[]), Outcome::default());
}

#[test]
fn a_rule_that_cannot_be_decided_is_passed_over_and_named() {
    let rules = rules(
        "  - {name: broken, when: 100 / (message.size - 2048) > 1, then: {queue: vip}, stop: true}\n  \
         - {name: huge, when: message.size * 9223372036854775807 > 1, then: {queue: vip}}\n  \
         - {name: fine, when: 'true', then: {queue: general}}\n",
    )
    .expect("rules");
    let outcome = apply(&rules, "secret words", "", &[]);
    assert_eq!(outcome.matched, ["fine"]);
    let problems: Vec<_> = outcome
        .problems
        .iter()
        .map(|problem| (problem.rule.as_str(), problem.kind))
        .collect();
    assert_eq!(
        problems,
        [("broken", ProblemKind::Failed), ("huge", ProblemKind::Failed)]
    );
}

#[test]
fn rules_that_cost_too_much_are_passed_over_and_named() {
    let words: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let costly = format!("[{}].exists(x, message.text.matches(\"needle$\"))", words.join(","));
    let yaml: String = (0..11).fold(String::new(), |yaml, _| {
        yaml + &format!("  - {{when: '{costly}', stop: true}}\n")
    });
    let rules = rules(&format!(
        "{yaml}  - {{name: cheap, when: message.size > 1, then: {{queue: vip}}}}\n"
    ))
    .expect("rules");
    let outcome = apply(&rules, "", &"x".repeat(64 * 1024), &[]);
    assert_eq!(outcome.matched, ["cheap"]);
    let problems: Vec<_> = outcome
        .problems
        .iter()
        .map(|problem| (problem.rule.as_str(), problem.kind))
        .collect();
    assert_eq!(problems, [("rule-11", ProblemKind::TooCostly)]);
}

#[test]
fn too_many_rules_or_patterns_are_refused() {
    let rule = "  - {when: 'true', stop: true}\n";
    let faults = rules(&rule.repeat(201)).expect_err("too many rules");
    assert!(
        faults[0].message.starts_with("201 rules: at most 200 are allowed"),
        "{}",
        faults[0]
    );
    let rule = "  - {when: 'message.text.matches(\"a\") || message.text.matches(\"b\")', stop: true}\n";
    let faults = rules(&rule.repeat(160)).expect_err("too many patterns");
    let expected = "9:3 rules: 320 patterns in `matches`: at most 300 are allowed; join some with `|`";
    assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
}

#[test]
fn rules_see_the_beginning_of_a_long_text() {
    let seen = format!("{}needle", "é".repeat(30_000));
    let unseen = format!("{}needle", "é".repeat(40_000));
    assert!(fits(r#"message.text.contains("needle")"#, "", &seen, &[]));
    assert!(!fits(r#"message.text.contains("needle")"#, "", &unseen, &[]));
    assert!(
        fits(r#"message.text.endsWith("é")"#, "", &unseen, &[]),
        "no character is cut in half"
    );
}

#[test]
fn conditions_that_could_only_fail_are_refused_when_the_file_is_read() {
    for (condition, expected) in [
        ("message", "`message` is no value itself"),
        ("message.subject", "a condition must be true or false, and this is text"),
        (
            "subject == \"a\"",
            "unknown variable `subject`: use `message` and its fields; did you mean `message.subject`?",
        ),
        (
            "messag.subject == \"a\"",
            "unknown variable `messag`: use `message` and its fields; did you mean `message`?",
        ),
        ("message.subject.lenght > 1", "text has no field `lenght`"),
        ("message.subject > 3", "`>` cannot be used on text and a number"),
        (
            "message.subject + \"a\" == \"b\"",
            "`+` cannot be used on text and text",
        ),
        (
            "message.subject.contians(\"x\")",
            "unknown function `contians`: use contains, ",
        ),
        (
            "message.subject.contains(1)",
            "`contains` cannot be used on text with (a number)",
        ),
        (
            "message.subject.matches(message.text)",
            "a pattern must be a text in quotes",
        ),
        (
            "message.subject.matches(\"a{9999}{9999}\")",
            "not a regular expression: ",
        ),
        (
            "message.subject.matches(\"(?=a)\")",
            "not a regular expression: look-around",
        ),
        ("timestamp(\"2020\") == 1", "unknown function `timestamp`"),
        (
            "[1].exists(a, [1].exists(b, a == b))",
            "`exists`, `all` and `exists_one` cannot stand within each other",
        ),
        (
            "[1].exists(a, true) || [1].exists(a, true) || [1].exists(a, true) || [1].all(a, true) || [1].all(a, true)",
            "at most 4 of `exists`, `all` and `exists_one` may stand in a condition",
        ),
        ("[1].map(a, a).size() == 1", "`map` and `filter` make lists"),
        ("[1, \"a\"].exists(a, true)", "a list must hold values of one kind"),
        (
            "message.headers[\"X-Spam\"] == \"a\"",
            "header names are in lower case here",
        ),
        ("\"X-Spam\" in message.headers", "header names are in lower case here"),
        ("has(message.subject)", "`message.subject` is always there"),
        ("message.size == 1.5", "rules know text, whole numbers"),
        ("{\"a\": 1}.size() == 1", "rules know text, whole numbers"),
        (
            "message.size ? true : false",
            "`?:` cannot be used on a number and true or false and true or false",
        ),
        ("message.subject.contains(\"a\"", "not CEL: "),
    ] {
        let faults = rules(&format!("  - when: |\n      {condition}\n    stop: true\n")).expect_err(condition);
        assert!(
            faults[0].message.starts_with(expected),
            "{condition}: {}",
            faults[0].message
        );
        assert_eq!(
            (faults[0].line, faults[0].path.as_str()),
            (10, "rules[0].when"),
            "{condition}"
        );
    }
}

#[test]
fn a_fault_in_a_condition_has_its_place_however_the_text_is_written() {
    let wrong = "message.subjct";
    for (yaml, line, column) in [
        (format!("  - {{when: {wrong} == 'a', stop: true}}\n"), 9, 20),
        (format!("  - when: \"'ü\\\"' == {wrong}\"\n    stop: true\n"), 9, 29),
        (
            format!("  - when: \"'ü€' == 'é' &&& {wrong}\"\n    stop: true\n"),
            9,
            26,
        ),
        (format!("  - when: '\"it''s\" == {wrong}'\n    stop: true\n"), 9, 31),
        (
            format!("  - when: true &&\n          {wrong} == 'a'\n    stop: true\n"),
            10,
            19,
        ),
        (
            format!("  - when: |-\n      true &&\n        {wrong} == 'a'\n    stop: true\n"),
            11,
            17,
        ),
        (
            format!("  - when: >\n      true &&\n\n      {wrong} == 'a'\n    stop: true\n"),
            12,
            15,
        ),
    ] {
        let faults = rules(&yaml).expect_err("an unknown field");
        assert_eq!((faults[0].line, faults[0].column), (line, column), "{yaml}");
    }
}

/// A thread of a server has 2 MiB of stack; running out of it ends the whole process.
#[test]
fn no_condition_exhausts_the_stack() {
    let open = |count: usize| format!("{}true{}", "(".repeat(count), ")".repeat(count));
    let conditions: Vec<String> = [
        open(20),
        open(24),
        open(2000),
        format!("{}true", "!".repeat(4000)),
        format!("{}1 == 1", "-".repeat(4000)),
        format!("message{}", ".a".repeat(2000)),
        format!("message{}", ".a()".repeat(1000)),
        format!("1{} == 1", " + 1".repeat(1000)),
        format!("true{}", " || true".repeat(500)),
        format!("true{}", " ? true : true".repeat(280)),
        format!("1{}", " == 1".repeat(800)),
        format!("[{}].exists(x, x == 1)", "1,".repeat(1900)),
        "[".repeat(4000),
        "{".repeat(4000),
        "\"".repeat(4000),
        "a(".repeat(1300),
        "[1].all(x, ".repeat(300),
    ]
    .into();
    let run = move || {
        conditions
            .iter()
            .map(|condition| rules(&format!("  - when: |\n      {condition}\n    stop: true\n")).is_ok())
            .collect::<Vec<_>>()
    };
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .expect("a thread");
    let accepted = thread.join().expect("no panic");
    assert_eq!(accepted.iter().filter(|accepted| **accepted).count(), 5, "{accepted:?}");
}

#[test]
fn names_of_rules_are_given_or_counted() {
    let mut yaml = String::new();
    for name in ["", "name: spam, "] {
        writeln!(yaml, "  - {{{name}when: 'true', stop: true}}").expect("a string takes everything");
    }
    let rules = rules(&yaml).expect("rules");
    assert_eq!(
        rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(),
        ["rule-1", "spam"]
    );
}
