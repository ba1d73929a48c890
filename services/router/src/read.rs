//! Reading the read model: any replica does, whoever owns the desk. What has not ended is asked of the desk's owner.

use serde::de::DeserializeOwned;
use tandem_domain::routing::TicketView;
use tandem_domain::{CompiledDesk, DeskId, TicketId};
use tandem_routing::rows;
use tandem_store::{RowPage, Store};

use crate::errors::Failure;
use tandem_service_kit::page::Page;

mod tickets;

pub(crate) use tickets::{Stretch, ended_tickets, merged};

/// The texts of desk files, by the SHA-256 of their bytes. Written by this service, not by the core: they
/// hold people's words.
pub(crate) const DESK_FILE: &str = "desk_file";

/// A ticket that has ended.
pub(crate) async fn ended_ticket(
    store: &dyn Store,
    desk: &DeskId,
    id: TicketId,
) -> Result<Option<TicketView>, Failure> {
    let found: Option<TicketView> = row(store, desk, rows::TICKET, &rows::number(id.0)).await?;
    Ok(found.filter(rows::of_ended))
}

/// The version in force, if there is one.
pub(crate) async fn active_desk(store: &dyn Store, desk: &DeskId) -> Result<Option<CompiledDesk>, Failure> {
    row(store, desk, rows::DESK, rows::DESK_KEY).await
}

/// A version of the desk.
pub(crate) async fn version(
    store: &dyn Store,
    desk: &DeskId,
    version: u64,
) -> Result<Option<rows::VersionRow>, Failure> {
    row(store, desk, rows::DESK_VERSION, &rows::number(version)).await
}

/// A page of versions, oldest first, and the next page's token.
pub(crate) async fn versions(
    store: &dyn Store,
    desk: &DeskId,
    page: &Page,
) -> Result<(Vec<rows::VersionRow>, String), Failure> {
    whole_page(store, desk, rows::DESK_VERSION, page).await
}

/// One row's value.
pub(crate) async fn row<T: DeserializeOwned>(
    store: &dyn Store,
    desk: &DeskId,
    table: &'static str,
    key: &str,
) -> Result<Option<T>, Failure> {
    let value = store.row(desk, table, key).await?;
    value.map(|value| decode(table, key, &value)).transpose()
}

async fn whole_page<T: DeserializeOwned>(
    store: &dyn Store,
    desk: &DeskId,
    table: &'static str,
    page: &Page,
) -> Result<(Vec<T>, String), Failure> {
    let RowPage { rows, next_after } = store.rows(desk, table, "", page.after.as_deref(), page.size).await?;
    let values = rows.iter().map(|(key, value)| decode(table, key, value));
    let next = next_after.map(|last| page.token(&last)).unwrap_or_default();
    Ok((values.collect::<Result<_, _>>()?, next))
}

fn decode<T: DeserializeOwned>(table: &'static str, key: &str, value: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(value).map_err(|source| Failure::DamagedRow {
        table,
        key: key.to_owned(),
        source,
    })
}
