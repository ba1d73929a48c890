//! What each version wrote: one event of each kind, as hexadecimal protobuf beside what it means. A file is
//! never changed; a new version adds its own.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::{Deserialize, Serialize};
use tandem_desk::Journaled;
use tandem_domain::Event;
use tandem_domain::routing::RoutingEvent;
use tandem_routing::RoutingCore;

use super::events::event;

/// Each version, and how many kinds of events it knew.
const VERSIONS: [(u32, usize); 2] = [(1, 17), (2, 22)];

#[derive(Serialize, Deserialize)]
struct Golden {
    kind: String,
    payload: String,
    event: Event<RoutingEvent>,
}

fn path(version: u32) -> PathBuf {
    let file = format!("tests/golden/router-events-v{version}.jsonl");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(digits).collect()
}

#[test]
fn events_of_every_version_are_read_as_what_they_meant() {
    for (version, kinds) in VERSIONS {
        let text = fs::read_to_string(path(version)).expect("the golden file lies beside the tests");
        let golden: Vec<Golden> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("one event a line"))
            .collect();
        for entry in &golden {
            let read = RoutingCore::decode(&entry.kind, &bytes(&entry.payload));
            assert_eq!(read.as_ref(), Ok(&entry.event), "version {version}: {}", entry.kind);
        }
        let known: std::collections::BTreeSet<_> = golden.iter().map(|entry| &entry.kind).collect();
        assert_eq!(known.len(), kinds, "version {version}: one of each kind");
    }
}

/// Writes the file of a new version: `cargo test -p tandem-desk --test codec -- --ignored`.
#[test]
#[ignore = "writes a golden file, once per version"]
fn write_the_golden_file_of_a_new_version() {
    let (version, kinds) = VERSIONS[VERSIONS.len() - 1];
    assert!(!path(version).exists(), "a released version's file is never changed");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[1; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut lines = std::collections::BTreeMap::new();
    while lines.len() < kinds {
        let event = event().new_tree(&mut runner).expect("a value").current();
        let encoded = RoutingCore::encode(&event);
        let payload = encoded.payload.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("text can be written to");
            hex
        });
        let golden = Golden {
            kind: encoded.kind.to_owned(),
            payload,
            event,
        };
        lines.insert(encoded.kind, serde_json::to_string(&golden).expect("plain data"));
    }
    let text = lines
        .into_values()
        .fold(String::new(), |text, line| text + &line + "\n");
    fs::write(path(version), text).expect("the golden file can be written");
}
