//! `service_levels`: how many tickets of a channel are to be accepted how soon.

use std::collections::BTreeMap;

use tandem_domain::Channel;
use tandem_domain::desk::ServiceLevel;

use super::channels::CHANNELS;
use crate::place::{Place, Table};
use crate::written::service_level;

pub(super) fn read(table: &Table<'_>) -> BTreeMap<Channel, ServiceLevel> {
    let entries = table
        .get("service_levels")
        .map(|place| place.referring_entries("channel", &CHANNELS))
        .unwrap_or_default();
    let level = |place: &Place<'_>| {
        let level = service_level::parse(place.text()?);
        if level.is_none() {
            place.fault("this must be a share and a time such as 80% in 30s (1% to 100%, 1s to 30d)");
        }
        level
    };
    let entries = entries.into_iter();
    entries
        .filter_map(|(channel, place)| Some((channel, level(&place)?)))
        .collect()
}
