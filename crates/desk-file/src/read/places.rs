//! `regions` and `sites`: where agents work.

use std::collections::BTreeMap;

use tandem_domain::{RegionId, SiteId};

use super::{Known, name};
use crate::model::Site;
use crate::place::{Place, Table};

pub(super) fn regions(table: &Table<'_>) -> BTreeMap<RegionId, String> {
    let entries = table.get("regions").map(|place| place.entries()).unwrap_or_default();
    let region = |(id, place): (RegionId, Place<'_>)| {
        let name = region_name(&place, &id);
        (id, name)
    };
    entries.into_iter().map(region).collect()
}

/// A region may have a name and nothing else, or be just its key.
fn region_name(place: &Place<'_>, id: &RegionId) -> String {
    if place.node.is_nothing() {
        id.to_string()
    } else {
        name(&place.table(&["name"]), id.as_str())
    }
}

pub(super) fn sites(table: &Table<'_>, known: &Known<'_>) -> BTreeMap<SiteId, Site> {
    let entries = table.get("sites").map(|place| place.entries()).unwrap_or_default();
    let site = |(id, place): (SiteId, Place<'_>)| {
        let site = site(&place, &id, known);
        (id, site)
    };
    entries.into_iter().map(site).collect()
}

fn site(place: &Place<'_>, id: &SiteId, known: &Known<'_>) -> Site {
    if place.node.is_nothing() {
        return Site {
            name: id.to_string(),
            region: None,
        };
    }
    let table = place.table(&["name", "region"]);
    Site {
        name: name(&table, id.as_str()),
        region: table
            .get("region")
            .and_then(|place| place.word("region", &known.regions)),
    }
}
