//! How much work an agent may have: the whole policy, as arithmetic on what the desk file says.
//!
//! - A ticket takes the units of its queue and channel while it is offered, assigned or wrapped up, and a
//!   part of them while it is parked: what helpers have of it takes as much as what its owner has.
//! - An offer is made only where its units fit beside the work at hand, and the channel's maximum is not reached.
//! - Work whose channel may be interrupted by the offer's does not count against it: what is in use may exceed the
//!   capacity then, and nothing that counts it is offered until it fits again.
//! - Work that comes back to its owner does so even without room, with the same consequence.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::Channel;
use tandem_domain::desk::{AgentProfile, ChannelPolicy};

const CHANNELS: usize = Channel::ALL.len();

/// Parked work may take a part of a unit: costs are reckoned in hundredths of one.
const UNIT: u32 = 100;

/// What a ticket asks of an agent's capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Demand {
    pub(crate) channel: Channel,
    /// Units, while it is at hand.
    pub(crate) units: u32,
}

/// What one ticket takes of somebody's capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    channel: Channel,
    hundredths: u32,
    /// Whether it counts towards the channel's maximum.
    at_hand: bool,
}

impl Demand {
    /// As work that somebody is at, or that is offered.
    pub(crate) fn at_hand(self) -> Work {
        Work {
            channel: self.channel,
            hundredths: self.units.saturating_mul(UNIT),
            at_hand: true,
        }
    }

    /// As work that waits for the customer; never more than it takes at hand.
    pub(crate) fn parked(self, policy: &ChannelPolicy) -> Work {
        let whole = self.units.saturating_mul(UNIT);
        let parked = match policy.hold_percent {
            Some(percent) => self.units.saturating_mul(percent.into()),
            None => policy.hold_units.saturating_mul(UNIT),
        };
        Work {
            channel: self.channel,
            hundredths: parked.min(whole),
            at_hand: false,
        }
    }
}

/// What an agent's tickets take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// Hundredths of a unit, by channel.
    taken: [u64; CHANNELS],
    /// Tickets by channel, without those that are parked.
    pub(crate) at_hand: [u32; CHANNELS],
}

impl Load {
    pub(crate) fn add(&mut self, work: Work) {
        self.taken[work.channel as usize] += u64::from(work.hundredths);
        self.at_hand[work.channel as usize] += u32::from(work.at_hand);
    }

    /// Takes out what was [added](Self::add) before.
    pub(crate) fn remove(&mut self, work: Work) {
        self.taken[work.channel as usize] -= u64::from(work.hundredths);
        self.at_hand[work.channel as usize] -= u32::from(work.at_hand);
    }

    /// Hundredths of a unit.
    pub(crate) fn taken(&self) -> u32 {
        hundredths(self.taken.iter().sum())
    }

    /// Units; a unit of which a part is taken counts.
    pub(crate) fn used(&self) -> u32 {
        self.taken().div_ceil(UNIT)
    }

    /// Hundredths of a unit of the channels for which `counts` holds.
    fn taken_where(&self, counts: impl Fn(Channel) -> bool) -> u32 {
        let counting = Channel::ALL.into_iter().filter(|channel| counts(*channel));
        hundredths(counting.map(|channel| self.taken[channel as usize]).sum())
    }

    /// Whether somebody is at anything.
    pub(crate) fn is_parked(&self) -> bool {
        self.at_hand == [0; CHANNELS]
    }
}

/// More than can be told is the most that can be told.
fn hundredths(sum: u64) -> u32 {
    u32::try_from(sum).unwrap_or(u32::MAX)
}

impl FromIterator<Work> for Load {
    fn from_iter<I: IntoIterator<Item = Work>>(works: I) -> Self {
        works.into_iter().fold(Self::default(), |mut load, work| {
            load.add(work);
            load
        })
    }
}

/// Which channels' work gives way to which channels' offers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Interruptions {
    /// By the work's channel, and by the offer's.
    gives_way: [[bool; CHANNELS]; CHANNELS],
    are_any: bool,
}

impl Interruptions {
    /// As the desk file has it. A channel does not interrupt itself: nothing would bound it then.
    pub(crate) fn of(interruptible_by: &BTreeMap<Channel, BTreeSet<Channel>>) -> Self {
        let mut table = Self::default();
        for (work, offers) in interruptible_by {
            for offer in offers.iter().filter(|offer| *offer != work) {
                table.gives_way[*work as usize][*offer as usize] = true;
                table.are_any = true;
            }
        }
        table
    }

    fn gives_way(&self, work: Channel, offer: Channel) -> bool {
        self.gives_way[work as usize][offer as usize]
    }
}

/// How much somebody may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Units.
    pub(crate) capacity: u32,
    /// The most tickets at hand, by channel.
    channel_max: [u32; CHANNELS],
}

impl Limits {
    /// Of somebody who is not on the desk.
    pub(crate) const NONE: Self = Self {
        capacity: 0,
        channel_max: [u32::MAX; CHANNELS],
    };

    /// As the desk file has it: of a channel without an entry there may be as many as there is capacity for.
    pub(crate) fn of(profile: &AgentProfile) -> Self {
        let channel_max = Channel::ALL.map(|channel| profile.channel_max.get(&channel).copied().unwrap_or(u32::MAX));
        Self {
            capacity: profile.capacity,
            channel_max,
        }
    }

    pub(crate) fn channel_max(&self, channel: Channel) -> u32 {
        self.channel_max[channel as usize]
    }

    fn capacity(&self) -> u32 {
        self.capacity.saturating_mul(UNIT)
    }

    /// Units that an offer of this channel finds free beside `load`; a unit of which a part is taken is not.
    pub(crate) fn free(&self, load: &Load, channel: Channel, interruptions: &Interruptions) -> u32 {
        let taken = load.taken_where(|work| !interruptions.gives_way(work, channel));
        self.capacity().saturating_sub(taken) / UNIT
    }

    /// Whether one more ticket may be offered beside `load`.
    pub(crate) fn admit(&self, load: &Load, demand: Demand, interruptions: &Interruptions) -> bool {
        let taken = if interruptions.are_any {
            load.taken_where(|work| !interruptions.gives_way(work, demand.channel))
        } else {
            load.taken()
        };
        let fits = taken.saturating_add(demand.at_hand().hundredths) <= self.capacity();
        fits && load.at_hand[demand.channel as usize] < self.channel_max(demand.channel)
    }

    /// Whether an offer of this channel, which is part of `load`, may stand under these limits: nothing is beyond
    /// its maximum, and neither it nor what it competes with is beyond capacity. What gives way to it, or it to, is
    /// no competition: they were let in beside each other.
    pub(crate) fn keep(&self, load: &Load, channel: Channel, interruptions: &Interruptions) -> bool {
        let competes = |work| !interruptions.gives_way(work, channel) && !interruptions.gives_way(channel, work);
        let within = |channel: Channel| load.at_hand[channel as usize] <= self.channel_max(channel);
        load.taken_where(competes) <= self.capacity() && Channel::ALL.into_iter().all(within)
    }

    /// Whether `load` is more than there is capacity for.
    pub(crate) fn exceeded_by(&self, load: &Load) -> bool {
        load.taken() > self.capacity()
    }
}

#[cfg(test)]
mod tests;
