//! Texts of desk files: checked, stored under their hash, compared.

use bytes::Bytes;
use tandem_desk_file::{DeskFile, Fault, MAX_SIZE};
use tandem_domain::{CompiledDesk, DeskId, ErrorCode};
use tandem_proto::v1;
use tandem_service_kit::error::ApiError;
use tandem_store::{Commit, Row, Store};

use crate::convert::{self, FieldError};
use crate::errors::Failure;
use crate::read::{self, DESK_FILE};

/// A desk file without faults.
pub(super) struct Checked {
    text: String,
    file: DeskFile,
    /// What the router needs of it.
    pub(super) compiled: CompiledDesk,
    /// What is allowed but looks like a mistake.
    pub(super) warnings: Vec<Fault>,
}

/// The text, if it is not too large to be a desk file.
pub(super) fn checked_size(text: String) -> Result<String, FieldError> {
    match text.len() {
        0..=MAX_SIZE => Ok(text),
        size => Err(FieldError::new(
            "text",
            format!("{size} bytes are too many: a desk file has at most 1 MiB"),
        )),
    }
}

/// Validates a file whole; it must be this desk's.
pub(super) fn checked(text: String, desk: &DeskId) -> Result<Checked, Failure> {
    let text = checked_size(text)?;
    let file = tandem_desk_file::parse(&text).map_err(Failure::DeskFile)?;
    if file.desk != *desk {
        let allowed = format!(
            "the file is of desk `{}`: apply it there, or correct its `desk`",
            file.desk
        );
        return Err(FieldError::new("desk", allowed).into());
    }
    let compiled = tandem_desk_file::compile(&file, &text);
    let warnings = file.warnings.clone();
    Ok(Checked {
        text,
        file,
        compiled,
        warnings,
    })
}

/// Stores a file's text under its hash; fine if it is there already.
pub(super) async fn store(store: &dyn Store, desk: &DeskId, checked: &Checked) -> Result<(), Failure> {
    let row = Row {
        desk: desk.clone(),
        table: DESK_FILE.to_owned(),
        key: checked.compiled.hash.clone(),
        value: Some(Bytes::copy_from_slice(checked.text.as_bytes())),
    };
    Ok(store
        .commit(Commit {
            rows: vec![row],
            ..Commit::default()
        })
        .await?)
}

/// The text that was stored under this hash.
pub(super) async fn text(store: &dyn Store, desk: &DeskId, hash: &str) -> Result<String, Failure> {
    let stored = store.row(desk, DESK_FILE, hash).await?;
    let text = stored.and_then(|bytes| String::from_utf8(bytes.into()).ok());
    text.ok_or_else(|| ApiError::new(ErrorCode::DataLoss, format!("the text of desk file {hash} is gone")).into())
}

/// What a file changes against a version, a readable line each.
pub(super) async fn changes_since(
    store: &dyn Store,
    desk: &DeskId,
    version: u64,
    new: &Checked,
) -> Result<Vec<String>, Failure> {
    let row = read::version(store, desk, version).await?;
    let row = row.ok_or_else(|| Failure::missing("version", &version, "desk"))?;
    let old = text(store, desk, &row.hash).await?;
    Ok(changes(&old, &new.file))
}

/// What a desk's first file changes.
pub(super) fn all_new() -> Vec<String> {
    vec!["the desk is new: everything in the file is added".to_owned()]
}

/// A version that an older program took and this one does not can only be replaced as a whole.
fn changes(old: &str, new: &DeskFile) -> Vec<String> {
    match tandem_desk_file::parse(old) {
        Ok(old) => tandem_desk_file::diff(&old, new)
            .iter()
            .map(ToString::to_string)
            .collect(),
        Err(_) => vec!["this program cannot read the version to compare with: everything is replaced".to_owned()],
    }
}

/// What `text` would change against `base`; without a base, everything. Faults are an answer here.
pub(super) fn compare(base: Option<&str>, text: &str, desk: &DeskId) -> Result<v1::DiffDeskResponse, Failure> {
    let checked = match checked(text.to_owned(), desk) {
        Ok(checked) => checked,
        Err(Failure::DeskFile(faults)) => {
            let faults = convert::faults(&faults);
            return Ok(v1::DiffDeskResponse {
                faults,
                ..v1::DiffDeskResponse::default()
            });
        }
        Err(failure) => return Err(failure),
    };
    let changes = base.map_or_else(all_new, |base| changes(base, &checked.file));
    let warnings = convert::faults(&checked.warnings);
    Ok(v1::DiffDeskResponse {
        changes,
        faults: Vec::new(),
        warnings,
    })
}
