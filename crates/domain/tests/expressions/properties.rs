//! What is true of every expression and every text.

use proptest::collection::vec;
use proptest::prelude::*;
use tandem_domain::Proficiency;
use tandem_domain::desk::AgentProfile;
use tandem_domain::expression::{Expression, Written};

use crate::naive::{agents, expressions};
use crate::read;

/// Pieces of which texts are made that are nearly expressions.
const PIECES: [&str; 30] = [
    "billing",
    "lang.de",
    "attr.vip",
    "attr.n",
    "team",
    "agent",
    "tier",
    "not",
    "and",
    "or",
    "in",
    "(",
    ")",
    "[",
    "]",
    ",",
    ">=",
    "<",
    "==",
    "!=",
    "!",
    "&&",
    "||",
    "3",
    "-1",
    "B2",
    "ana",
    "always",
    "99999999999999999999",
    "é",
];

/// Whatever is read is read back the same, and whether it contradicts itself is known.
fn survives(text: &str) {
    if let Ok(written) = Written::parse(text, Proficiency::B2) {
        let expression = written.expression();
        assert_eq!(expression.to_string().parse().as_ref(), Ok(&expression), "{text}");
        let contradiction = written.contradiction().map(|clash| text[clash.first_at].to_owned());
        assert!(
            contradiction.is_none() || !expression.holds_for(&crate::ana()),
            "{text}"
        );
    } else if let Err(fault) = Written::parse(text, Proficiency::B2) {
        assert!(text.get(fault.at.clone()).is_some(), "{text}: {fault:?}");
        assert!(fault.to_string().len() < 300, "{fault}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_normal_form_holds_for_whom_the_written_one_does(naive in expressions(), crew in vec(agents(), 8)) {
        let expression = read(&naive.text());
        for agent in &crew {
            prop_assert_eq!(expression.holds_for(agent), naive.holds_for(agent), "{} / {}", naive.text(), expression);
        }
    }

    #[test]
    fn what_is_shown_reads_back_as_the_same(naive in expressions()) {
        let expression = read(&naive.text());
        prop_assert_eq!(expression.to_string().parse::<Expression>(), Ok(expression.clone()));
        let json = serde_json::to_string(&expression).expect("text");
        prop_assert_eq!(serde_json::from_str::<Expression>(&json).expect("the same"), expression);
    }

    #[test]
    fn both_of_two_hold_exactly_when_each_does(one in expressions(), other in expressions(), agent in agents()) {
        let both = read(&one.text()).and(read(&other.text()));
        prop_assert_eq!(both.holds_for(&agent), one.holds_for(&agent) && other.holds_for(&agent));
        prop_assert_eq!(both.to_string().parse::<Expression>(), Ok(both.clone()));
    }

    #[test]
    fn what_contradicts_itself_holds_for_nobody(naive in expressions(), crew in vec(agents(), 16)) {
        let text = naive.text();
        let written = Written::parse(&text, Proficiency::B2).expect("an expression");
        let contradicts = written.contradiction().is_some();
        let holds = |agent: &AgentProfile| naive.holds_for(agent);
        prop_assert!(!(contradicts && crew.iter().any(holds)), "{}", text);
        prop_assert!(contradicts || written.expression() != Expression::never(), "{}", text);
    }

    #[test]
    fn unmet_terms_fail_and_are_told_exactly_when_the_whole_fails(naive in expressions(), agent in agents()) {
        let expression = read(&naive.text());
        let unmet = expression.unmet(&agent);
        prop_assert!(unmet.iter().all(|term| !term.holds_for(&agent)));
        let is_told = !unmet.is_empty() || expression == Expression::never();
        prop_assert_eq!(is_told, !expression.holds_for(&agent), "{}", expression);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in vec(any::<u8>(), 0..200)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_text_that_is_nearly_one_makes_the_parser_panic(pieces in vec(proptest::sample::select(PIECES.to_vec()), 0..24)) {
        survives(&pieces.join(" "));
        survives(&pieces.concat());
    }

    #[test]
    fn no_changed_expression_makes_the_parser_panic(naive in expressions(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = naive.text().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = with;
        survives(&String::from_utf8_lossy(&bytes));
    }
}
