//! Request ids: what makes a repeated write harmless.
//!
//! A write is remembered under (desk, caller, method, request id) with the SHA-256 of its command's
//! JSON and with its answer, in the same transaction as its events. Cores' commands hold ordered
//! maps only, so their JSON is canonical. A rejected write changed nothing and is not remembered:
//! repeated, it is judged again by the state of then. Neither is a write without a request id: it is
//! harmless when repeated by itself.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tandem_domain::{DeskId, Timestamp};
use tandem_store::{JournalStore, RequestKey, RequestRecord, StoreError};

use crate::call::{Call, Write};
use crate::{Journaled, Submission};

/// SHA-256 of a command's canonical JSON.
pub(crate) type Hash = [u8; 32];

/// Under what a submission is remembered. The role is part of the caller: one subject may act in several.
pub(crate) fn key<C>(desk: &DeskId, submission: &Submission<C>) -> RequestKey {
    let actor = &submission.actor;
    RequestKey {
        desk: desk.clone(),
        caller: format!("{}:{}", actor.role.as_str(), actor.subject),
        method: submission.request.method.clone(),
        id: submission.request.id.clone(),
    }
}

/// What tells two requests under one id apart.
pub(crate) fn hash(command: &impl Serialize) -> Hash {
    let json = serde_json::to_vec(command).expect("commands are plain data with text keys");
    Sha256::digest(json).into()
}

/// What is known of a batch's requests: from the store, and from the batch itself.
#[derive(Default)]
pub(crate) struct Remembered(HashMap<RequestKey, (Hash, Bytes)>);

/// What is known of one request.
pub(crate) enum Memory {
    New,
    Done(Bytes),
    Reused,
}

impl Memory {
    pub(crate) fn or_else(self, ask: impl FnOnce() -> Self) -> Self {
        match self {
            Self::New => ask(),
            known => known,
        }
    }
}

impl Remembered {
    /// Asks the store, once for the whole batch.
    pub(crate) async fn look_up(store: &(impl JournalStore + ?Sized), keys: &[RequestKey]) -> Result<Self, StoreError> {
        if keys.is_empty() {
            return Ok(Self::default());
        }
        let records = store.requests(keys).await?;
        Ok(Self(
            records
                .into_iter()
                .map(|record| (record.key, (record.hash, record.reply)))
                .collect(),
        ))
    }

    pub(crate) fn recall<C: Journaled>(&self, write: &Write<C>) -> Memory {
        match self.0.get(&write.key) {
            None => Memory::New,
            Some((hash, reply)) if *hash == write.hash => Memory::Done(reply.clone()),
            Some(_) => Memory::Reused,
        }
    }

    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// A second one of the same batch gets the same answer.
    pub(crate) fn add(&mut self, record: &RequestRecord) {
        self.0.insert(record.key.clone(), (record.hash, record.reply.clone()));
    }
}

/// The keys of a batch's writes.
pub(crate) fn keys<C: Journaled>(calls: &[Call<C>]) -> Vec<RequestKey> {
    let writes = calls.iter().filter_map(|call| match call {
        Call::Write(write) if write.submission.request.is_remembered() => Some(write.key.clone()),
        _ => None,
    });
    writes.collect()
}

/// The record of a write that was carried out.
pub(crate) fn record<C: Journaled>(
    write: &Write<C>,
    reply: &C::Reply,
    now: Timestamp,
    keep: Duration,
) -> Result<RequestRecord, serde_json::Error> {
    Ok(RequestRecord {
        key: write.key.clone(),
        hash: write.hash,
        reply: serde_json::to_vec(reply)?.into(),
        expires_at: (!write.submission.request.forever).then(|| now.plus(keep)),
    })
}
