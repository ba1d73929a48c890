//! Every kind of fault is reported at the exact place of the text, says what is allowed and what was likely meant.

#[path = "faults/cases.rs"]
mod cases;

use cases::Case;
use tandem_desk_file::parse;

const BASE: &str = include_str!("faults/base.yaml");

fn check(cases: &[Case]) {
    cases::check(BASE, cases);
}

#[test]
fn the_base_file_is_faultless() {
    assert_eq!(parse(BASE).map(|desk| desk.warnings), Ok(Vec::new()));
}

#[test]
fn the_desk_itself() {
    check(&[
        ("desk: acme\n", "", &["1:1 `desk` is missing: such as `desk: acme`"]),
        (
            "desk: acme\n",
            "desk: Acme Inc\n",
            &["1:7 desk: `Acme Inc` is not a key: use 1 to 63 of a-z, 0-9, - and _, starting with a letter or digit"],
        ),
        (
            "desk: acme\n",
            "desk: [acme]\n",
            &["1:7 desk: this must be text, not a list"],
        ),
        (
            "desk: acme\n",
            "desk: {a: b}\n",
            &["1:7 desk: this must be text, not a table of keys"],
        ),
        (
            "name: ACME\n",
            "nmae: ACME\n",
            &["2:1 nmae: unknown key `nmae`: use desk, name, timezone, languages, def…; did you mean `name`?"],
        ),
        (
            "Europe/Berlin",
            "Europe/Berln",
            &["3:11 timezone: unknown time zone `Europe/Berln`: use an IANA name such…; did you mean `Europe/Berlin`?"],
        ),
        (
            "languages: [de, en]\n",
            "",
            &["1:1 `languages` is missing: such as `languages: [en, de]`"],
        ),
        (
            "languages: [de, en]\n",
            "languages: [de, en, de, x, deutsch-]\n",
            &[
                "4:21 languages[2]: `de` stands here a second time",
                "4:25 languages[3]: `x` is not a language tag (BCP 47), such as de, pt-BR or zh-Hant",
                "4:28 languages[4]: `deutsch-` is not a language tag (BCP 47), such as de, pt-BR or zh-Hant",
            ],
        ),
        (
            "default_language: en",
            "default_language: fr",
            &["5:19 default_language: `fr` is none of the desk's `languages`: use de or en or add it there"],
        ),
        (
            "min_proficiency: B2",
            "min_proficiency: B7",
            &["6:18 min_proficiency: unknown proficiency `B7`: use A1, A2, B1, B2, C1 or C2"],
        ),
        (
            "language_threshold: 0.5",
            "language_threshold: 5",
            &["7:21 language_threshold: this must be a number from 0 to 1, such as 0.5"],
        ),
        (
            "language_threshold: 0.5",
            "language_threshold: \"0.5\"",
            &["7:21 language_threshold: this must be a number from 0 to 1, such as 0.5"],
        ),
        (
            "close_after: 7d",
            "close_after: 7 days",
            &["8:14 close_after: this must be a duration from 1h to 365d: a whole num…"],
        ),
        (
            "close_after: 7d",
            "close_after: 900d",
            &["8:14 close_after: this must be a duration from 1h to 365d: a whole num…"],
        ),
    ]);
}

#[test]
fn skills_and_teams() {
    check(&[
        (
            "  orders:\n",
            "  Orders: x\n",
            &["11:3 skills.Orders: `Orders` is not a key: use 1 to 63 of a-z, 0-9, - …"],
        ),
        (
            "  tier2:\n",
            "  tier2:\n  tier3:\n",
            &["15:3 teams.tier3: nobody is in the team `tier3`: name it under an agent's `teams`, or remove it"],
        ),
        (
            "  tier2:\n",
            "  tier2: Second\n",
            &["14:10 teams.tier2: this must be a table of keys, such as `key: value`"],
        ),
    ]);
}

#[test]
fn channels_and_accounts() {
    check(&[
        (
            "  email:\n",
            "  emial:\n",
            &["16:3 channels.emial: unknown channel `emial`: use email, chat, phone o…; did you mean `email`?"],
        ),
        (
            "    units: 1\n",
            "    units: 0\n",
            &["17:12 channels.email.units: this must be a whole number from 1 to 100"],
        ),
        (
            "    hold_units: 0",
            "    hold_units: 2",
            &["18:17 channels.email.hold_units: a ticket on hold cannot cost more units than it does otherwise, 1"],
        ),
        (
            "offer_ttl: 90s",
            "offer_ttl: 1s",
            &["19:16 channels.email.offer_ttl: this must be a duration from 5s to 1d:…"],
        ),
        (
            "offer_ttl: 90s",
            "ofer_ttl: 90s",
            &["19:5 channels.email.ofer_ttl: unknown key `ofer_ttl`: use accounts, un…; did you mean `offer_ttl`?"],
        ),
        (
            "hallo@acme.example",
            "help@Acme.Example",
            &["22:40 channels.email.accounts.support.addresses[1]: `help@acme.example…"],
        ),
        (
            "hallo@acme.example",
            "hallo@acme@example",
            &["22:40 channels.email.accounts.support.addresses[1]: `hallo@acme@exampl…"],
        ),
        (
            "        queue: general",
            "        queue: genral",
            &["23:16 channels.email.accounts.support.queue: unknown queue `genral`: u…; did you mean `general`?"],
        ),
        (
            "[help@acme.example, hallo@acme.example]",
            "[]",
            &["22:20 channels.email.accounts.support.addresses: an email account needs at least one address"],
        ),
        (
            "{line: {queue: general}}",
            "{support: {queue: general}}",
            &["25:25 channels.phone.accounts.support: the account `support` stands in…"],
        ),
        (
            "{line: {queue: general}}",
            "{line: {queue: general, addresses: a@b}}",
            &["25:39 channels.phone.accounts.line.addresses: unknown key `addresses`: use queue"],
        ),
        (
            "{line: {queue: general}}",
            "{line: {}}",
            &["25:22 channels.phone.accounts.line: `queue` is missing: such as `queue: support`"],
        ),
    ]);
}

#[test]
fn agents() {
    check(&[
        (
            "    units: 1\n",
            "    units: 4\n",
            &[
                "32:15 agents.ana.capacity: a capacity of 3 is below the 4 units of one…",
                "35:5 agents.ben: a capacity of 2 is below the 4 units of one email tic…",
            ],
        ),
        (
            "    teams: [tier1]\n    skills: {billing: 3}",
            "    teams: [tier1, tier9]\n    skills: {billing: 3}",
            &["29:20 agents.ana.teams[1]: unknown team `tier9`: use tier1 or tier2; did you mean `tier2`?"],
        ),
        (
            "    teams: [tier1]\n    skills: {billing: 3}",
            "    teams: []\n    skills: {billing: 3}",
            &["29:12 agents.ana.teams: at least one team must stand here"],
        ),
        (
            "    teams: [tier1]\n    skills: {billing: 3}",
            "    skills: {billing: 3}",
            &["28:5 agents.ana: `teams` is missing: such as `teams: [support]`"],
        ),
        (
            "{billing: 3}",
            "{biling: 3}",
            &["30:14 agents.ana.skills.biling: unknown skill `biling`: use billing or…; did you mean `billing`?"],
        ),
        (
            "{billing: 3}",
            "{billing: 6}",
            &["30:23 agents.ana.skills.billing: this must be a whole number from 1 to 5"],
        ),
        (
            "{billing: 3}",
            "{billing: high}",
            &["30:23 agents.ana.skills.billing: this must be a whole number from 1 to 5"],
        ),
        (
            "{billing: 3}",
            "[billing]",
            &["30:13 agents.ana.skills: this must be a table of keys, such as `key: value`"],
        ),
        (
            "{de: C2, en: B2}",
            "{de: D1, en: B1}",
            &["31:21 agents.ana.languages.de: unknown proficiency `D1`: use A1, A2, B1, B2, C1 or C2"],
        ),
        (
            "{de: C2, en: B2}",
            "{dee: C2, en: B1}",
            &["31:17 agents.ana.languages.dee: `dee` is none of the desk's `languages…; did you mean `de`?"],
        ),
        (
            "{de: C2, en: B2}",
            "{}",
            &["31:16 agents.ana.languages: an agent must speak at least one language"],
        ),
        (
            "capacity: 3",
            "capacity: 1",
            &["32:15 agents.ana.capacity: a capacity of 1 is below the 2 units of one…"],
        ),
        (
            "capacity: 3",
            "capacity: \"3\"",
            &["32:15 agents.ana.capacity: this must be a whole number from 1 to 1000"],
        ),
        (
            "{phone: 1}",
            "{fax: 1}",
            &["33:19 agents.ana.channel_max.fax: unknown channel `fax`: use email, chat, phone or social"],
        ),
        (
            "agents:\n",
            "agents: []\nagentss:\n",
            &[
                "26:9 agents: this must be a table of keys, such as `key: value`",
                "27:1 agentss: unknown key `agentss`: use desk, name, timezone, languag…; did you mean `agents`?",
            ],
        ),
    ]);
}

#[test]
fn queues() {
    check(&[
        (
            "    teams: [tier1, tier2]\n    aging",
            "    aging",
            &["39:5 queues.general: `teams` is missing: such as `teams: [support]`"],
        ),
        (
            "    teams: [tier1, tier2]\n",
            "    teams: [tier1, tier1]\n",
            &["39:20 queues.general.teams[1]: the team `tier1` stands here a second time"],
        ),
        (
            "aging: 1h",
            "aging: 1",
            &["40:12 queues.general.aging: this must be never, or a duration from 1m …"],
        ),
        (
            "max_missed: 3",
            "max_missed: 0",
            &["41:17 queues.general.max_missed: this must be a whole number from 1 to 100"],
        ),
        (
            "{billing: 2}",
            "{billing: 4}",
            &["43:5 queues.billing: nobody can ever serve this queue: no agent of its…"],
        ),
    ]);
}

#[test]
fn rules() {
    check(&[
        (
            "  - name: invoices",
            "  - name: In voices",
            &["46:11 rules[0].name: `In voices` is not a key: use 1 to 63 of a-z, 0-9…"],
        ),
        (
            "  - name: invoices",
            "  - name: rule-2",
            &["49:5 rules[1]: another rule is called `rule-2` already"],
        ),
        (
            "message.subject.contains(\"invoice\")",
            "message.subjct == \"x\"",
            &["47:19 rules[0].when: a message has no field `subjct`: use subject, tex…; did you mean `subject`?"],
        ),
        (
            "message.subject.contains(\"invoice\")",
            "message.subject.contains(",
            &["47:36 rules[0].when: not CEL: it ends too early"],
        ),
        (
            "message.subject.contains(\"invoice\")",
            r#""message.subject.matches(\"(?i)\u00e9(\")""#,
            &["47:37 rules[0].when: not a regular expression: unclosed group"],
        ),
        (
            "message.subject.contains(\"invoice\")",
            "7",
            &["47:11 rules[0].when: a condition must be true or false, and this is a number"],
        ),
        (
            "    when: message.subject.contains(\"invoice\")\n",
            "",
            &["46:5 rules[0]: `when` is missing: such as `when: message.subject.contains(\"invoice\")`"],
        ),
        (
            "{queue: billing, priority: high",
            "{queue: bill, priority: higher",
            &[
                "48:19 rules[0].then.queue: unknown queue `bill`: use general or billing; did you mean `billing`?",
                "48:35 rules[0].then.priority: unknown priority `higher`: use low, norm…; did you mean `high`?",
            ],
        ),
        (
            "tags: [invoice]",
            "tags: [In voice]",
            &["48:73 rules[0].then.tags[0]: `In voice` is not a key: use 1 to 63 of a…"],
        ),
        (
            "language: en}",
            "language: es}",
            &["48:93 rules[0].then.language: `es` is none of the desk's `languages`: use de or en or add it there"],
        ),
        (
            "    then: {unrouted: spam}\n",
            "    then: {}\n",
            &["50:11 rules[1].then: nothing stands here: such as `{queue: support}`"],
        ),
        (
            "    then: {unrouted: spam}\n    stop: true",
            "    stop: yes",
            &["50:11 rules[1].stop: this must be true or false"],
        ),
        (
            "    then: {unrouted: spam}\n    stop: true",
            "",
            &["49:5 rules[1]: this rule does nothing: it needs `then`, such as `then:…"],
        ),
        (
            "rules:\n",
            "rules: {}\nrulez:\n",
            &[
                "45:8 rules: this must be a list, such as [a, b]",
                "46:1 rulez: unknown key `rulez`: use desk, name, timezone, languages, …; did you mean `rules`?",
            ],
        ),
    ]);
}

#[test]
fn text_that_is_not_a_desk_file() {
    check(&[
        (
            "name: ACME\n",
            "name: ACME\nname: B\n",
            &["3:1 name: the key `name` stands here a second time: keep one of them"],
        ),
        (
            "  ben:\n    teams: tier2",
            "  ben:\n\tteams: tier2",
            &["35:1 a tab cannot indent YAML: use spaces"],
        ),
        (
            "  ben:\n    teams: tier2",
            "  ben: &b\n    teams: tier2",
            &["34:8 agents.ben: anchors (`&name`) are not supported: write the value out where it is needed"],
        ),
        (
            "  ben:\n    teams: tier2",
            "  ben: !x\n    teams: tier2",
            &["34:8 agents.ben: tags (`!name`) are not supported: leave it away"],
        ),
        (
            "  ben:\n    teams: tier2",
            "  ben: *b",
            &["34:8 not YAML: while parsing node, found unknown anchor"],
        ),
        (
            "    teams: tier2",
            "    ? [a]\n    : b\n    teams: tier2",
            &["35:7 agents.ben: a key must be plain text"],
        ),
        (
            "    teams: tier2",
            "    teams: \"tier2",
            &["35:12 not YAML: invalid indentation in quoted scalar"],
        ),
        (
            "    teams: tier2",
            "    teams: [[[[[[[[[[[[[[[[[[[[tier2]]]]]]]]]]]]]]]]]]]]",
            &["35:25 agents.ben.teams[0][0][0][0][0][0][0][0][0][0][0][0][0]: nested …"],
        ),
        (
            "rules:\n",
            "---\nrules:\n",
            &["45:1 a second document begins here: a desk file is one document"],
        ),
        (
            "desk: acme\n",
            "desk: acme\n<<: {a: b}\n",
            &["2:1 <<: unknown key `<<`: use desk, name, timezone, languages, default…"],
        ),
    ]);
}

#[test]
fn twenty_mistakes_are_reported_all_at_once() {
    let text = include_str!("faults/twenty.yaml");
    let faults = parse(text).expect_err("a file full of mistakes");
    let marked: Vec<u32> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| line.contains('#'))
        .map(|(number, _)| number)
        .collect();
    assert_eq!(marked.len(), 20);
    let lines: Vec<u32> = faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, marked, "one fault on each line with a comment");
}

#[test]
fn what_is_no_document_is_refused() {
    let cases = [
        ("", "1:1 the file is empty: it needs at least `desk: KEY`"),
        (
            "# only a comment\n",
            "1:1 the file is empty: it needs at least `desk: KEY`",
        ),
        ("---\n...\n", "1:1 the file is empty: it needs at least `desk: KEY`"),
        ("- a\n", "1:1 this must be a table of keys, such as `key: value`"),
        ("text", "1:1 this must be a table of keys, such as `key: value`"),
        (
            "desk: a\n---\ndesk: b\n",
            "2:1 a second document begins here: a desk file is one document",
        ),
    ];
    for (text, expected) in cases {
        let faults = parse(text).expect_err(text);
        assert_eq!(faults[0].to_string(), expected, "{text:?}");
    }
}

#[test]
fn a_byte_order_mark_and_foreign_line_ends_do_no_harm() {
    for text in [format!("\u{feff}{BASE}"), BASE.replace('\n', "\r\n")] {
        assert_eq!(parse(&text).map(|desk| desk.desk.to_string()), Ok("acme".to_owned()));
    }
}

#[test]
fn a_file_over_the_limit_is_refused_unread() {
    let text = format!("{BASE}# {}", "x".repeat(tandem_desk_file::MAX_SIZE));
    let faults = parse(&text).expect_err("too large");
    assert_eq!(faults.len(), 1);
    assert!(
        faults[0].message.ends_with("at most 1048576 are allowed"),
        "{}",
        faults[0]
    );
}

#[test]
fn endless_faults_end_with_their_number() {
    let unknown: Vec<String> = (0..700).map(|n| format!("key{n}: 1")).collect();
    let faults = parse(&format!("{BASE}{}", unknown.join("\n"))).expect_err("unknown keys");
    assert_eq!(faults.len(), 501);
    assert_eq!(faults[500].message, "and 200 more faults");
}

#[test]
fn the_desk_of_a_faulty_file_is_known() {
    let key = |text: &str| tandem_desk_file::desk_key(text);
    assert_eq!(key("# x\ndesk: acme # ours\nteams: [\n").as_deref(), Some("acme"));
    assert_eq!(key("desk: \"acme\"").as_deref(), Some("acme"));
    assert_eq!(key("desk: Acme Inc"), None);
    assert_eq!(key("  desk: acme"), None);
}

#[test]
fn a_language_in_which_nobody_serves_a_queue_is_a_warning() {
    let text = BASE
        .replace("languages: {en: C1}", "languages: {en: A2}")
        .replace("en: B2}", "en: B1}");
    let warnings = parse(&text).map(|desk| desk.warnings).expect("no fault");
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "39:5 queues.general: nobody who serves this queue speaks en at B2 or better",
            "43:5 queues.billing: nobody who serves this queue speaks en at B2 or better",
        ]
    );
}

#[test]
fn a_rule_that_asks_for_skills_that_nobody_has_is_a_warning() {
    let text = BASE.replace("skills: {billing: 1}", "skills: {billing: 1, orders: 1}");
    let warnings = parse(&text).map(|desk| desk.warnings).expect("no fault");
    assert_eq!(warnings.len(), 1);
    assert_eq!((warnings[0].line, warnings[0].path.as_str()), (48, "rules[0].then"));
    assert!(
        warnings[0].message.ends_with("it would wait for ever"),
        "{}",
        warnings[0]
    );
}

#[test]
fn a_queue_whose_agents_speak_no_language_well_enough_is_a_fault() {
    let text = BASE
        .replace("min_proficiency: B2", "min_proficiency: C2")
        .replace("{de: C2, en: B2}", "{de: C1}");
    let faults = parse(&text).expect_err("nobody serves anybody");
    assert_eq!(faults[0].path, "queues.general");
    assert!(
        faults[0].message.starts_with("nobody can ever serve this queue"),
        "{}",
        faults[0]
    );
}
