//! Who was there when, and for what: inferred from who served when, since the records do not say.
//!
//! - An agent serves the types of which he or she served at least three calls in the week.
//! - An agent is there from the beginning of a call to its end, and between two calls unless the gap says otherwise.
//! - In a gap an agent is away if it is longer than a quarter of an hour, or if somebody whom he or she serves was
//!   waiting for more than ten seconds of it: a free agent does not let customers wait, so this one was not free (paper
//!   work, a pause).
//!
//! So nobody is there longer for Tandem than for the bank; whatever idle time remains had no customers in it.

use std::collections::BTreeMap;

use super::records::{Record, Records};

const CALLS_OF_A_TYPE: usize = 3;
const PAUSE: u32 = 15 * 60;
const IGNORED: u32 = 10;

/// From when to when somebody is there, in seconds since the week began.
pub(super) type Shift = (u32, u32);

/// An agent, as inferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Agent {
    pub(super) kinds: Vec<usize>,
    /// In order; none touches the next.
    pub(super) shifts: Vec<Shift>,
}

pub(super) fn infer(records: &Records) -> Vec<Agent> {
    let mut calls: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for call in &records.calls {
        if let Some(service) = &call.served {
            calls.entry(&service.agent).or_default().push(call);
        }
    }
    let waited: Vec<_> = records.calls.iter().filter(|call| call.waited > IGNORED).collect();
    calls.values().map(|calls| agent(calls, &waited)).collect()
}

fn agent(calls: &[&Record], waited: &[&Record]) -> Agent {
    let of_kind = |kind: usize| calls.iter().filter(|call| call.kind == kind).count();
    let kinds: Vec<_> = (0..super::TYPES.len())
        .filter(|kind| of_kind(*kind) >= CALLS_OF_A_TYPE)
        .collect();
    let theirs: Vec<_> = waited.iter().filter(|call| kinds.contains(&call.kind)).collect();
    let ignored = |from: u32, to: u32| {
        let mut overlaps = theirs
            .iter()
            .map(|call| call.until().min(to).saturating_sub(call.asked.max(from)));
        overlaps.any(|overlap| overlap > IGNORED)
    };
    let mut spells: Vec<Shift> = calls
        .iter()
        .filter_map(|call| Some((call.until(), call.until() + call.served.as_ref()?.lasted)))
        .collect();
    spells.sort_unstable();
    let mut shifts: Vec<Shift> = Vec::new();
    for (from, to) in spells {
        match shifts.last_mut() {
            Some((_, end)) if from <= *end || (from - *end <= PAUSE && !ignored(*end, from)) => *end = to.max(*end),
            _ => shifts.push((from, to)),
        }
    }
    Agent { kinds, shifts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::g_real_week::records::Service;

    fn call(asked: u32, waited: u32, lasted: u32) -> Record {
        let served = (lasted > 0).then(|| Service {
            agent: "ANN".to_owned(),
            lasted,
        });
        Record {
            kind: 0,
            asked,
            waited,
            served,
        }
    }

    fn shifts(calls: Vec<Record>) -> Vec<Shift> {
        let records = Records {
            calls,
            ..Records::default()
        };
        infer(&records).remove(0).shifts
    }

    #[test]
    fn an_agent_is_there_between_calls() {
        let calls = vec![call(100, 0, 50), call(300, 0, 50), call(600, 0, 50)];
        assert_eq!(shifts(calls), [(100, 650)]);
    }

    #[test]
    fn a_long_gap_is_a_pause() {
        let calls = vec![call(100, 0, 50), call(1_051, 0, 50), call(1_200, 0, 50)];
        assert_eq!(shifts(calls), [(100, 150), (1_051, 1_250)]);
    }

    #[test]
    fn whoever_lets_customers_wait_is_not_there() {
        // The third waits from 160 on, and is served at 300 by somebody who was seen last at 150.
        let calls = vec![call(50, 0, 20), call(100, 0, 50), call(160, 140, 50)];
        assert_eq!(shifts(calls), [(50, 150), (300, 350)]);
    }

    #[test]
    fn who_hung_up_was_let_wait_too() {
        let calls = vec![call(50, 0, 20), call(100, 0, 50), call(160, 40, 0), call(300, 0, 50)];
        assert_eq!(shifts(calls), [(50, 150), (300, 350)]);
    }

    #[test]
    fn a_type_served_now_and_then_is_nobodys_skill() {
        let mut calls = vec![call(100, 0, 50), call(300, 0, 50), call(600, 0, 50)];
        calls.push(Record {
            kind: 1,
            ..call(700, 0, 50)
        });
        let records = Records {
            calls,
            ..Records::default()
        };
        assert_eq!(infer(&records)[0].kinds, [0]);
    }
}
