//! What a chat account has beyond its queue.

use super::name;
use crate::Origin;
use crate::model::ChatAccount;
use crate::place::{Place, Table};

pub(super) const KEYS: [&str; 4] = ["queue", "name", "origins", "contact_secret"];

pub(super) fn account(table: &Table<'_>, desk_name: &str) -> ChatAccount {
    ChatAccount {
        name: name(table, desk_name),
        origins: table.get("origins").map(|place| origins(&place)).unwrap_or_default(),
        contact_secret: table.get("contact_secret").and_then(|place| place.parsed()),
    }
}

fn origins(place: &Place<'_>) -> Vec<Origin> {
    let mut origins: Vec<Origin> = Vec::new();
    for place in place.one_or_list() {
        match place.parsed() {
            Some(origin) if origins.contains(&origin) => place.fault(format!("`{origin}` stands here a second time")),
            Some(origin) => origins.push(origin),
            None => {}
        }
    }
    origins
}
