//! Reading the read model: any replica does, whoever owns the desk.

use serde::de::DeserializeOwned;
use tandem_domain::routing::{AgentView, TicketView};
use tandem_domain::{AgentId, CompiledDesk, DeskId, QueueId, RoutingState, TicketId};
use tandem_routing::rows;
use tandem_store::{RowPage, Store};

use crate::errors::Failure;
use tandem_service_kit::page::Page;

mod tickets;

pub(crate) use tickets::tickets;

/// The texts of desk files, by the SHA-256 of their bytes. Written by this service, not by the core: they
/// hold people's words.
pub(crate) const DESK_FILE: &str = "desk_file";

/// Which tickets a list is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TicketFilter {
    /// In one of these states; empty: in any.
    pub(crate) states: Vec<RoutingState>,
    /// Of this queue.
    pub(crate) queue: Option<QueueId>,
    /// Owned by or offered to this agent.
    pub(crate) agent: Option<AgentId>,
}

/// A ticket.
pub(crate) async fn ticket(store: &dyn Store, desk: &DeskId, id: TicketId) -> Result<Option<TicketView>, Failure> {
    row(store, desk, rows::TICKET, &rows::number(id.0)).await
}

/// An agent of the version in force.
pub(crate) async fn agent(store: &dyn Store, desk: &DeskId, id: &AgentId) -> Result<Option<AgentView>, Failure> {
    row(store, desk, rows::AGENT, id.as_str()).await
}

/// A page of agents, ascending by key, and the next page's token.
pub(crate) async fn agents(store: &dyn Store, desk: &DeskId, page: &Page) -> Result<(Vec<AgentView>, String), Failure> {
    whole_page(store, desk, rows::AGENT, page).await
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
