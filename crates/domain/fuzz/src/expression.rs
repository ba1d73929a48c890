//! Any text at all as an expression: nothing panics, what is read means what its normal form says, and faults have a place.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tandem_domain::Proficiency;
use tandem_domain::desk::AgentProfile;
use tandem_domain::expression::{AttributeValue, Expression, Written};

fuzz_target!(|text: &str| {
    match Written::parse(text, Proficiency::B2) {
        Ok(written) => check(text, &written),
        Err(fault) => {
            assert!(
                text.get(fault.at.clone()).is_some(),
                "a fault has its place in the text: {fault:?}"
            );
            assert!(fault.to_string().len() < 300, "{fault}");
        }
    }
});

fn check(text: &str, written: &Written) {
    let expression = written.expression();
    let shown = expression.to_string();
    assert_eq!(
        shown.parse::<Expression>().as_ref(),
        Ok(&expression),
        "what is shown reads back as the same"
    );
    assert_eq!(
        expression.clone().and(expression.clone()),
        expression,
        "twice the same is the same"
    );
    let clash = written.contradiction();
    // `never` and `not always` say so themselves.
    let says_so = ["never", "always"].iter().any(|word| text.contains(word));
    assert!(
        clash.is_some() || says_so || expression != Expression::never(),
        "what never holds is known to contradict itself"
    );
    for agent in [AgentProfile::new("ben".parse().expect("a key")), ana()] {
        let holds = expression.holds_for(&agent);
        assert!(!(holds && clash.is_some()), "{text}");
        let unmet = expression.unmet(&agent);
        assert!(unmet.iter().all(|term| !term.holds_for(&agent)), "{text}");
        assert_eq!(holds, unmet.is_empty() && expression != Expression::never(), "{text}");
    }
}

fn ana() -> AgentProfile {
    let mut ana = AgentProfile::new("ana".parse().expect("a key"));
    ana.teams = vec!["inside".parse().expect("a key")];
    ana.skills = [("billing".parse().expect("a key"), 3.try_into().expect("a level"))].into();
    ana.languages = [("de".parse().expect("a tag"), Proficiency::C1)].into();
    ana.site = Some("berlin".parse().expect("a key"));
    ana.tier = 2;
    let vip = AttributeValue::Key("yes".parse().expect("a key"));
    ana.attributes = [
        ("vip".parse().expect("a key"), vip),
        ("seniority".parse().expect("a key"), AttributeValue::Number(4)),
    ]
    .into();
    ana
}
