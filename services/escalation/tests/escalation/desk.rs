//! Desk files of the tests.

/// A desk whose tickets are to be accepted within `target`, with these rungs otherwise; `contacts` are told as `leads`.
pub(crate) fn desk_file(target: &str, rungs: &str, contacts: &str, leads: &str) -> String {
    format!(
        "\
desk: acme
languages: [de, en]
default_language: en
teams:
  inside: {{}}
channels:
  email:
    accounts:
      support: {{addresses: [help@acme.example], queue: general}}
agents:
  ana: {{teams: [inside], languages: {{de: C2, en: C2}}}}
queues:
  general: {{teams: [inside], next_tier: second}}
  second: {{teams: [inside], tier: 2}}
contacts:
{contacts}
roles:
  leads: [{leads}]
ladders:
  quick:
{rungs}
sla:
  - name: mail
    channels: email
    targets: {{accept: {target}, resolution: 1d}}
    ladders: {{accept: quick}}
"
    )
}

/// A contact with a webhook on this machine, signed with the secret `pager`.
pub(crate) fn webhook(contact: &str, url: &str) -> String {
    format!("  {contact}: {{webhook: \"{url}\", secret: pager}}\n")
}

/// At breach everything is done, and `leads` are told.
pub(crate) const AT_BREACH: &str = "    - {at: breach, raise_priority: urgent, move_to: {tier: 2}, tell: leads}\n";
