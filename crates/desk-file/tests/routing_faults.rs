//! What is wrong with sites, attributes, tandems, orders and shares is reported at its exact place.

#[path = "faults/cases.rs"]
mod cases;

use tandem_desk_file::parse;

const BASE: &str = include_str!("faults/routing.yaml");

#[test]
fn the_base_file_is_faultless() {
    assert_eq!(parse(BASE).map(|desk| desk.warnings), Ok(Vec::new()));
}

#[test]
fn faults_of_places_attributes_and_channels() {
    cases::check(
        BASE,
        &[
            (
                "{region: dach}",
                "{region: dahc}",
                &["6:20 sites.berlin.region: unknown region `dahc`: use dach or uk; did you mean `dach`?"],
            ),
            (
                "vip: [yes, no]",
                "vip: [yes, 7]",
                &[
                    "10:14 attributes.vip[1]: `7` is a number: words have letters; write `number` for an attribute of numbers",
                ],
            ),
            (
                "vip: [yes, no]",
                "vip: []",
                &[
                    "10:8 attributes.vip: an attribute has words, such as [yes, no], or is a number: write `number`",
                    "29:23 agents.ana.attributes.vip: unknown value `yes`: the file defines none",
                    "45:43 queues.general.require: unknown value `yes`: the file defines none",
                ],
            ),
            (
                "hold: 25%",
                "hold: 125%",
                &["15:11 channels.email.hold: this must be a share of the ticket's units such as 25% (0% to 100%)"],
            ),
            (
                "hold: 25%",
                "hold: 25%\n    hold_units: 1",
                &["15:11 channels.email.hold: `hold_units` says what a ticket on hold costs, too: drop one of them"],
            ),
            (
                "hold: 25%",
                "auto_accept: maybe",
                &["15:18 channels.email.auto_accept: this must be true or false"],
            ),
            (
                "{email: [chat]}",
                "{email: [email, fax]}",
                &[
                    "20:25 interruptible.email[0]: email cannot interrupt email: raise the capacity instead",
                    "20:32 interruptible.email[1]: unknown channel `fax`: use email, chat, phone or social",
                ],
            ),
            (
                "{email: [chat]}",
                "{email: chat, chat: email}",
                &[
                    "20:16 interruptible: channels that interrupt each other in a circle: email ← chat ← email; what interrupts must come before what is interrupted",
                ],
            ),
        ],
    );
}

#[test]
fn faults_of_agents() {
    cases::check(
        BASE,
        &[
            (
                "site: berlin",
                "site: berln",
                &["27:11 agents.ana.site: unknown site `berln`: use berlin or leeds; did you mean `berlin`?"],
            ),
            (
                "tier: 1\n",
                "tier: 4\n",
                &["28:11 agents.ana.tier: this must be a whole number from 1 to 3"],
            ),
            (
                "{vip: yes, years: 4}",
                "{vip: maybe, years: four, vop: yes}",
                &[
                    "29:23 agents.ana.attributes.vip: unknown value `maybe`: use no or yes",
                    "29:37 agents.ana.attributes.years: this must be a whole number, up to a trillion: so the attribute says",
                    "29:43 agents.ana.attributes.vop: unknown attribute `vop`: use vip or years; did you mean `vip`?",
                ],
            ),
            (
                "mentor: ben",
                "mentor: bne",
                &["30:13 agents.ana.mentor: unknown agent `bne`: use ana or ben"],
            ),
            (
                "mentor: ben",
                "mentor: ana",
                &["30:13 agents.ana.mentor: `ana` cannot be his or her own mentor: name somebody else"],
            ),
            (
                "    capacity: 4",
                "    capacity: 4\n    mentor: ana",
                &["30:13 agents.ana.mentor: mentors in a circle: ana → ben → ana; one of them must have none"],
            ),
            (
                "cost: 40",
                "cost: -1",
                &["31:11 agents.ana.cost: this must be a whole number from 0 to 1000000"],
            ),
            (
                "weight: 2",
                "weight: 0",
                &["32:13 agents.ana.weight: this must be a whole number from 1 to 1000"],
            ),
            (
                "available: office",
                "available: ofice",
                &["34:16 agents.ana.available: unknown calendar `ofice`: use office; did you mean `office`?"],
            ),
        ],
    );
}

#[test]
fn faults_of_agents_shares_and_of_tandems() {
    cases::check(
        BASE,
        &[
            (
                "general: 40%, billing: 60%",
                "general: 40%, billing: 50%",
                &["33:13 agents.ana.queues: these shares are 90% in all: they must be 100%"],
            ),
            (
                "general: 40%, billing: 60%",
                "general: 40, biling: 60%",
                &[
                    "33:23 agents.ana.queues.general: this must be a share of the agent's time such as 60% (1% to 100%)",
                    "33:27 agents.ana.queues.biling: unknown queue `biling`: use general or billing; did you mean `billing`?",
                ],
            ),
            (
                "    capacity: 4",
                "    capacity: 4\n    queues: {billing: 100%}",
                &["41:23 agents.ben.queues.billing: `ben` can never serve `billing`: it is served by tier1"],
            ),
            (
                "[ana, ben]}\nqueues",
                "[ana]}\nqueues",
                &["41:18 tandems.north: a tandem needs at least two agents, such as [ana, farid]"],
            ),
            (
                "[ana, ben]}\nqueues",
                "[ana, ana, bne]}\nqueues",
                &[
                    "41:24 tandems.north[1]: the agent `ana` stands here a second time",
                    "41:29 tandems.north[2]: unknown agent `bne`: use ana or ben",
                ],
            ),
        ],
    );
}

#[test]
fn faults_of_orders_and_choices() {
    cases::check(
        BASE,
        &[
            (
                "order: deadline",
                "order: deadlin",
                &[
                    "46:12 queues.general.order: unknown order `deadlin`: use aging, strict, deadline of first_response or deadline of accept",
                ],
            ),
            (
                "order: deadline",
                "order: deadline of resolution",
                &[
                    "46:12 queues.general.order: unknown order `deadline of resolution`: use aging, strict, deadline of first_response or deadline of accept",
                ],
            ),
            (
                "order: deadline",
                "order: deadline\n    aging: 1h",
                &[
                    "47:12 queues.general.aging: a queue in the order of deadlines has no aging: drop one of `order` and `aging`",
                ],
            ),
            (
                "order: strict",
                "order: strict\n    aging: 1h",
                &[
                    "61:12 queues.billing.aging: a queue in strict order has no aging: drop one of `order: strict` and `aging`",
                ],
            ),
            (
                "order: strict",
                "order: aging\n    aging: never",
                &[
                    "61:12 queues.billing.aging: a queue in the order of aging needs some: drop `aging: never`, or write `order: strict`",
                ],
            ),
            (
                "max_overtaken: 5",
                "max_overtaken: many",
                &["47:20 queues.general.max_overtaken: this must be a whole number from 0 to 1000000"],
            ),
            (
                "choice: least_over_skilled",
                "choice: least_overskilled",
                &[
                    "48:13 queues.general.choice: unknown choice `least_overskilled`: use least_loaded, longest_idle, best_skilled, least_over_skilled, round_robin, cheapest or weighted; did you mean `least_over_skilled`?",
                ],
            ),
        ],
    );
}

#[test]
fn faults_of_units_offers_and_absence() {
    cases::check(
        BASE,
        &[
            (
                "units: {email: 2}",
                "units: {email: 0}",
                &["49:20 queues.general.units.email: this must be a whole number from 1 to 100"],
            ),
            (
                "units: {email: 2}",
                "units: {email: 5}",
                &[
                    "49:12 queues.general.units: nobody who serves this queue has the 5 units that a ticket over email costs here: lower them, or raise a capacity",
                ],
            ),
            (
                "offers_at_once: 3",
                "offers_at_once: 21",
                &["50:21 queues.general.offers_at_once: this must be a whole number from 1 to 20"],
            ),
            (
                "offers_at_once: 3",
                "offers_at_once: 3\n    auto_accept: true",
                &[
                    "50:21 queues.general.offers_at_once: a ticket that is assigned at once (`auto_accept`) is offered to nobody else: drop one of them",
                ],
            ),
            (
                "absence: 10m",
                "absence: 10s",
                &[
                    "51:14 queues.general.absence: this must be a duration from 1m to 30d: a whole number and s, m, h or d, such as 90s, 5m, 2h or 7d",
                ],
            ),
        ],
    );
}

#[test]
fn faults_of_what_concerns_all_queues() {
    cases::check(
        BASE,
        &[
            (
                "between_queues: weights",
                "between_queues: ratio",
                &["62:17 between_queues: this must be longest_wait, weights, or {ratio: {es: 17.4%, en: 82.6%}}"],
            ),
            (
                "between_queues: weights",
                "between_queues: {ratio: {general: 17.4%, billing: 82.5%}}",
                &["62:25 between_queues.ratio: these shares are 99.9% in all: they must be 100%"],
            ),
            (
                "between_queues: weights",
                "between_queues: {ratio: {general: 17.45%, biling: 82.6%}}",
                &[
                    "62:35 between_queues.ratio.general: this must be a share of all that waits such as 17.4% (0.1% to 100%)",
                    "62:43 between_queues.ratio.biling: unknown queue `biling`: use general or billing; did you mean `billing`?",
                ],
            ),
            (
                "{window: 250ms, head: 100}",
                "{window: 11s, head: 0}",
                &[
                    "63:20 matching.window: this must be a duration from 0s to 10s: a whole number and ms or s, such as 250ms",
                    "63:31 matching.head: this must be a whole number from 1 to 1000",
                ],
            ),
            (
                "{tandem: north}",
                "{tandem: nroth}",
                &["66:20 rules[0].then.tandem: unknown tandem `nroth`: use north; did you mean `north`?"],
            ),
        ],
    );
}

#[test]
fn what_is_allowed_but_looks_like_a_mistake_is_a_warning() {
    let cases: &[cases::Case] = &[
        ("choice: least_over_skilled", "choice: cheapest", &[]),
        (
            "hold: 25%",
            "auto_accept: true",
            &[
                "50:21 queues.general.offers_at_once: tickets over email are assigned at once (`auto_accept`), each to one agent",
            ],
        ),
        (
            "{tandem: north}",
            "{tags: [x]}",
            &["54:9 queues.general.steps[1]: no rule names a `tandem`: this step is always passed over"],
        ),
        (
            "require: orders >= 2 and (attr.vip == yes or site == leeds)",
            "require: always",
            &["45:14 queues.general.require: this holds for everybody: it can be left away"],
        ),
        (
            "require: orders >= 2 and (attr.vip == yes or site == leeds)",
            "require: orders or (billing >= 4 and billing < 3)",
            &[
                "45:42 queues.general.require: `billing >= 4` and `billing < 3` can never both hold: nobody is ever found by this choice",
            ],
        ),
        (
            "order: deadline",
            "order: deadline of accept",
            &[
                "46:12 queues.general.order: no policy with a target for `accept` fits this queue's tickets: they would all go by age",
            ],
        ),
        (
            "units: {email: 2}",
            "units: {email: 3, phone: 2}",
            &[
                "49:12 queues.general.units: a ticket over email costs 3 units here, so it is never offered to who has fewer: ana",
                "49:12 queues.general.units: the desk has no channel phone",
            ],
        ),
        (
            "teams: [tier2], asks: {language: B1}, for: 5m}",
            "for: 5m}\n      - {name: again, for: 5m}",
            &["57:9 queues.general.steps[4]: this asks for what the step before asks for: nobody else is found by it"],
        ),
        (
            "between_queues: weights",
            "between_queues: longest_wait",
            &["33:23 agents.ana.queues.general: agents' shares count only with `between_queues: weights`"],
        ),
    ];
    for (part, written, expected) in cases {
        let desk = parse(&BASE.replace(part, written)).expect("a desk");
        let warnings: Vec<String> = desk.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(&warnings, expected, "{written}");
    }
}

#[test]
fn the_cheapest_of_agents_who_cost_nothing_is_a_warning() {
    let text = BASE
        .replace("    cost: 40\n", "")
        .replace("least_over_skilled", "cheapest");
    let warnings = parse(&text).expect("a desk").warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0].message, "no agent has a `cost`: all are equally cheap");
}

#[test]
fn a_circle_of_mentors_is_told_once_however_many_lead_into_it() {
    let text = BASE
        .replace("    capacity: 4", "    capacity: 4\n    mentor: carl")
        .replace(
            "tandems:",
            "  carl: {teams: [tier2], languages: {en: C1}, mentor: ben}\ntandems:",
        );
    let faults = parse(&text).expect_err("a circle");
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(
        faults[0].message,
        "mentors in a circle: ben → carl → ben; one of them must have none"
    );
}
