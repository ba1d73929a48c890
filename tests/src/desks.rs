//! The three desks of every test.

/// A desk on which tests work.
pub const ACME: &str = "acme";
/// Another one that the callers of most tests may touch.
pub const GLOBEX: &str = "globex";
/// The desk that is foreign to them.
pub const INITECH: &str = "initech";
/// All of them.
pub const DESKS: [&str; 3] = [ACME, GLOBEX, INITECH];

/// The agents of each desk. Both speak English and German; only Ben can do billing.
pub const AGENTS: [&str; 2] = ["ana", "ben"];

/// The address at which a desk takes mail.
pub fn address(desk: &str) -> String {
    format!("help@{desk}.example")
}

/// A desk's file. Whoever declines or misses an offer is passed over for a second only, and never given up.
pub fn file(desk: &str) -> String {
    format!(
        "\
desk: {desk}
languages: [en, de]
default_language: en
skills:
  billing: Invoices and payments
teams:
  inside: {{}}
channels:
  email:
    offer_ttl: 5s
    accounts:
      support: {{addresses: [help@{desk}.example], queue: general}}
agents:
  ana: {{teams: [inside], capacity: 20, languages: {{en: C2, de: C1}}}}
  ben: {{teams: [inside], capacity: 20, languages: {{en: C1, de: C2}}, skills: {{billing: 3}}}}
queues:
  general: {{teams: [inside], decline_pause: 1s, max_missed: 100}}
rules:
  - name: invoices
    when: message.subject.contains(\"invoice\")
    then: {{skills: {{billing: 2}}, priority: high}}
"
    )
}
