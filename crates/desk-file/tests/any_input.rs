//! Whatever text comes in, reading it ends soon and without a panic.

use std::time::Duration;

use proptest::prelude::*;
use tandem_desk_file::{MAX_SIZE, parse};

const BASE: &str = include_str!("faults/base.yaml");
const PROMISES: &str = include_str!("faults/promises.yaml");
const ROUTING: &str = include_str!("faults/routing.yaml");

/// Far more than any text takes, far less than a text would that makes work grow with its square.
const SOON: Duration = Duration::from_secs(30);

/// Reads a text in a thread of its own, with the stack that a server's thread has.
fn ends_soon(name: &str, text: String) {
    let (done, end) = std::sync::mpsc::channel();
    let read = move || done.send(parse(&text).err().map_or(0, |faults| faults.len()));
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(read)
        .expect("a thread");
    let faults = end
        .recv_timeout(SOON)
        .unwrap_or_else(|_| panic!("{name}: still busy after {SOON:?}, or panicked"));
    assert!(faults > 0, "{name} is no desk file");
    thread.join().expect("no panic").expect("somebody listened");
}

/// As often as it fits into the largest file, behind something that makes it YAML.
fn filled(start: &str, repeated: &str) -> String {
    format!("{start}{}", repeated.repeat((MAX_SIZE - start.len()) / repeated.len()))
}

fn numbered(start: &str, each: impl Fn(usize) -> String) -> String {
    let mut text = start.to_owned();
    for number in 0.. {
        let next = each(number);
        if text.len() + next.len() > MAX_SIZE {
            break;
        }
        text.push_str(&next);
    }
    text
}

#[test]
fn the_largest_files_are_read_soon() {
    for (name, text) in [
        ("open lists", filled("a: ", "[")),
        ("open tables", filled("a: ", "{a: ")),
        ("nested lists", filled("", "- ")),
        ("questions", filled("", "? ")),
        ("anchors", filled("a: [", "&a a, ")),
        ("alias bomb", format!("a: &a [x, x]\n{}", filled("b: [*a", ", *a"))),
        ("tags", filled("a: [", "!t x, ")),
        ("one long key", filled("", "k")),
        ("one long line", filled("a: \"", "x ")),
        ("spaces", filled("a:\n", " ")),
        ("tabs", filled("a:\n", "\t")),
        ("empty lines", filled("a: |\n", "\n")),
        ("comments", filled("", "#")),
        ("documents", filled("", "---\n")),
        ("directives", filled("", "%TAG ! x\n")),
        ("the same key", filled("", "desk: a\n")),
        ("carriage returns", filled("a: ", "\r")),
        ("zeros", filled("a: ", "\0")),
        ("quotes", filled("a: ", "'")),
        ("escapes", filled("a: \"", "\\u00e9")),
        ("colons", filled("", ": ")),
        ("unknown keys", numbered("", |number| format!("k{number}: 1\n"))),
        ("skills", numbered("skills:\n", |number| format!("  s{number}:\n"))),
    ] {
        ends_soon(name, text);
    }
}

#[test]
fn the_largest_desks_are_checked_soon() {
    let keys = |prefix: &str, count: usize| (0..count).map(|number| format!("{prefix}{number}")).collect::<Vec<_>>();
    let teams = keys("t", 1000);
    let skills = keys("s", 1000);
    let start = format!(
        "desk: big\nlanguages: [en]\nskills: {{{}: }}\nteams: {{{}: }}\nchannels: {{email: {{accounts: {{}}}}}}\n",
        skills.join(": , "),
        teams.join(": , "),
    );
    let queue = format!("  q: {{teams: [{}], skills: {{s9: 5}}}}\n", teams.join(", "));
    let agents = numbered(&format!("{start}queues:\n{queue}agents:\n"), |number| {
        format!(
            "  a{number}: {{teams: [{}], languages: {{en: C2}}}}\n",
            teams[..90].join(", ")
        )
    });
    ends_soon("agents in many teams", agents);
    let wrong = numbered(&format!("{start}agents:\n"), |number| {
        format!("  a{number}: {{teams: [tt{number}, u{number}]}}\n")
    });
    ends_soon("unknown teams", wrong);
    let rule = "  - {when: 'message.text.matches(\"(?i)\\\\w{50}\")', stop: true}\n";
    ends_soon(
        "rules with large patterns",
        format!("{start}rules:\n{}", rule.repeat(200)),
    );
}

#[test]
fn the_largest_promises_are_checked_soon() {
    let queues: Vec<String> = (0..1000).map(|number| format!("q{number}")).collect();
    let climbs = |number: usize| {
        format!(
            "  q{number}: {{teams: [t], tier: 2, next_tier: q{}}}\n",
            (number + 1) % 1000
        )
    };
    let rungs = |number: usize| {
        format!(
            "    - {{at: breach + {number}m, move_to: {{queue: q{}}}}}\n",
            number * 7
        )
    };
    let start = format!(
        "desk: big\nlanguages: [en]\nteams: {{t: }}\nchannels: {{email: {{accounts: {{}}}}}}\nagents: {{a: {{teams: t, languages: {{en: C2}}}}}}\nqueues:\n{}ladders:\n  up: [{{at: breach, move_to: {{tier: 3}}}}]\n  far:\n{}",
        (0..1000).map(climbs).collect::<String>(),
        (1..=10).map(rungs).collect::<String>(),
    );
    let policies = (0..100).map(|number| {
        format!(
            "  - {{name: p{number}, queues: [{}], targets: {{accept: 1h, resolution: 2h}}, ladders: {{accept: far, resolution: far}}}}\n",
            queues.join(", ")
        )
    });
    let text = format!("{start}sla:\n{}", policies.collect::<String>());
    assert!(text.len() < MAX_SIZE);
    ends_soon("ladders of many queues", text.clone());
    // Without the tiers that lead nowhere, nothing is wrong but the circles.
    let text = text
        .replace(", tier: 2, next_tier: ", "} # ")
        .replace("  up: [{at: breach, move_to: {tier: 3}}]\n", "");
    ends_soon("moves in circles", text);
}

#[test]
fn the_largest_requirements_are_checked_soon() {
    let agent = |n: usize| {
        format!(
            "  a{n}: {{teams: t, languages: {{en: C2}}, mentor: a{}}}\n",
            (n + 1) % 5000
        )
    };
    let agents = (0..5000).map(agent).collect::<Vec<_>>().concat();
    let start = format!(
        "desk: big\nlanguages: [en]\nskills: {{x: , y: }}\nteams: {{t: }}\nchannels: {{email: {{accounts: {{}}}}}}\nagents:\n{agents}queues:\n"
    );
    let choices: Vec<String> = (0..8)
        .map(|n| format!("(x == {} or agent == a{n} or y >= 2 and y < 2)", n % 5))
        .collect();
    let asked = choices.join(" and ");
    let steps = format!(
        "{{name: s1, require: {asked}, for: 1s}}, {{name: s2, prefer: [a1], require: not ({asked}), for: 1s}}, {{name: s3}}"
    );
    let text = numbered(&start, |n| {
        format!("  q{n}: {{teams: t, require: {asked}, steps: [{steps}]}}\n")
    });
    ends_soon("many steps of many queues", text);
    let text = numbered(&start, |n| {
        format!(
            "  q{n}: {{teams: t, steps: [{{name: s, require: {}x, for: 1s}}]}}\n",
            "not (".repeat(200)
        )
    });
    ends_soon("deep requirements", text);
    let names: Vec<String> = (0..200).map(|n| format!("b{n}")).collect();
    let text = numbered(&start, |n| {
        format!("  q{n}: {{teams: t, require: 'agent in [{}]'}}\n", names.join(", "))
    });
    ends_soon("unknown agents", text);
}

/// A text that is nearly a desk file: pieces of a base file cut out, doubled, and replaced by others.
fn nearly_a_desk() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[-\\[\\]{}:,&*!|>'\"%@`#? \n\t]{1,4}",
        prop::sample::select(vec![
            "null",
            "~",
            "75%",
            "24:00-00:00",
            "02-29",
            "true",
            "-1",
            "1e9",
            "0x10",
            ".nan",
            "*a",
            "&a ",
            "<<: ",
            "\u{feff}",
            "---\n",
            "message.",
            " and ",
            " not (",
            "100%",
            "nobody_online"
        ])
        .prop_map(str::to_owned),
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, piece), 1..6);
    (prop::sample::select(vec![BASE, PROMISES, ROUTING]), edits).prop_map(|(base, edits)| {
        edits.into_iter().fold(base.to_owned(), |text, (at, length, piece)| {
            let start = text.floor_char_boundary(at.index(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            format!("{}{piece}{}", &text[..start], &text[end..])
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_a_desk_or_has_faults(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn any_condition_is_accepted_or_has_faults_within_it(condition in "[a-z.()\\[\\]\"'!&|=<>+*/%?: 0-9é-]{0,60}") {
        let text = BASE.replace("message.subject.contains(\"invoice\")", &format!("|\n      {condition}"));
        check(&text)?;
    }

    #[test]
    fn any_change_of_a_desk_is_a_desk_or_has_faults(text in nearly_a_desk()) {
        check(&text)?;
    }
}

/// A desk, or faults in the order of the text and all within it.
fn check(text: &str) -> Result<(), TestCaseError> {
    if let Err(faults) = parse(text) {
        prop_assert!(!faults.is_empty());
        prop_assert!(faults.is_sorted_by_key(|fault| (fault.line, fault.column)));
        let lines = u32::try_from(text.split(['\n', '\r']).count()).unwrap_or(u32::MAX);
        for fault in faults {
            prop_assert!(
                (1..=lines + 1).contains(&fault.line) && fault.column >= 1,
                "{fault} in {lines} lines"
            );
            prop_assert!(!fault.message.is_empty());
        }
    }
    Ok(())
}
