//! What is said of texts that are no expression, or of expressions that can never hold.

use tandem_domain::Proficiency;
use tandem_domain::expression::{Expression, MOST_BYTES, MOST_DEPTH, MOST_TERMS, Written};

use crate::read;

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_to_write() {
    for (text, marked, what) in [
        ("", "", "the end stands where something must be asked"),
        ("billing = 3", "=", "`=` means nothing here: compare with `==`"),
        ("billing >=", "", "the end stands where a value must be"),
        ("billing >= 3 and", "", "the end stands where something must be asked"),
        ("and billing", "and", "`and` stands where something must be asked"),
        ("billing >= 9", "9", "`9` is not a level here: use 0 to 5"),
        ("billing > 5", "billing > 5", "this can never hold"),
        (
            "billing >= 0",
            "billing >= 0",
            "this holds for everybody: leave it away",
        ),
        (
            "lang.de >= B3",
            "B3",
            "`B3` is not a proficiency: use A1, A2, B1, B2, C1 or C2",
        ),
        ("lang.d", "lang.d", "`d` is not a language tag"),
        ("(billing", "", "the end stands where a parenthesis must be closed"),
        ("billing)", ")", "`)` cannot stand here: no parenthesis is open"),
        ("1 <= billing", "billing", "`billing` is not a level here: use 0 to 5"),
        ("billing >= 1 < 3", "<", "`<` cannot stand here: compare two times"),
        (
            "billing returns",
            "returns",
            "`returns` cannot stand here: join what is asked",
        ),
        ("team >= x", "team >= x", "a team has no more and no less"),
        ("team in x", "x", "`x` stands after `in`: write a list"),
        ("team in []", "]", "`]` stands where a value must be"),
        ("team in [a b]", "b", "`b` stands in a list"),
        ("team not x", "x", "`x` stands after `not`"),
        ("team == \"a\"", "\"", "values stand without quotes"),
        ("attr.vip", "attr.vip", "an attribute alone asks nothing"),
        ("attr.n in [many, 2]", "many", "`many` is not a number here"),
        ("attr.n >= many", "many", "`many` is not a number here"),
        ("tier", "tier", "a tier must be compared"),
        ("Billing", "Billing", "`Billing` is not a key"),
        ("foo.bar", "foo.bar", "`foo.` is nothing that can be asked"),
        ("a & b", "&", "write `and` or `&&`"),
        ("größe", "ö", "`ö` means nothing here"),
    ] {
        let fault = Expression::parse(text).expect_err(text);
        assert!(fault.to_string().contains(what), "{text}: {fault}");
        assert_eq!(text.get(fault.at.clone()), Some(marked), "{text}: {fault}");
    }
}

#[test]
fn what_nobody_can_read_is_too_long() {
    let terms = |count: usize| (0..count).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" and ");
    assert!(Expression::parse(&terms(MOST_TERMS)).is_ok());
    let fault = Expression::parse(&terms(MOST_TERMS + 1)).expect_err("one too many");
    assert_eq!(fault.what, "this asks for more than 64 things");

    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Expression::parse(&nested(MOST_DEPTH)).is_ok());
    let fault = Expression::parse(&nested(MOST_DEPTH + 1)).expect_err("one too deep");
    assert_eq!(fault.what, "this is nested deeper than 16");
    assert!(Expression::parse(&"not ".repeat(1000)).is_err());

    let long = "a".repeat(MOST_BYTES + 1);
    assert_eq!(
        Expression::parse(&long).expect_err("too long").what,
        "this has 4097 bytes"
    );
}

#[test]
fn two_terms_that_contradict_each_other_are_named() {
    for (text, first, second) in [
        ("billing >= 4 and billing < 3", "billing >= 4", "billing < 3"),
        (
            "team == a and x and team not in [a, b]",
            "team == a",
            "team not in [a, b]",
        ),
        (
            "site == berlin and (x and site != berlin)",
            "site == berlin",
            "site != berlin",
        ),
        ("agent == ana and agent == ben", "agent == ana", "agent == ben"),
        ("not (tier < 2 or tier >= 2)", "tier < 2", "tier >= 2"),
        (
            "attr.vip == yes and attr.vip == no",
            "attr.vip == yes",
            "attr.vip == no",
        ),
        ("attr.n > 5 and attr.n <= 5", "attr.n > 5", "attr.n <= 5"),
        ("lang.de-CH >= B2 and lang.de < B1", "lang.de-CH >= B2", "lang.de < B1"),
        ("lang.de >= C1 and lang.de < B1", "lang.de >= C1", "lang.de < B1"),
        ("(x >= 4 or y >= 4) and x < 3 and y < 3", "x >= 4", "x < 3"),
        (
            "x in [1, 2] and x in [2, 3] and x in [1, 3]",
            "x in [1, 2]",
            "x in [1, 3]",
        ),
    ] {
        let written = Written::parse(text, Proficiency::B2).expect(text);
        let clash = written.contradiction().expect(text);
        assert_eq!(
            (&text[clash.first_at], &text[clash.second_at]),
            (first, second),
            "{text}"
        );
    }
}

#[test]
fn what_can_hold_is_no_contradiction() {
    for text in [
        "billing >= 3 and billing < 5",
        "team == a and team == b",
        "lang.de >= B2 and lang.de-CH < B2",
        "lang.de-CH >= B2 and lang.de-AT < B1",
        "lang.de-CH >= B2 and lang.de <= B2",
        "attr.n > 5 and attr.m <= 5",
        "attr.plan == gold and attr.office == paris",
        "(x >= 4 or y >= 4) and x < 3",
        "always",
    ] {
        assert!(read(text).contradiction().is_none(), "{text}");
    }
}

#[test]
fn a_choice_that_can_never_be_taken_is_found() {
    let text = "a or (x >= 4 and x < 3)";
    let written = Written::parse(text, Proficiency::B2).expect(text);
    assert!(written.contradiction().is_none());
    let dead = written.dead_choices();
    assert_eq!(dead.len(), 1);
    assert_eq!(&text[dead[0].first_at.clone()], "x >= 4");
}

#[test]
fn a_search_without_end_is_given_up() {
    let choices = (0..15).map(|n| format!("(a{n} or b{n} or c{n} or d{n})"));
    let hard = choices
        .chain(["x >= 4".into(), "x < 3".into()])
        .collect::<Vec<_>>()
        .join(" and ");
    let written = Written::parse(&hard, Proficiency::B2).expect("an expression");
    assert!(
        written.contradiction().is_some(),
        "what everything needs is looked at first"
    );
    // Each of 2^28 choices leads to the same dead end, which is claimed by nobody who has not tried them all.
    let choices = (0..28).map(|n| format!("(a{n} or team == t{n})"));
    let dead_end = ["(x >= 4 or y >= 4)".into(), "x < 3".into(), "y < 3".into()].into_iter();
    let hopeless = dead_end.chain(choices).collect::<Vec<String>>().join(" and ");
    let written = Written::parse(&hopeless, Proficiency::B2).expect("an expression");
    assert!(written.contradiction().is_none());
    let choices = (0..31).map(|n| format!("(team == t{n} or team != u{n})"));
    let possible = choices.collect::<Vec<_>>().join(" and ");
    assert!(read(&possible).contradiction().is_none());
}
