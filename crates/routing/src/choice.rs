//! By what those who fit and are free are ordered: the `choice` of each queue, as numbers.
//!
//! The order is always total: first the queue's own value, then who has been idle longer, then the file's order.

use tandem_domain::desk::{AgentProfile, Choice};
use tandem_domain::explain::Deciding;
use tandem_domain::{AgentId, OfferId, Requirement, Timestamp};

/// What one agent is worth beside others, for one ticket; the smallest is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Merit {
    /// What the queue chooses by.
    pub(crate) value: i64,
    pub(crate) idle_since: Timestamp,
    /// The place in the desk file.
    pub(crate) order: u32,
}

impl Merit {
    /// What put this one before the other.
    pub(crate) fn decided_by(&self, other: &Self) -> Deciding {
        if self.value != other.value {
            Deciding::Score
        } else if self.idle_since != other.idle_since {
            Deciding::LongerIdle
        } else {
            Deciding::FileOrder
        }
    }
}

/// What changes about an agent while a desk file is in force, as far as agents are chosen by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// The share of capacity in use, by 2^32.
    pub(crate) share: i64,
    pub(crate) idle_since: Timestamp,
    /// The last offer; 0 before the first.
    pub(crate) offered: u64,
}

/// The value of an agent in this form, of whom `standing` is said for as long as the desk file is in force.
pub(crate) fn value(choice: Choice, form: &Form, standing: i64) -> i64 {
    match choice {
        Choice::LeastLoaded => form.share,
        Choice::LongestIdle => 0,
        Choice::RoundRobin => form.offered.cast_signed(),
        Choice::BestSkilled | Choice::LeastOverSkilled | Choice::Cheapest | Choice::Weighted => standing,
    }
}

/// What is the same for as long as the desk file is in force; 0 for choices that go by the moment.
pub(crate) fn standing(choice: Choice, profile: &AgentProfile, requirement: &Requirement) -> i64 {
    match choice {
        Choice::BestSkilled => -mastery(profile, requirement),
        Choice::LeastOverSkilled => over_skill(profile, requirement),
        Choice::Cheapest => profile.cost.into(),
        Choice::LeastLoaded | Choice::LongestIdle | Choice::RoundRobin | Choice::Weighted => 0,
    }
}

/// What is kept of a merit with an offer: nothing where load or idle time say it all.
pub(crate) fn score(choice: Choice, merit: &Merit) -> i64 {
    match choice {
        Choice::LeastLoaded | Choice::LongestIdle => 0,
        Choice::RoundRobin | Choice::Weighted | Choice::BestSkilled | Choice::LeastOverSkilled | Choice::Cheapest => {
            merit.value
        }
    }
}

/// The sum of the agent's levels in what is asked for: 1 to 5 for each skill, and 1 (A1) to 6 (C2) for the language.
fn mastery(profile: &AgentProfile, requirement: &Requirement) -> i64 {
    let levels = requirement.skills.keys().filter_map(|skill| profile.skills.get(skill));
    let skills: i64 = levels.map(|level| i64::from(level.get())).sum();
    let language = requirement.language.as_ref();
    let spoken = language.and_then(|(wanted, _)| crate::requirement::proficiency(profile, wanted));
    skills + spoken.map_or(0, |level| level as i64 + 1)
}

/// How many skills and languages the agent has beyond what is asked for. Whoever has few of them is chosen first, so that
/// the rare one who can do much stays free for what nobody else can do.
pub(crate) fn over_skill(profile: &AgentProfile, requirement: &Requirement) -> i64 {
    let asked = requirement
        .skills
        .keys()
        .filter(|skill| profile.skills.contains_key(*skill))
        .count();
    let skills = profile.skills.len() - asked;
    let languages = match &requirement.language {
        Some((wanted, _)) => profile.languages.keys().filter(|spoken| !spoken.serves(wanted)).count(),
        None => profile.languages.len(),
    };
    i64::try_from(skills + languages).expect("a desk file has fewer than 2^63 skills")
}

/// An agent who is drawn by lot. The smallest of such draws is each agent's as often as its weight says: they are
/// exponentially distributed, at the weight's rate (Efraimidis and Spirakis, 2006). The chance is a hash of the offer and the
/// agent, and reckoned in whole numbers, so that it is the same on every machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    fingerprint: u64,
    weight: u32,
}

impl Draw {
    pub(crate) fn of(agent: &AgentId, weight: u32) -> Self {
        Self {
            fingerprint: fingerprint(agent),
            weight: weight.max(1),
        }
    }

    pub(crate) fn of_offer(self, offer: OfferId) -> i64 {
        self.by(log2(self.chance(offer)))
    }

    /// What the draw is at least, which is told much sooner: a logarithm is above its chord by less than 0.087.
    pub(crate) fn at_least(self, offer: OfferId) -> i64 {
        let chance = self.chance(offer);
        let whole = chance.ilog2();
        let mantissa = (chance << (63 - whole)) << 1;
        let chord = u64::from(whole * FRACTION) + (mantissa >> (64 - FRACTION_BITS));
        self.by((chord + u64::from(FRACTION / 11)).min(u64::from(64 * FRACTION)))
    }

    fn chance(self, offer: OfferId) -> u64 {
        mixed(offer.0 ^ self.fingerprint).max(1)
    }

    fn by(self, log2: u64) -> i64 {
        let lateness = u64::from(64 * FRACTION) - log2;
        i64::try_from((lateness << 32) / u64::from(self.weight)).unwrap_or(i64::MAX)
    }
}

/// One, in the fixed-point numbers of [`log2`].
const FRACTION: u32 = 1 << FRACTION_BITS;
const FRACTION_BITS: u32 = 24;

/// The binary logarithm, digit by digit.
fn log2(number: u64) -> u64 {
    let whole = number.ilog2();
    let mut mantissa = u128::from(number) << (63 - whole);
    let mut digits = u64::from(whole);
    for _ in 0..FRACTION_BITS {
        mantissa = (mantissa * mantissa) >> 63;
        let digit = mantissa >> 64;
        mantissa >>= digit;
        digits = digits << 1 | u64::from(digit == 1);
    }
    digits
}

/// FNV-1a.
fn fingerprint(agent: &AgentId) -> u64 {
    let bytes = agent.as_str().bytes();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The last step of `SplitMix64`.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_of_a_power_of_two_is_whole() {
        for power in [0, 1, 17, 63] {
            assert_eq!(log2(1 << power), u64::from(power * FRACTION));
        }
        // 1.584 962 500 721 156, by 2^24.
        assert!(log2(3).abs_diff(26_591_258) <= 1);
    }

    #[test]
    fn no_draw_is_less_than_it_is_said_to_be_at_least() {
        let draw = Draw::of(&"ana".parse().unwrap(), 7);
        let near = (1..=100_000).map(OfferId).filter(|offer| {
            let (least, exact) = (draw.at_least(*offer), draw.of_offer(*offer));
            assert!(least <= exact, "{offer:?}: {least} > {exact}");
            exact - least <= draw.by(u64::from(64 * FRACTION - FRACTION / 10))
        });
        assert_eq!(near.count(), 100_000);
    }

    #[test]
    fn who_weighs_three_times_as_much_is_drawn_three_times_as_often() {
        let agents: [AgentId; 2] = ["ana", "bo"].map(|id| id.parse().unwrap());
        let wins = (1..=40_000).filter(|offer| {
            let offer = OfferId(*offer);
            Draw::of(&agents[0], 3).of_offer(offer) < Draw::of(&agents[1], 1).of_offer(offer)
        });
        // Three in four, give or take four standard deviations.
        assert!(wins.count().abs_diff(30_000) < 350);
    }
}
