//! The router's history was rewritten, as after a restored backup: everything is forgotten and comes again.

use std::time::Duration;

use tandem_desk::Desks;
use tandem_domain::DeskId;
use tandem_domain::escalation::{Answer, Command, Query};
use tandem_sla::{SlaCore, rows};
use tandem_store::{Commit, Row, Store, StoreError};
use tokio::time::sleep;

use crate::feed::unremembered;

/// How long to wait before trying again.
const AGAIN: Duration = Duration::from_secs(1);
/// Rows that are read at once.
const CHUNK: usize = 500;

/// Has the core begin anew, for as long as that takes; the commit deletes the rows of before.
pub(crate) async fn begin_anew(desks: &Desks<SlaCore>, store: &dyn Store, desk: &DeskId) -> Commit {
    loop {
        match try_to(desks, store, desk).await {
            Ok(commit) => return commit,
            Err(reason) => tracing::warn!(%desk, reason, "the core could not begin anew; tried again"),
        }
        sleep(AGAIN).await;
    }
}

async fn try_to(desks: &Desks<SlaCore>, store: &dyn Store, desk: &DeskId) -> Result<Commit, String> {
    let followed = desks.query(desk, Query::Followed).await;
    let Answer::Followed { incarnation, .. } = followed.map_err(|error| error.to_string())? else {
        return Err("the desk gave an answer to another question".to_owned());
    };
    let begin = unremembered(Command::BeginAnew { incarnation });
    desks.submit(desk, begin).await.map_err(|error| error.to_string())?;
    let mut commit = Commit::default();
    for table in rows::TABLES {
        let keys = keys(store, desk, table).await.map_err(|error| error.to_string())?;
        commit.rows.extend(keys.into_iter().map(|key| Row {
            desk: desk.clone(),
            table: table.to_owned(),
            key,
            value: None,
        }));
    }
    Ok(commit)
}

async fn keys(store: &dyn Store, desk: &DeskId, table: &str) -> Result<Vec<String>, StoreError> {
    let mut keys = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.rows(desk, table, "", after.as_deref(), CHUNK).await?;
        keys.extend(page.rows.into_iter().map(|(key, _)| key));
        match page.next_after {
            Some(last) => after = Some(last),
            None => return Ok(keys),
        }
    }
}
