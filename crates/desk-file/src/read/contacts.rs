//! `contacts` and `roles`: who can be told of an escalation.

use std::collections::BTreeMap;

use tandem_domain::{ContactId, RoleId};

use super::{Known, name};
use crate::model::{Contact, Webhook};
use crate::place::{Place, Table};
use crate::web;

const KEYS: [&str; 4] = ["name", "email", "webhook", "secret"];

/// In `tell`, this word stands for whoever owns the ticket.
pub(super) const OWNER: &str = "owner";

pub(super) fn contacts(table: &Table<'_>) -> Vec<Contact> {
    let entries = table
        .get("contacts")
        .map(|place| place.entries_at())
        .unwrap_or_default();
    let read = |(id, at, place): (ContactId, _, Place<'_>)| {
        if id.as_str() == OWNER {
            place.fault_at(
                at,
                "`owner` is whoever owns the ticket: call this contact something else",
            );
        }
        contact(id, &place)
    };
    entries.into_iter().map(read).collect()
}

fn contact(id: ContactId, place: &Place<'_>) -> Contact {
    let table = place.table(&KEYS);
    let has = |key: &str| table.get(key).is_some();
    if place.is_table() && !has("email") && !has("webhook") {
        place.fault("this contact cannot be reached: it needs `email: name@domain`, or `webhook: https://…` with `secret: NAME`");
    }
    if has("secret") && !has("webhook") {
        place.fault("the `secret` signs what a `webhook` gets, and there is none");
    }
    Contact {
        name: name(&table, id.as_str()),
        email: table.get("email").and_then(|place| place.parsed()),
        webhook: table.get("webhook").and_then(|place| webhook(&place, &table)),
        id,
    }
}

fn webhook(place: &Place<'_>, table: &Table<'_>) -> Option<Webhook> {
    let url = web::webhook(place.text()?).map_err(|wrong| place.fault(wrong)).ok();
    let secret = table.need("secret", "pager")?.parsed()?;
    Some(Webhook { url: url?, secret })
}

pub(super) fn roles(table: &Table<'_>, known: &Known<'_>) -> BTreeMap<RoleId, Vec<ContactId>> {
    let entries = table.get("roles").map(|place| place.entries_at()).unwrap_or_default();
    let read = |(id, at, place): (RoleId, _, Place<'_>)| {
        if id.as_str() == OWNER || known.contacts.contains(&id.as_str()) {
            let what = if id.as_str() == OWNER {
                "whoever owns the ticket"
            } else {
                "a contact already"
            };
            place.fault_at(at, format!("`{id}` is {what}: call this role something else"));
        }
        (id, members(&place, known))
    };
    entries.into_iter().map(read).collect()
}

fn members(place: &Place<'_>, known: &Known<'_>) -> Vec<ContactId> {
    if place.is_empty_list() {
        place.fault("nobody would be told: at least one contact must stand here");
    }
    let mut members: Vec<ContactId> = Vec::new();
    for place in place.one_or_list() {
        match place.word("contact", &known.contacts) {
            Some(contact) if members.contains(&contact) => {
                place.fault(format!("the contact `{contact}` stands here a second time"));
            }
            Some(contact) => members.push(contact),
            None => {}
        }
    }
    members
}
