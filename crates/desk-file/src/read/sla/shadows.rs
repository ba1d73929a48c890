//! Policies that no ticket can reach, since an earlier one takes all that fit.

use std::collections::BTreeSet;

use tandem_domain::LanguageTag;
use tandem_domain::sla::Policy;

use super::Placed;

pub(super) fn check(policies: &[Placed<'_>]) {
    for (index, (policy, place)) in policies.iter().enumerate() {
        let earlier = policies[..index]
            .iter()
            .find(|(earlier, _)| takes_all_of(earlier, policy));
        if let Some((earlier, _)) = earlier {
            place.warn(format!(
                "no ticket ever gets the policy `{}`: `{}` above takes all that fit; put this one before it",
                policy.id, earlier.id
            ));
        }
    }
}

fn takes_all_of(earlier: &Policy, later: &Policy) -> bool {
    covers(&earlier.queues, &later.queues)
        && covers(&earlier.channels, &later.channels)
        && covers(&earlier.priorities, &later.priorities)
        && covers(&earlier.tags, &later.tags)
        && covers_languages(&earlier.languages, &later.languages)
}

/// An empty set stands for everything.
fn covers<T: Ord>(wide: &BTreeSet<T>, narrow: &BTreeSet<T>) -> bool {
    wide.is_empty() || (!narrow.is_empty() && narrow.is_subset(wide))
}

/// `de` covers `de-CH`; the other way round, `de-AT` is left.
fn covers_languages(wide: &BTreeSet<LanguageTag>, narrow: &BTreeSet<LanguageTag>) -> bool {
    let is_within = |narrow: &LanguageTag, wide: &LanguageTag| {
        let rest = narrow.as_str().strip_prefix(wide.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let is_covered = |narrow: &LanguageTag| wide.iter().any(|wide| is_within(narrow, wide));
    wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(is_covered))
}
