//! What is wrong with requirements and routing steps is reported at its exact place.

#[path = "faults/cases.rs"]
mod cases;

use tandem_desk_file::parse;

const BASE: &str = include_str!("faults/routing.yaml");

#[test]
fn faults_of_what_a_requirement_names() {
    cases::check(
        BASE,
        &[
            (
                "orders >= 2 and",
                "oders >= 2 and",
                &["45:14 queues.general.require: unknown skill `oders`: use billing or orders; did you mean `orders`?"],
            ),
            (
                "orders >= 2 and",
                "orders >= 9 and",
                &["45:24 queues.general.require: `9` is not a level here: use 0 to 5"],
            ),
            (
                "orders >= 2 and",
                "lang.fr and",
                &["45:14 queues.general.require: `fr` is none of the desk's `languages`: use de or en or add it there"],
            ),
            (
                "attr.vip == yes",
                "attr.vip == maybe",
                &["45:43 queues.general.require: unknown value `maybe`: use no or yes"],
            ),
            (
                "attr.vip == yes",
                "attr.vip >= 3",
                &["45:31 queues.general.require: `vip` is no number: compare it with no or yes"],
            ),
            (
                "attr.vip == yes",
                "attr.years == yes",
                &["45:45 queues.general.require: `years` is a number: compare it with one, such as `attr.years >= 3`"],
            ),
            (
                "attr.vip == yes",
                "attr.vpi == yes",
                &["45:43 queues.general.require: unknown attribute `vpi`: use vip or years"],
            ),
            (
                "attr.vip == yes or site == leeds",
                "agent == bne or team == teir1 or region == dahc or site == x",
                &[
                    "45:40 queues.general.require: unknown agent `bne`: use ana or ben",
                    "45:55 queues.general.require: unknown team `teir1`: use tier1 or tier2; did you mean `tier1`?",
                    "45:74 queues.general.require: unknown region `dahc`: use dach or uk; did you mean `dach`?",
                    "45:90 queues.general.require: unknown site `x`: use berlin or leeds",
                ],
            ),
        ],
    );
}

#[test]
fn faults_of_requirements_that_nobody_meets() {
    cases::check(
        BASE,
        &[
            (
                "orders >= 2 and",
                "orders >= 2 and orders < 1 and",
                &[
                    "45:30 queues.general.require: `orders >= 2` and `orders < 1` can never both hold: drop one, or join them with `or`",
                ],
            ),
            (
                "require: orders >= 2 and (attr.vip == yes or site == leeds)",
                "require: orders >= 3 and site == berlin",
                &[
                    "45:30 queues.general: nobody can ever serve this queue: no agent of its teams with its skills meets both `orders >= 3` and `site == berlin`",
                ],
            ),
            (
                "require: orders >= 2 and (attr.vip == yes or site == leeds)",
                "require: billing >= 5",
                &[
                    "45:14 queues.general: nobody can ever serve this queue: no agent of its teams with its skills meets `billing >= 5`",
                ],
            ),
            (
                "require: orders >= 2 and (attr.vip == yes or site == leeds)",
                "require: never",
                &["45:14 queues.general.require: this never holds: nobody could ever be offered a ticket"],
            ),
            (
                "require: orders >= 2 and (attr.vip == yes or site == leeds)",
                "require: (orders >= 3 or tier == 2) and (billing >= 3 or tier == 3) and orders",
                &[
                    "45:46 queues.general: nobody can ever serve this queue: no agent of its teams with its skills meets both `orders >= 3 or tier == 2` and `billing >= 3 or tier == 3`",
                ],
            ),
            (
                "require: billing >= 3, for: 2m",
                "require: billing >= 5, for: 2m",
                &[
                    "55:45 queues.general.steps[2]: nobody can ever serve this step: no agent of its teams with its skills meets `billing >= 5`",
                ],
            ),
        ],
    );
}

#[test]
fn faults_of_what_a_step_is_called_and_whom_it_is_for() {
    cases::check(
        BASE,
        &[
            (
                "{name: own, prefer: last_agent, for",
                "{prefer: last_agent, for",
                &["53:9 queues.general.steps[0]: `name` is missing: such as `name: experts`"],
            ),
            (
                "name: pair",
                "name: own",
                &["54:16 queues.general.steps[1].name: another step of this queue is called `own` already"],
            ),
            (
                "prefer: tandem",
                "prefer: tandm",
                &[
                    "54:30 queues.general.steps[1].prefer: unknown preference `tandm`: use last_agent, tandem, mentor, ana or ben; did you mean `tandem`?",
                ],
            ),
            (
                "prefer: [ana]",
                "prefer: [ben]",
                &[
                    "55:30 queues.general.steps[2].prefer[0]: `ben` can never serve this step: not in its teams, or without what it asks for",
                ],
            ),
            (
                "prefer: [ana]",
                "prefer: []",
                &["55:29 queues.general.steps[2].prefer: nobody is preferred: name agents, or leave `prefer` away"],
            ),
            (
                "{skills: drop, language: any}",
                "{skills: no, language: A9}",
                &[
                    "57:36 queues.general.steps[4].asks.skills: unknown word `no`: use keep or drop",
                    "57:50 queues.general.steps[4].asks.language: unknown proficiency `A9`: use A1, A2, B1, B2, C1, C2 or any",
                ],
            ),
            (
                "tandems: {north: [ana, ben]}\n",
                "",
                &[
                    "53:30 queues.general.steps[1].prefer: the desk has no `tandems`: name some, or prefer last_agent, mentor or agents",
                    "65:20 rules[0].then.tandem: unknown tandem `north`: the file defines none",
                ],
            ),
        ],
    );
}

#[test]
fn faults_of_how_long_a_step_lasts_and_when_it_is_passed_over() {
    cases::check(
        BASE,
        &[
            (
                "for: 2m}",
                "for: 0s}",
                &[
                    "55:64 queues.general.steps[2].for: this must be a time such as 2m (1s to 30d), working time such as 30m of CALENDAR, or a share of what is left to a target such as 20% of first_response (or accept)",
                ],
            ),
            (
                "for: 2m}",
                "for: 2m of ofice}",
                &["55:64 queues.general.steps[2].for: unknown calendar `ofice`: use office; did you mean `office`?"],
            ),
            (
                "for: 2m}",
                "for: 20% of accept}",
                &[
                    "55:9 queues.general.steps[2]: no policy with a target for `accept` fits this queue's tickets, so there is no time of which to take a share: add one, or write a time such as `for: 5m`",
                ],
            ),
            (
                ", for: 2m}",
                "}",
                &[
                    "55:9 queues.general.steps[2]: this step never ends, so those after it are never reached: give it a time, such as `for: 5m`",
                ],
            ),
            (
                "{name: all, asks",
                "{name: all, for: 5m, skip_if: nobody_online, prefer: last_agent, asks",
                &[
                    "57:26 queues.general.steps[4].for: the last step never ends: leave `for` away, or add a step for what comes then",
                    "57:39 queues.general.steps[4].skip_if: the last step cannot be passed over: nothing comes after it",
                    "57:62 queues.general.steps[4].prefer: the last step is for everybody who can serve the ticket: put `prefer` into a step before it",
                ],
            ),
            (
                "skip_if: nobody_online}",
                "skip_if: nobody}",
                &["53:78 queues.general.steps[0].skip_if: this must be nobody_online, or wait over 5m"],
            ),
        ],
    );
}

#[test]
fn a_requirement_of_ten_thousand_skills_is_refused_in_few_words() {
    let skills = (0..990).map(|n| format!("  s{n}:\n")).collect::<Vec<_>>().concat();
    let levels = |count: usize| {
        (0..count)
            .map(|n| format!("s{}: 1", n % 990))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let with = |part: &str, written: String| {
        let text = BASE.replace(
            "skills: {billing: Invoices, orders: Orders}\n",
            &format!("skills:\n  billing:\n  orders:\n{skills}"),
        );
        let faults = parse(&text.replace(part, &written)).expect_err("faults");
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults[0].to_string()
    };
    let many = with(
        "    order: strict",
        format!("    skills: {{{}}}\n    order: strict", levels(900)),
    );
    assert!(
        many.ends_with("queues.billing.skills: 900 skills are asked for: at most 64 are allowed"),
        "{many}"
    );
    let terms: Vec<String> = (0..900).map(|n| format!("s{n}")).collect();
    let long = with("orders >= 2 and", format!("{} and", terms.join(" and ")));
    assert!(long.ends_with("bytes: an expression has 4096 at most"), "{long}");
    let many = with("orders >= 2 and", format!("{} and", terms[..80].join(" and ")));
    assert!(
        many.ends_with("this asks for more than 64 things: say it in fewer terms, such as `team in [a, b]`"),
        "{many}"
    );
}
