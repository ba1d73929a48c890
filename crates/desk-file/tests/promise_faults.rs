//! What is wrong with chats, calendars, contacts and service levels is reported at its exact place.

#[path = "faults/cases.rs"]
mod cases;

use cases::Case;

const BASE: &str = include_str!("faults/promises.yaml");

fn check(cases: &[Case]) {
    cases::check(BASE, cases);
}

#[test]
fn faults_of_chat_accounts() {
    check(&[
        (
            "https://shop.acme.example]",
            "https://shop.acme.example/]",
            &["13:45 channels.chat.accounts.web.origins[1]: `https://shop.acme.ex…s://shop.acme.example`"],
        ),
        (
            "https://shop.acme.example]",
            "http://shop.acme.example]",
            &["13:45 channels.chat.accounts.web.origins[1]: `http://shop.acme.exa…tps://www.acme.example"],
        ),
        (
            "https://shop.acme.example]",
            "\"*\"]",
            &["13:45 channels.chat.accounts.web.origins[1]: `*` is not a web addr…tps://www.acme.example"],
        ),
        (
            "https://shop.acme.example]",
            "https://www.acme.example]",
            &["13:45 channels.chat.accounts.web.origins[1]: `https://www.acme.exa…nds here a second time"],
        ),
        (
            "contact_secret: acme-shop",
            "contact_secret: ../acme",
            &["14:25 channels.chat.accounts.web.contact_secret: `../acme` is not …with a letter or digit"],
        ),
        (
            "contact_secret: acme-shop",
            "secret: acme-shop",
            &["14:9 channels.chat.accounts.web.secret: unknown key `secret`: use …gins or contact_secret"],
        ),
        (
            "queue: general}}}\n",
            "queue: general, origins: []}}}\n",
            &["8:80 channels.email.accounts.support.origins: unknown key `origins`: use addresses or queue"],
        ),
    ]);
}

#[test]
fn faults_of_calendars() {
    check(&[
        (
            "      mon-thu: [08:00-12:00, 13:00-17:00]\n      fri: 22:00-06:00\n",
            "      mon-fri: closed\n",
            &["26:7 calendars.office.hours: this calendar never opens: it needs h…`mon-fri: 09:00-17:00`"],
        ),
        (
            "    hours: {mon-sun: 20:00-04:00}\n",
            "    hours: {}\n",
            &["33:12 calendars.night.hours: this calendar never opens: it needs h…`mon-fri: 09:00-17:00`"],
        ),
        (
            "    hours: {mon-sun: 20:00-04:00}\n",
            "",
            &["32:5 calendars.night: `hours` is missing: such as `hours: {mon-fri: 09:00-17:00}`"],
        ),
        (
            "timezone: UTC",
            "timezone: UCT+1",
            &["32:15 calendars.night.timezone: unknown time zone `UCT+1`: use an …n; did you mean `UCT`?"],
        ),
        (
            "13:00-17:00",
            "11:30-17:00",
            &["26:30 calendars.office.hours.mon-thu[1]: this overlaps with 08:00-12:00, which begins on mon"],
        ),
        (
            "      fri: 22:00-06:00\n",
            "      fri: 22:00-06:00\n      sat: 05:00-10:00\n",
            &["28:12 calendars.office.hours.sat: this overlaps with 22:00-06:00, which begins on fri"],
        ),
        (
            "{mon-sun: 20:00-04:00}",
            "{mon-sun: 03:00-04:00, sun: 20:00-21:00}",
            &["33:35 calendars.night.hours.sun: the hours of sun stand here a second time"],
        ),
        (
            "{mon-sun: 20:00-04:00}",
            "{mon: 03:00-05:00, sun: 20:00-04:00}",
            &["33:18 calendars.night.hours.mon: this overlaps with 20:00-04:00, which begins on sun"],
        ),
        (
            "{mon-sun: 20:00-04:00}",
            "{mon-sun: [20:00-04:00, 03:00-05:00]}",
            &["33:36 calendars.night.hours.mon-sun[1]: this overlaps with 20:00-04:00, which begins on mon"],
        ),
        (
            "13:00-17:00",
            "13-17",
            &["26:30 calendars.office.hours.mon-thu[1]: this must be hours such a…00:00-24:00, or closed"],
        ),
        (
            "      fri: 22",
            "      fryday: 22",
            &["27:7 calendars.office.hours.fryday: `fryday` is not a weekday: use… range such as mon-fri"],
        ),
        (
            "      fri: 22",
            "      sun-fri: 22",
            &["27:7 calendars.office.hours.sun-fri: `sun-fri` runs backwards: a w… mon and ends with sun"],
        ),
        (
            "fri: 22:00-06:00",
            "fri: []",
            &["27:12 calendars.office.hours.fri: nothing stands here: write `closed` for a day without hours"],
        ),
    ]);
}

#[test]
fn faults_of_holidays() {
    check(&[
        (
            "12-25: closed",
            "25.12.: closed",
            &["29:7 calendars.office.holidays.25.12.: `25.12.` is not a date: use…for that of every year"],
        ),
        (
            "12-25: closed",
            "02-30: closed",
            &["29:7 calendars.office.holidays.02-30: `02-30` is not a date: use o…for that of every year"],
        ),
        (
            "12-25: closed",
            "12-25: 05:00-10:00",
            &["29:14 calendars.office.holidays.12-25: this overlaps with earlier …0:00-06:00 of that day"],
        ),
        (
            "12-25: closed",
            "12-25: 20:00-02:00",
            &["29:14 calendars.office.holidays.12-25: the hours of a holiday end … hours of the next day"],
        ),
        (
            "2026-12-24: 09:00-12:00",
            "2026-12-19: 05:00-07:00",
            &["30:19 calendars.office.holidays.2026-12-19: this overlaps with earlier ho…fill 00:00-06:00 of that day"],
        ),
        (
            "2026-12-24: 09:00-12:00",
            "2026-12-24: [09:00-12:00, 11:00-13:00]",
            &["30:33 calendars.office.holidays.2026-12-24[1]: this overlaps with …0:00-12:00 of that day"],
        ),
        (
            "    holidays:\n",
            "    holidayz:\n",
            &["28:5 calendars.office.holidayz: unknown key `holidayz`: use timezo…d you mean `holidays`?"],
        ),
        (
            "    holidays:\n      12-25: closed\n",
            "    holidays:\n      12-25: close\n",
            &["29:14 calendars.office.holidays.12-25: this must be hours such as …00:00-24:00, or closed"],
        ),
    ]);
}

#[test]
fn faults_of_contacts_and_roles() {
    check(&[
        (
            "{name: Marta, email: lead@acme.example}",
            "{name: Marta}",
            &[
                "35:9 contacts.lead: this contact cannot be reached: it needs `email: name@domain`, or `webhook: https://…` with `secret: NAME`",
            ],
        ),
        (
            "lead@acme.example}",
            "lead}",
            &["35:30 contacts.lead.email: `lead` is not a mail address: use name@…h as help@acme.example"],
        ),
        (
            "https://hooks.acme.example/x",
            "http://hooks.acme.example/x",
            &["36:20 contacts.pager.webhook: `http://hooks.acme.example/x` is not… use https://host/path"],
        ),
        (
            "https://hooks.acme.example/x",
            "hooks.acme.example/x",
            &["36:20 contacts.pager.webhook: `hooks.acme.example/x` is not a web … use https://host/path"],
        ),
        (
            "/x, secret: pager}",
            "/x}",
            &["36:10 contacts.pager: `secret` is missing: such as `secret: pager`"],
        ),
        (
            "secret: pager}",
            "secret: whsec_abc=}",
            &["36:58 contacts.pager.secret: `whsec_abc=` is not a key: use 1 to 6…with a letter or digit"],
        ),
        (
            "{name: Marta, email",
            "{secret: x, email",
            &["35:9 contacts.lead: the `secret` signs what a `webhook` gets, and there is none"],
        ),
        (
            "  pager: {",
            "  owner: {",
            &[
                "36:3 contacts.owner: `owner` is whoever owns the ticket: call this contact something else",
                "38:17 roles.leads[1]: unknown contact `pager`: use lead or owner",
                "47:13 ladders.slow[2].tell: unknown recipient `pager`: use owner, leads, lead or owner",
            ],
        ),
        (
            "  leads: [lead, pager]",
            "  lead: [lead, pager]",
            &[
                "38:3 roles.lead: `lead` is a contact already: call this role something else",
                "44:21 ladders.slow[1].tell[1]: unknown recipient `leads`: use owne…; did you mean `lead`?",
            ],
        ),
        (
            "  leads: [lead, pager]",
            "  leads: []",
            &["38:10 roles.leads: nobody would be told: at least one contact must stand here"],
        ),
        (
            "  leads: [lead, pager]",
            "  leads: [lead, page]",
            &["38:17 roles.leads[1]: unknown contact `page`: use lead or pager; did you mean `pager`?"],
        ),
        (
            "  leads: [lead, pager]",
            "  leads: [lead, lead]",
            &["38:17 roles.leads[1]: the contact `lead` stands here a second time"],
        ),
        (
            "contact: lead}",
            "contact: leda}",
            &["16:63 agents.ana.contact: unknown contact `leda`: use lead or pager; did you mean `lead`?"],
        ),
    ]);
}

#[test]
fn faults_of_service_levels() {
    check(&[
        (
            "80% in 30s",
            "80%",
            &["22:24 service_levels.chat: this must be a share and a time such as…1% to 100%, 1s to 30d)"],
        ),
        (
            "80% in 30s",
            "101% in 30s",
            &["22:24 service_levels.chat: this must be a share and a time such as…1% to 100%, 1s to 30d)"],
        ),
        (
            "{chat: 80% in 30s}",
            "{caht: 80% in 30s}",
            &["22:18 service_levels.caht: unknown channel `caht`: use email, chat…; did you mean `chat`?"],
        ),
    ]);
}
