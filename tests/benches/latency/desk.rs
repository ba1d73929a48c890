//! A desk on which nobody is short of agents: what is measured is Tandem's way, not a queue's.

use std::fmt::Write as _;

/// The desk; one of those that the harness's tokens name.
pub(crate) const DESK: &str = tandem_tests::desks::ACME;
/// The account at which customers write.
pub(crate) const ACCOUNT: &str = "support";
pub(crate) const AGENTS: usize = 48;

pub(crate) fn agent(number: usize) -> String {
    format!("agent-{number}")
}

pub(crate) fn file() -> String {
    let mut text = format!(
        "\
desk: {DESK}
languages: [en]
default_language: en
teams: {{inside: {{}}}}
channels:
  email:
    accounts:
      {ACCOUNT}: {{addresses: [help@{DESK}.example], queue: general}}
queues:
  general: {{teams: [inside]}}
agents:
"
    );
    for number in 0..AGENTS {
        let agent = agent(number);
        writeln!(
            text,
            "  {agent}: {{teams: [inside], capacity: 100, languages: {{en: C2}}}}"
        )
        .expect("a string takes all");
    }
    text
}
