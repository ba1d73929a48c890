//! What an agent has at hand.

use std::collections::BTreeMap;

use tandem_domain::desk::AgentProfile;
use tandem_domain::{Channel, CompiledDesk};

/// What tickets take of one agent.
#[derive(Default)]
pub(crate) struct Load {
    units: u32,
    by_channel: BTreeMap<Channel, u32>,
}

impl Load {
    /// One ticket more. On hold it takes less, and does not count towards the channel's maximum.
    pub(crate) fn add(&mut self, desk: &CompiledDesk, channel: Channel, on_hold: bool) {
        self.units += units(desk, channel, on_hold);
        *self.by_channel.entry(channel).or_default() += u32::from(!on_hold);
    }

    /// What is too much once a ticket of `channel` was taken, in words. Only a new desk file may leave somebody
    /// with more than it allows; what there was stays then, but nothing may come on top.
    pub(crate) fn excess(&self, profile: &AgentProfile, channel: Channel) -> Option<String> {
        if self.units > profile.capacity {
            return Some(format!("{} units of {}", self.units, profile.capacity));
        }
        let maximum = *profile.channel_max.get(&channel)?;
        let tickets = self.of(channel);
        (tickets > maximum).then(|| format!("{tickets} tickets of channel {channel}, of {maximum}"))
    }

    /// Whether one more ticket of `channel` could be offered.
    pub(crate) fn has_room(&self, desk: &CompiledDesk, profile: &AgentProfile, channel: Channel) -> bool {
        let maximum = profile.channel_max.get(&channel);
        self.units + units(desk, channel, false) <= profile.capacity
            && maximum.is_none_or(|maximum| self.of(channel) < *maximum)
    }

    fn of(&self, channel: Channel) -> u32 {
        self.by_channel.get(&channel).copied().unwrap_or_default()
    }
}

/// A channel without numbers in the desk file costs one unit, and nothing on hold.
fn units(desk: &CompiledDesk, channel: Channel, on_hold: bool) -> u32 {
    let (units, hold_units) = desk
        .channels
        .get(&channel)
        .map_or((1, 0), |policy| (policy.units, policy.hold_units));
    if on_hold { hold_units } else { units }
}
