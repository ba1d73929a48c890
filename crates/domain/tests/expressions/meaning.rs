//! What expressions mean, one by one.

use tandem_domain::Proficiency;
use tandem_domain::expression::{Expression, Written};

use crate::{ana, read};

#[test]
fn each_kind_of_term_looks_at_its_part_of_the_agent() {
    for (text, holds) in [
        ("billing", true),
        ("billing >= 3", true),
        ("billing > 3", false),
        ("billing == 3 && !(billing != 3)", true),
        ("skill.billing in [1, 3]", true),
        ("returns", false),
        ("returns < 1", true),
        ("lang.de >= C1", true),
        ("lang.de", true),
        ("lang.fr", false),
        ("lang.fr < B1", true),
        ("lang.en >= c1", false),
        ("agent == ana", true),
        ("agent in [ben, carla]", false),
        ("team == night", true),
        ("team != night", false),
        ("team not in [day, partner]", true),
        ("team == night and team == inside", true),
        ("site == berlin or region == nordics", true),
        ("region not in [dach, nordics]", false),
        ("tier >= 2", true),
        ("tier == 0", false),
        ("attr.vip == yes", true),
        ("attr.vip != yes", false),
        ("attr.seniority >= 3", true),
        ("attr.seniority < 3", false),
        ("attr.seniority in [2, 4]", true),
        ("attr.unknown == yes", false),
        ("attr.unknown != yes", true),
        ("attr.unknown < -5", true),
        ("always", true),
        ("not never", true),
    ] {
        assert_eq!(read(text).holds_for(&ana()), holds, "{text}");
    }
}

#[test]
fn a_language_is_served_by_its_wider_tag() {
    assert!(read("lang.de-CH >= C1").holds_for(&ana()));
    assert!(!read("lang.de-CH < C1").holds_for(&ana()));
    let mut swiss = ana();
    swiss.languages = [("de-CH".parse().expect("a tag"), Proficiency::C2)].into();
    assert!(read("lang.de == C2").holds_for(&swiss));
    assert!(!read("lang.de-AT").holds_for(&swiss));
}

#[test]
fn a_language_alone_asks_for_the_least_that_the_desk_serves_with() {
    let at = |least| Written::parse("lang.de", least).expect("an expression").expression();
    assert_eq!(at(Proficiency::C1), read("lang.de >= C1"));
    assert_eq!(read("lang.de"), read("lang.de >= B2"));
}

#[test]
fn and_binds_before_or_and_not_before_both() {
    assert_eq!(read("a or b and not c"), read("a or (b and (not c))"));
    assert_ne!(read("a or b and c"), read("(a or b) and c"));
}

#[test]
fn what_says_the_same_is_equal() {
    for (one, other) in [
        ("a and (b and c)", "c && b && a && a"),
        ("not (a or b)", "a < 1 and b < 1"),
        ("not (a and team == x)", "team != x or a < 1"),
        ("billing >= 2 and billing <= 4", "billing in [2, 3, 4]"),
        ("billing < 2 or billing > 3", "not billing in [2, 3]"),
        ("agent == ana or agent == ben", "agent in [ben, ana]"),
        ("agent in [ana, ben] and agent != ben", "agent == ana"),
        ("team == a and team not in [b]", "team in [a, b] and team != b"),
        ("attr.n >= 1 and attr.n <= 3 or attr.n == 4", "attr.n in [1, 2, 3, 4]"),
        ("a and (b or always)", "a"),
        ("a and never", "never"),
        ("a or a < 1", "always"),
        ("skill.billing", "billing >= 1"),
    ] {
        assert_eq!(read(one), read(other), "{one} / {other}");
    }
}

#[test]
fn the_normal_form_is_shown_for_people() {
    for (text, shown) in [
        (
            "billing>=3 && (lang.de>=B2||lang.en >= C1)",
            "billing >= 3 and (lang.de >= B2 or lang.en >= C1)",
        ),
        ("not (team == partner)", "team != partner"),
        (
            "billing in [2,3,5]",
            "((billing >= 2 and billing <= 3) or billing >= 5)",
        ),
        ("not billing in [2]", "billing != 2"),
        ("lang.de < B2", "lang.de < B2"),
        ("skill.team >= 2", "skill.team >= 2"),
        ("attr.n <= 3", "attr.n < 4"),
        ("never and a", "never"),
    ] {
        assert_eq!(read(text).to_string(), shown);
    }
}

#[test]
fn the_fewest_unmet_terms_are_told() {
    let unmet = |text: &str| {
        let terms = read(text).unmet(&ana());
        terms.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(unmet("billing >= 3"), Vec::<String>::new());
    assert_eq!(unmet("billing >= 5 and lang.de"), ["billing >= 5"]);
    assert_eq!(unmet("(billing >= 4 and returns and x) or lang.fr"), ["lang.fr >= B2"]);
    assert_eq!(unmet("lang.fr or billing"), Vec::<String>::new());
    assert_eq!(unmet("x and (x or y)"), ["x >= 1"]);
}

#[test]
fn two_expressions_put_together_are_in_normal_form_again() {
    let both = read("billing >= 2 or x").and(read("y")).and(read("y >= 3"));
    assert_eq!(both, read("y >= 3 and (x or billing >= 2)"));
    assert_eq!(Expression::always().and(read("a")), read("a"));
}

#[test]
fn what_must_hold_at_the_same_time_is_told_part_by_part() {
    let text = "billing >= 2 and (x or y) and not (team == a or z)";
    let written = Written::parse(text, Proficiency::B2).expect("an expression");
    let parts = written.parts();
    let shown: Vec<(String, &str)> = parts
        .into_iter()
        .map(|(part, at)| (part.to_string(), &text[at]))
        .collect();
    let told = |part: &str, at| (part.to_owned(), at);
    assert_eq!(shown[0], told("billing >= 2", "billing >= 2"));
    assert_eq!(shown[1], told("x >= 1 or y >= 1", "x or y"));
    assert_eq!(shown[2..], [told("team != a", "team == a"), told("z < 1", "z")]);
}

#[test]
fn a_skill_may_be_called_like_another_word() {
    assert_eq!(read("skill.never").to_string(), "skill.never >= 1");
    assert_eq!(read("skill.and").to_string(), "skill.and >= 1");
    assert_eq!(read("3d-print >= 2").to_string(), "3d-print >= 2");
}
