//! What is wrong with ladders, tiers and policies is reported at its exact place.

#[path = "faults/cases.rs"]
mod cases;

use cases::Case;
use tandem_desk_file::parse;

const BASE: &str = include_str!("faults/promises.yaml");

fn check(cases: &[Case]) {
    cases::check(BASE, cases);
}

#[test]
fn faults_of_ladders() {
    check(&[
        (
            "at: 75%",
            "at: 100%",
            &["41:12 ladders.slow[0].at: this must be a share of the target such …ach + 30m (up to 365d)"],
        ),
        (
            "at: 75%",
            "at: breech",
            &["41:12 ladders.slow[0].at: this must be a share of the target such …ach + 30m (up to 365d)"],
        ),
        (
            "{at: 75%, raise",
            "{raise",
            &["41:7 ladders.slow[0]: `at` is missing: such as `at: breach`"],
        ),
        (
            "at: breach + 30m",
            "at: breach + 0m",
            &["45:11 ladders.slow[2].at: this must be a share of the target such …ach + 30m (up to 365d)"],
        ),
        (
            "at: breach + 30m",
            "at: 90%",
            &["45:11 ladders.slow[2].at: 90% does not come after breach, the rung…s in the order of time"],
        ),
        (
            "at: breach + 30m",
            "at: breach",
            &["45:11 ladders.slow[2].at: breach does not come after breach, the r…s in the order of time"],
        ),
        (
            "raise_priority: high",
            "raise_priority: low",
            &["41:33 ladders.slow[0].raise_priority: unknown priority `low`: use normal, high or urgent"],
        ),
        (
            "{at: 75%, raise_priority: high}",
            "{at: 75%}",
            &["41:7 ladders.slow[0]: this rung does nothing: it needs `tell`, `ra… such as `tell: owner`"],
        ),
    ]);
}

#[test]
fn faults_of_what_rungs_do() {
    check(&[
        (
            "{tier: 2}",
            "{tier: 1}",
            &["43:23 ladders.slow[1].move_to.tier: this must be a whole number from 2 to 3"],
        ),
        (
            "{tier: 2}",
            "{tier: 2, queue: vip}",
            &["43:16 ladders.slow[1].move_to: this must be either {queue: KEY} or {tier: 2}"],
        ),
        (
            "{tier: 2}",
            "{}",
            &["43:16 ladders.slow[1].move_to: this must be either {queue: KEY} or {tier: 2}"],
        ),
        (
            "{tier: 2}",
            "{queue: vip}",
            &["46:16 ladders.slow[2].move_to: the ladder has moved the ticket to … would move in circles"],
        ),
        (
            "{queue: vip}",
            "{tier: 2}",
            &["46:16 ladders.slow[2].move_to: the ladder has moved the ticket to tier 2 or above already"],
        ),
        (
            "{queue: vip}",
            "{queue: vop}",
            &["46:24 ladders.slow[2].move_to.queue: unknown queue `vop`: use gene…p; did you mean `vip`?"],
        ),
        (
            "[owner, leads]",
            "[owner, leeds]",
            &["44:21 ladders.slow[1].tell[1]: unknown recipient `leeds`: use owne… did you mean `leads`?"],
        ),
        (
            "[owner, leads]",
            "[owner, owner]",
            &["44:21 ladders.slow[1].tell[1]: this stands here a second time"],
        ),
        (
            "[owner, leads]",
            "[]",
            &["44:13 ladders.slow[1].tell: nobody would be told: at least one rol…owner` must stand here"],
        ),
        (
            "{every: 15m, times: 4}",
            "{every: 0s, times: 4}",
            &["48:23 ladders.slow[2].repeat.every: this must be a duration from 1…h as 90s, 5m, 2h or 7d"],
        ),
        (
            "{every: 15m, times: 4}",
            "{every: 15m}",
            &["48:15 ladders.slow[2].repeat: `times` is missing: such as `times: 4`"],
        ),
        (
            "{every: 15m, times: 4}",
            "{every: 15m, times: 0}",
            &["48:35 ladders.slow[2].repeat.times: this must be a whole number from 1 to 1000"],
        ),
        (
            "  slow:\n",
            "  slow: []\n  fast:\n",
            &["40:9 ladders.slow: a ladder needs at least one rung, such as `- {at: breach, tell: owner}`"],
        ),
    ]);
}

#[test]
fn faults_of_tiers() {
    check(&[
        (
            "next_tier: second}",
            "next_tier: general}",
            &["18:40 queues.general.next_tier: `general` is of tier 1 and this queue …ueue of a higher `tier`"],
        ),
        (
            "next_tier: second}",
            "next_tier: vip}",
            &["18:40 queues.general.next_tier: `vip` is of tier 1 and this queue of t…ueue of a higher `tier`"],
        ),
        (
            "{teams: [tier1], tier: 3}",
            "{teams: [tier1], tier: 3, next_tier: second}",
            &["20:47 queues.third.next_tier: `second` is of tier 2 and this queue of …ueue of a higher `tier`"],
        ),
        (
            "vip: {teams: [tier1]}",
            "vip: {teams: [tier1], tier: 4}",
            &["21:31 queues.vip.tier: this must be a whole number from 1 to 3"],
        ),
        (
            "next_tier: second}",
            "next_tier: secnd}",
            &["18:40 queues.general.next_tier: unknown queue `secnd`: use general, se…did you mean `second`?"],
        ),
    ]);
}

#[test]
fn faults_of_policies() {
    check(&[
        (
            "  - name: mail\n",
            "  - name: chat\n",
            &["54:11 sla[1].name: another policy is called `chat` already"],
        ),
        (
            "  - name: mail\n    queues",
            "  - queues",
            &["54:5 sla[1]: `name` is missing: such as `name: chat`"],
        ),
        (
            "    targets: {accept: 30s}\n",
            "",
            &["50:5 sla[0]: `targets` is missing: such as `targets: {first_response: 4h}`"],
        ),
        (
            "{accept: 30s}",
            "{}",
            &["53:14 sla[0].targets: nothing is promised here: such as `{first_response: 4h}`"],
        ),
        (
            "{accept: 30s}",
            "{accept: 0s}",
            &["53:23 sla[0].targets.accept: this must be a duration from 1s to 36…h as 90s, 5m, 2h or 7d"],
        ),
        (
            "{accept: 30s}",
            "{acept: 30s}",
            &["53:15 sla[0].targets.acept: unknown clock `acept`: use accept, fir…did you mean `accept`?"],
        ),
        (
            "{urgent: 15m, high: 1h}",
            "{urgent: 15m, hgih: 1h}",
            &["60:37 sla[1].targets.first_response.hgih: unknown priority `hgih`:…; did you mean `high`?"],
        ),
        (
            "resolution: 3d",
            "resolution: 0d",
            &["61:19 sla[1].targets.resolution: this must be a duration from 1s t…h as 90s, 5m, 2h or 7d"],
        ),
        (
            "calendar: office",
            "calendar: ofice",
            &["52:15 sla[0].calendar: unknown calendar `ofice`: use office or night; did you mean `office`?"],
        ),
        (
            "channels: chat\n",
            "channels: caht\n",
            &["51:15 sla[0].channels: unknown channel `caht`: use email, chat, ph…; did you mean `chat`?"],
        ),
        (
            "queues: [general, second]",
            "queues: []",
            &["55:13 sla[1].queues: nothing stands here: leave `queues` away where any will do"],
        ),
        (
            "queues: [general, second]",
            "queues: [generel, second]",
            &["55:14 sla[1].queues[0]: unknown queue `generel`: use general, seco…id you mean `general`?"],
        ),
        (
            "languages: [de]\n    prio",
            "languages: [fr]\n    prio",
            &["56:17 sla[1].languages[0]: `fr` is none of the desk's `languages`: use de or en or add it there"],
        ),
        (
            "priorities: [high, urgent]",
            "priorities: [higher]",
            &["57:18 sla[1].priorities[0]: unknown priority `higher`: use low, no…; did you mean `high`?"],
        ),
        (
            "tags: [money]",
            "tags: [Money!]",
            &["58:12 sla[1].tags[0]: `Money!` is not a key: use 1 to 63 of a-z, 0…with a letter or digit"],
        ),
        (
            "ladders: {first_response: slow, resolution: slow}",
            "ladders: {first_response: fast}",
            &["62:31 sla[1].ladders.first_response: unknown ladder `fast`: use slow"],
        ),
        (
            "ladders: {first_response: slow, resolution: slow}",
            "ladders: {accept: slow}",
            &["62:23 sla[1].ladders.accept: the clock `accept` has no target in t…add it under `targets`"],
        ),
        (
            "sla:\n  - name: chat",
            "sla: {}\nslo:\n  - name: chat",
            &[
                "49:6 sla: this must be a list, such as [a, b]",
                "50:1 slo: unknown key `slo`: use desk, name, timezone, languages, …a; did you mean `sla`?",
            ],
        ),
    ]);
}

#[test]
fn ladders_that_move_tickets_in_circles_are_refused() {
    let back = "  back:\n    - {at: breach, move_to: {queue: general}}\n  slow:\n";
    let policy = "    ladders: {first_response: slow, resolution: slow}\n  - name: vip\n    queues: vip\n    targets: {accept: 1h}\n    ladders: {accept: back}\n";
    let text = BASE
        .replace("  slow:\n", back)
        .replace("    ladders: {first_response: slow, resolution: slow}\n", policy);
    let faults: Vec<String> = parse(&text)
        .expect_err("a circle")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        faults,
        ["65:5 sla[2]: with the ladders of `vip`, tickets move in circles: among the queues general, second, vip"]
    );
    let to_itself = text.replace("{queue: general}}", "{queue: vip}}");
    let faults: Vec<String> = parse(&to_itself)
        .expect_err("it stays where it is")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        faults,
        [
            "68:23 sla[2].ladders.accept: the ladder `back` moves tickets to `vip`, where all tickets of this policy are already"
        ]
    );
    let elsewhere = text.replace("{queue: general}}", "{queue: third}}");
    assert_eq!(parse(&elsewhere).map(|desk| desk.warnings), Ok(Vec::new()));
}
