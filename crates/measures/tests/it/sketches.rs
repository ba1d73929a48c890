//! Durations: what is exact is exact, what is not is within 1 %, and merging is adding.

use std::time::Duration;

use proptest::prelude::*;
use tandem_measures::Measured;

fn of(millis: &[u64]) -> Measured {
    let mut measured = Measured::default();
    for ms in millis {
        measured.add(Duration::from_millis(*ms));
    }
    measured
}

fn stored(measured: &Measured) -> String {
    serde_json::to_string(measured).unwrap()
}

fn durations() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(prop_oneof![0..5_u64, 0..100_000_u64, 0..40_000_000_000_u64], 0..60)
}

#[test]
fn nothing_has_no_mean() {
    let none = Measured::default();
    assert_eq!(
        (none.count(), none.mean(), none.percentile(0.5), none.max()),
        (0, None, None, None)
    );
}

#[test]
fn what_is_stored_comes_back_and_goes_on() {
    let mut measured = of(&[0, 1, 1, 90_000]);
    let mut back: Measured = serde_json::from_str(&stored(&measured)).unwrap();
    assert_eq!(stored(&back), stored(&measured));
    for each in [&mut measured, &mut back] {
        each.add(Duration::from_millis(777));
    }
    assert_eq!(stored(&back), stored(&measured));
}

#[test]
fn a_damaged_sketch_is_refused() {
    for sketch in ["!", "AAAA", "oAE"] {
        let json = format!(r#"{{"count":1,"total_ms":1,"max_ms":1,"sketch":"{sketch}"}}"#);
        assert!(serde_json::from_str::<Measured>(&json).is_err(), "{sketch}");
    }
}

proptest! {
    #[test]
    fn percentiles_are_within_one_percent(mut millis in durations(), part in 0..=128_u16) {
        prop_assume!(!millis.is_empty());
        let measured = of(&millis);
        millis.sort_unstable();
        let exact = millis[usize::from(part) * (millis.len() - 1) / 128];
        // Parts of 128 are exact in binary, so both mean the same rank.
        let told = measured.percentile(f64::from(part) / 128.0).unwrap();
        let off = told.abs_diff(Duration::from_millis(exact));
        prop_assert!(off <= Duration::from_millis(exact / 100 + 1), "{told:?} for {exact} ms");
        prop_assert_eq!(measured.total(), Duration::from_millis(millis.iter().sum()));
        prop_assert_eq!(measured.max(), millis.last().map(|ms| Duration::from_millis(*ms)));
    }

    #[test]
    fn merging_is_adding_in_whatever_parts_and_order(millis in durations(), cut in 0..60_usize) {
        let (left, right) = millis.split_at(cut.min(millis.len()));
        let whole = stored(&of(&millis));
        for (first, second) in [(left, right), (right, left)] {
            let mut merged = of(first);
            merged.merge(&of(second));
            prop_assert_eq!(stored(&merged), whole.clone());
        }
        let mut with_none = of(&millis);
        with_none.merge(&Measured::default());
        prop_assert_eq!(stored(&with_none), whole);
    }
}
