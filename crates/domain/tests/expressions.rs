//! Requirements written as text: what they mean, how they are shown, and what is said of bad ones.

#[path = "expressions/faults.rs"]
mod faults;
#[path = "expressions/meaning.rs"]
mod meaning;
#[path = "expressions/naive.rs"]
mod naive;
#[path = "expressions/properties.rs"]
mod properties;

use tandem_domain::Proficiency;
use tandem_domain::desk::AgentProfile;
use tandem_domain::expression::{AttributeValue, Expression};

/// Ana: billing 3, German C1 and English B2, inside team, Berlin in DACH, tier 2, a VIP's agent of 4 years.
fn ana() -> AgentProfile {
    let key = |text: &str| AttributeValue::Key(text.parse().expect("a key"));
    let mut ana = AgentProfile::new("ana".parse().expect("a key"));
    ana.teams = vec!["inside".parse().expect("a key"), "night".parse().expect("a key")];
    ana.skills = [("billing".parse().expect("a key"), 3.try_into().expect("a level"))].into();
    ana.languages = [("de", Proficiency::C1), ("en", Proficiency::B2)]
        .map(|(tag, level)| (tag.parse().expect("a tag"), level))
        .into();
    ana.site = Some("berlin".parse().expect("a key"));
    ana.region = Some("dach".parse().expect("a key"));
    ana.tier = 2;
    ana.attributes = [
        ("vip".parse().expect("a key"), key("yes")),
        ("seniority".parse().expect("a key"), AttributeValue::Number(4)),
    ]
    .into();
    ana
}

fn read(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}
