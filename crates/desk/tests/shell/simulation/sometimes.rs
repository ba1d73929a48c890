//! Proof that the trouble was met: a simulation in which nothing went wrong shows nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// What a run of any workload must have met at least once.
const ALWAYS: &[&str] = &[
    "commit fenced",
    "commit happened, outcome unknown",
    "commit did not happen, outcome unknown",
    "store full",
    "store unreachable",
    "commit slow",
    "event lost",
    "publish failed",
    "publish acknowledgement lost",
    "hint lost",
    "request lost",
    "reply lost",
    "process crashed",
    "process crashed during a commit",
    "process shut down",
    "owner stopped past its lease",
    "desk taken over",
    "desk opened anew by its owner",
    "write repeated by its caller",
    "read answered during trouble",
];

/// How often each kind of trouble was met.
#[derive(Default)]
pub(crate) struct Sometimes(Mutex<BTreeMap<&'static str, u64>>);

impl Sometimes {
    pub(crate) fn hit(&self, what: &'static str) {
        self.hits(what, 1);
    }

    pub(crate) fn hits(&self, what: &'static str, times: u64) {
        *self.0.lock().unwrap().entry(what).or_default() += times;
    }

    /// Fails if something was never met, of what is met always or of what this workload meets `also`.
    pub(crate) fn assert_all(&self, also: &[&str]) {
        let hits = self.0.lock().unwrap();
        println!("{hits:#?}");
        let wanted = ALWAYS.iter().chain(also);
        let missed: Vec<_> = wanted
            .filter(|what| hits.get(*what).is_none_or(|times| *times == 0))
            .collect();
        assert!(missed.is_empty(), "never met: {missed:?}");
    }
}
