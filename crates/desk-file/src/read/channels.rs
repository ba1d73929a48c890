//! `channels`: what a ticket costs there, and at which accounts the desk is reached.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::desk::ChannelPolicy;
use tandem_domain::{AccountId, Channel};

use super::{DAY, Known, chats, duration_or};
use crate::Address;
use crate::model::{Account, ChannelSection, default_policy};
use crate::place::{Place, Table};
use crate::written::percent;

pub(super) const CHANNELS: [&str; 4] = ["email", "chat", "phone", "social"];
const KEYS: [&str; 7] = [
    "accounts",
    "units",
    "hold_units",
    "hold",
    "offer_ttl",
    "wrap_up",
    "auto_accept",
];

/// What may stand in the file only once.
#[derive(Default)]
struct Taken {
    accounts: BTreeSet<AccountId>,
    addresses: BTreeSet<Address>,
}

pub(super) fn read(table: &Table<'_>, known: &Known<'_>) -> BTreeMap<Channel, ChannelSection> {
    let mut taken = Taken::default();
    let example = "{email: {accounts: {support: {addresses: [help@acme.example], queue: support}}}}";
    let Some(place) = table.need("channels", example) else {
        return BTreeMap::new();
    };
    let entries = place.referring_entries::<Channel>("channel", &CHANNELS);
    entries
        .into_iter()
        .map(|(channel, place)| (channel, section(channel, &place, known, &mut taken)))
        .collect()
}

fn section(channel: Channel, place: &Place<'_>, known: &Known<'_>, taken: &mut Taken) -> ChannelSection {
    let table = place.table(&KEYS);
    let entries = table
        .need("accounts", "{support: {queue: support}}")
        .map(|place| place.entries())
        .unwrap_or_default();
    let mut accounts = BTreeMap::new();
    for (id, place) in entries {
        if !taken.accounts.insert(AccountId::clone(&id)) {
            place.fault(format!(
                "the account `{id}` stands in another channel already: each needs a key of its own"
            ));
        }
        if let Some(account) = account(channel, &place, known, taken) {
            accounts.insert(id, account);
        }
    }
    ChannelSection {
        policy: policy(channel, &table),
        accounts,
    }
}

fn policy(channel: Channel, table: &Table<'_>) -> ChannelPolicy {
    let default = default_policy(channel);
    let seconds = |duration: Duration| duration.as_secs();
    let units = table
        .get("units")
        .and_then(|place| place.number(1..=100))
        .unwrap_or(default.units);
    let hold_units = table.get("hold_units").and_then(|place| {
        let given = place.number(0..=100)?;
        if given > units {
            place.fault(format!(
                "a ticket on hold cannot cost more units than it does otherwise, {units}"
            ));
        }
        Some(given)
    });
    ChannelPolicy {
        units,
        hold_units: hold_units.unwrap_or(default.hold_units.min(units)),
        offer_ttl: duration_or(table, "offer_ttl", 5..=DAY, seconds(default.offer_ttl)),
        wrap_up: duration_or(table, "wrap_up", 0..=DAY, seconds(default.wrap_up)),
        hold_percent: hold_percent(table),
        auto_accept: table
            .get("auto_accept")
            .and_then(|place| place.truth())
            .unwrap_or_default(),
    }
}

fn hold_percent(table: &Table<'_>) -> Option<u8> {
    let place = table.get("hold")?;
    let share = percent::parse(place.text()?).filter(|share| *share <= 100);
    if share.is_none() {
        place.fault("this must be a share of the ticket's units such as 25% (0% to 100%)");
    }
    if table.get("hold_units").is_some() {
        place.fault("`hold_units` says what a ticket on hold costs, too: drop one of them");
    }
    share
}

fn account(channel: Channel, place: &Place<'_>, known: &Known<'_>, taken: &mut Taken) -> Option<Account> {
    let table = place.table(match channel {
        Channel::Email => &["addresses", "queue"],
        Channel::Chat => &chats::KEYS,
        Channel::Phone | Channel::Social => &["queue"],
    });
    let addresses = match channel {
        Channel::Email => addresses(&table, taken),
        _ => Vec::new(),
    };
    let chat = (channel == Channel::Chat).then(|| chats::account(&table, &known.desk_name));
    let queue = table.need("queue", "support")?.word("queue", &known.queues)?;
    Some(Account { addresses, queue, chat })
}

fn addresses(table: &Table<'_>, taken: &mut Taken) -> Vec<Address> {
    let Some(place) = table.need("addresses", "[help@acme.example]") else {
        return Vec::new();
    };
    if place.is_empty_list() {
        place.fault("an email account needs at least one address");
    }
    place
        .one_or_list()
        .iter()
        .filter_map(|place| fresh_address(place, taken))
        .collect()
}

fn fresh_address(place: &Place<'_>, taken: &mut Taken) -> Option<Address> {
    let address: Address = place.parsed()?;
    if !taken.addresses.insert(address.clone()) {
        place.fault(format!(
            "`{address}` stands in the file a second time: an address belongs to one account"
        ));
        return None;
    }
    Some(address)
}
