//! Applying a desk file: the same request gets the same answer, and a file that is in force already changes
//! nothing.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tandem_desk::DeskError;
use tandem_domain::DeskId;
use tandem_domain::routing::{Command, Reply};
use tandem_proto::v1;
use tandem_service_kit::auth::Caller;
use tandem_store::{Commit, Row};

use super::file::{self, Checked};
use crate::api::Api;
use crate::convert::{self, Write};
use crate::errors::Failure;
use crate::read;

/// What was decided about each request to apply a file, by a digest of caller and request id. The shell
/// remembers commands; a file that is in force already leads to none, and what a file changes depends on
/// what was in force when it came.
const DECISIONS: &str = "desk_apply";

/// What was decided when a request came for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Decision {
    /// SHA-256 of the file.
    hash: String,
    /// The version that was in force.
    replaces: Option<u64>,
    /// Whether that is the same file.
    unchanged: bool,
}

/// Validates a file whole and makes it the version in force.
pub(super) async fn apply(
    api: &Api,
    caller: &Caller,
    request: v1::ApplyDeskRequest,
) -> Result<v1::ApplyDeskResponse, Failure> {
    let request_id = convert::request_id(&request.request_id)?;
    let new = file::checked(request.text, &caller.desk)?;
    let key = key(caller, &request_id);
    let decision = decide(api, &caller.desk, &key, &new.compiled.hash).await?;
    let version = match decision.replaces.filter(|_| decision.unchanged) {
        Some(version) => {
            remember(api, &caller.desk, key, &decision).await?;
            version
        }
        None => activate(api, caller, request_id, &new, key, &decision).await?,
    };
    answer(api, caller, &new, &decision, version).await
}

fn key(caller: &Caller, request_id: &str) -> String {
    let principal = &caller.principal;
    let whole = format!("{}:{}\n{request_id}", principal.role.as_str(), principal.subject);
    hex::encode(Sha256::digest(whole))
}

async fn decide(api: &Api, desk: &DeskId, key: &str, hash: &str) -> Result<Decision, Failure> {
    let store = api.store.as_ref();
    if let Some(decision) = read::row::<Decision>(store, desk, DECISIONS, key).await? {
        let same = decision.hash == hash;
        return same.then_some(decision).ok_or(DeskError::RequestReused.into());
    }
    let active = read::active_desk(store, desk).await?;
    let unchanged = active.as_ref().is_some_and(|active| active.hash == hash);
    let replaces = active.map(|active| active.version);
    Ok(Decision {
        hash: hash.to_owned(),
        replaces,
        unchanged,
    })
}

fn encode(decision: &Decision) -> bytes::Bytes {
    serde_json::to_vec(decision).expect("a decision is plain data").into()
}

async fn remember(api: &Api, desk: &DeskId, key: String, decision: &Decision) -> Result<(), Failure> {
    let row = Row {
        desk: desk.clone(),
        table: DECISIONS.to_owned(),
        key,
        value: Some(encode(decision)),
    };
    Ok(api
        .store
        .commit(Commit {
            rows: vec![row],
            ..Commit::default()
        })
        .await?)
}

/// Has the desk's owner bring the file into force. Its text is stored first, under its hash: what is in
/// force can always be fetched, and a file may be larger than what travels to the owner.
async fn activate(
    api: &Api,
    caller: &Caller,
    request_id: String,
    new: &Checked,
    key: String,
    decision: &Decision,
) -> Result<u64, Failure> {
    if decision.replaces.is_none() {
        api.desks.create(&caller.desk).await?;
    }
    file::store(api.store.as_ref(), &caller.desk, new).await?;
    let command = Command::Activate(Box::new(new.compiled.clone()));
    let rows = vec![(DECISIONS.to_owned(), key, encode(decision))];
    match api.submit_with(caller, Write { request_id, command }, rows).await? {
        Reply::Activated { version } => Ok(version),
        _ => Err(Failure::OtherAnswer),
    }
}

async fn answer(
    api: &Api,
    caller: &Caller,
    new: &Checked,
    decision: &Decision,
    version: u64,
) -> Result<v1::ApplyDeskResponse, Failure> {
    let store = api.store.as_ref();
    let row = read::version(store, &caller.desk, version).await?;
    let row = row.ok_or_else(|| Failure::missing("version", &version, "desk"))?;
    let changes = match decision.replaces {
        Some(base) => file::changes_since(store, &caller.desk, base, new).await?,
        None => file::all_new(),
    };
    Ok(v1::ApplyDeskResponse {
        version: Some(convert::version(&row)),
        unchanged: decision.unchanged,
        changes,
        warnings: convert::faults(&new.warnings),
    })
}
