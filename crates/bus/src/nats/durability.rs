//! Whether the servers keep what they acknowledge.
//!
//! Tandem loses nothing without that, since what the bus loses is read from the journals again; but then everybody
//! does so at once, which an operator should know to expect.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, PersistenceMode, RetentionPolicy, StorageType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MONITOR_TIMEOUT: Duration = Duration::from_secs(2);
const LARGEST_ANSWER: u64 = 1024 * 1024;

/// A way in which acknowledged events can be lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// The server keeps them in memory.
    #[error("the stream is kept in memory: a restart loses it")]
    InMemory,
    /// One server keeps them.
    #[error("one server keeps each event: losing its disk loses them (set 3 replicas)")]
    OneReplica,
    /// Old ones give way to new ones.
    #[error("the stream discards old events when it is full")]
    DiscardsOld,
    /// They go once they were read, or by other rules than age.
    #[error("the stream does not keep events for consumers that come later")]
    NotKept,
    /// The stream acknowledges before writing.
    #[error("the stream acknowledges before it has stored (`persist_mode`)")]
    StoredLater,
    /// The server writes now and then.
    #[error(
        "the server does not sync each write: a power failure loses up to two minutes (set `sync_interval: always`)"
    )]
    SyncedLater,
    /// The server was not or could not be asked.
    #[error("whether the server syncs each write is unknown: {0}")]
    SyncUnknown(String),
}

pub(super) fn report(weaknesses: &[Weakness]) {
    for weakness in weaknesses {
        tracing::warn!(%weakness, "nats may lose acknowledged events");
    }
}

pub(super) async fn weaknesses(stream: &Config, monitor: Option<&str>) -> Vec<Weakness> {
    let mut found = of_stream(stream);
    found.extend(of_server(monitor).await);
    found
}

fn of_stream(stream: &Config) -> Vec<Weakness> {
    [
        (stream.storage != StorageType::File, Weakness::InMemory),
        (stream.num_replicas < 2, Weakness::OneReplica),
        (stream.discard != DiscardPolicy::New, Weakness::DiscardsOld),
        (stream.retention != RetentionPolicy::Limits, Weakness::NotKept),
        (
            stream.persist_mode == Some(PersistenceMode::Async),
            Weakness::StoredLater,
        ),
    ]
    .into_iter()
    .filter_map(|(weak, weakness)| weak.then_some(weakness))
    .collect()
}

async fn of_server(monitor: Option<&str>) -> Option<Weakness> {
    let Some(monitor) = monitor else {
        return Some(Weakness::SyncUnknown("no monitoring address is configured".to_owned()));
    };
    match tokio::time::timeout(MONITOR_TIMEOUT, jetstream_settings(monitor)).await {
        Ok(Ok(settings)) => (!syncs_always(&settings)).then_some(Weakness::SyncedLater),
        Ok(Err(error)) => Some(Weakness::SyncUnknown(error.to_string())),
        Err(_) => Some(Weakness::SyncUnknown(
            "the monitoring address does not answer".to_owned(),
        )),
    }
}

/// Servers before 2.10 cannot do it and do not mention it.
fn syncs_always(settings: &serde_json::Value) -> bool {
    settings
        .pointer("/config/sync_always")
        .and_then(serde_json::Value::as_bool)
        .unwrap_or(false)
}

/// One question, without body or redirection, to a server of our own: HTTP/1.0 says it all.
async fn jetstream_settings(monitor: &str) -> std::io::Result<serde_json::Value> {
    let mut connection = TcpStream::connect(monitor).await?;
    connection
        .write_all(format!("GET /jsz HTTP/1.0\r\nHost: {monitor}\r\n\r\n").as_bytes())
        .await?;
    let mut answer = String::new();
    connection.take(LARGEST_ANSWER).read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Ok(serde_json::from_str(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replicated_stream_on_disk_that_refuses_when_full_is_sound() {
        let sound = Config {
            num_replicas: 3,
            discard: DiscardPolicy::New,
            ..Config::default()
        };
        assert_eq!(of_stream(&sound), []);
    }

    #[test]
    fn each_unsound_setting_is_named() {
        let unsound = Config {
            storage: StorageType::Memory,
            num_replicas: 1,
            discard: DiscardPolicy::Old,
            retention: RetentionPolicy::Interest,
            persist_mode: Some(PersistenceMode::Async),
            ..Config::default()
        };
        let all = [
            Weakness::InMemory,
            Weakness::OneReplica,
            Weakness::DiscardsOld,
            Weakness::NotKept,
            Weakness::StoredLater,
        ];
        assert_eq!(of_stream(&unsound), all);
    }

    #[test]
    fn only_a_server_that_says_so_syncs_always() {
        assert!(syncs_always(&serde_json::json!({"config": {"sync_always": true}})));
        assert!(!syncs_always(
            &serde_json::json!({"config": {"sync_interval": 120_000_000_000_u64}})
        ));
    }
}
