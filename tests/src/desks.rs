//! The three desks of every test.

use std::path::Path;

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

/// What webhooks to the contact `pager` are signed with.
pub const HOOK_SECRET: &str = "whsec_dGhlIHRlc3RzJyBvd24gc2VjcmV0LCBzaGFyZWQ=";

/// The address at which a desk takes mail.
pub fn address(desk: &str) -> String {
    format!("help@{desk}.example")
}

/// Where the page is from that visitors of a desk chat on.
pub fn origin(desk: &str) -> String {
    format!("https://{desk}.example")
}

/// A desk's file with promises so short that some are broken: whoever is late is told at `hook`, twice.
pub fn file_with_clocks(desk: &str, hook: &str) -> String {
    let promises = format!(
        "\
contacts:
  pager: {{webhook: \"{hook}\", secret: pager}}
roles:
  lead: [pager]
ladders:
  soon:
    - {{at: 50%, raise_priority: high}}
    - {{at: breach, tell: [lead], repeat: {{every: 2s, times: 1}}}}
sla:
  - name: all
    targets: {{accept: 1s, first_response: 2s, resolution: 4s}}
    ladders: {{accept: soon, first_response: soon, resolution: soon}}
"
    );
    file_with(desk, &promises)
}

/// A desk's file, and more sections.
pub fn file_with(desk: &str, sections: &str) -> String {
    file(desk) + sections
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
  chat:
    offer_ttl: 5s
    wrap_up: 0s
    accounts:
      site: {{queue: general, origins: [\"https://{desk}.example\"]}}
agents:
  ana: {{teams: [inside], capacity: 20, languages: {{en: C2, de: C1}}}}
  ben: {{teams: [inside], capacity: 20, languages: {{en: C1, de: C2}}, skills: {{billing: 3}}}}
queues:
  general: {{teams: [inside], decline_pause: 1s, max_missed: 100}}
rules:
  - name: visitors
    when: message.channel == \"chat\"
    then: {{priority: urgent}}
  - name: invoices
    when: message.subject.contains(\"invoice\")
    then: {{skills: {{billing: 2}}, priority: high}}
"
    )
}

/// Writes the secrets that the files refer to into a directory of their own.
pub fn write_references(directory: &Path) {
    std::fs::create_dir_all(directory).expect("the directory is ours");
    std::fs::write(directory.join("pager"), HOOK_SECRET).expect("the directory is ours");
}
