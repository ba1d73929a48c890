//! What an agent has at hand, and what may come on top.

use tandem_domain::desk::AgentProfile;
use tandem_domain::{Channel, CompiledDesk, Requirement};

/// Parked work may take a part of a unit.
const UNIT: u64 = 100;

/// What tickets take of one agent.
#[derive(Default)]
pub(crate) struct Load(Vec<Item>);

/// One ticket.
struct Item {
    channel: Channel,
    /// Hundredths of a unit.
    takes: u64,
    on_hold: bool,
}

impl Load {
    /// One ticket more. On hold it takes less, and does not count towards the channel's maximum.
    pub(crate) fn add(&mut self, desk: &CompiledDesk, requirement: &Requirement, on_hold: bool) {
        self.0.push(Item {
            channel: requirement.channel,
            takes: if on_hold {
                parked(desk, requirement)
            } else {
                UNIT * units(desk, requirement)
            },
            on_hold,
        });
    }

    /// What is too much once a ticket of `channel` was taken, in words. Only a new desk file, and work that came back to
    /// its owner, may leave somebody with more than there is; what there was stays then, but nothing may come on top.
    pub(crate) fn excess(&self, desk: &CompiledDesk, profile: &AgentProfile, channel: Channel) -> Option<String> {
        let counted = self.counted(desk, channel);
        if counted > UNIT * u64::from(profile.capacity) {
            return Some(format!("{} units of {}", counted.div_ceil(UNIT), profile.capacity));
        }
        let maximum = u64::from(*profile.channel_max.get(&channel)?);
        let tickets = self.of(channel);
        (tickets > maximum).then(|| format!("{tickets} tickets of channel {channel}, of {maximum}"))
    }

    /// Whether one more such ticket could be offered.
    pub(crate) fn has_room(&self, desk: &CompiledDesk, profile: &AgentProfile, requirement: &Requirement) -> bool {
        let channel = requirement.channel;
        let maximum = profile.channel_max.get(&channel);
        self.counted(desk, channel) + UNIT * units(desk, requirement) <= UNIT * u64::from(profile.capacity)
            && maximum.is_none_or(|maximum| self.of(channel) < u64::from(*maximum))
    }

    /// Hundredths of a unit that count against a ticket of `channel`: all but what it may interrupt. No channel
    /// interrupts itself.
    fn counted(&self, desk: &CompiledDesk, channel: Channel) -> u64 {
        let gives_way = |item: &Item| {
            let by = desk.interruptible_by.get(&item.channel);
            item.channel != channel && by.is_some_and(|by| by.contains(&channel))
        };
        let counted = self.0.iter().filter(|item| !gives_way(item));
        counted.map(|item| item.takes).sum()
    }

    fn of(&self, channel: Channel) -> u64 {
        let tickets = self.0.iter().filter(|item| item.channel == channel && !item.on_hold);
        tickets.count() as u64
    }
}

/// The queue's price or, where it has none, the channel's. A channel without numbers in the desk file costs one unit.
fn units(desk: &CompiledDesk, requirement: &Requirement) -> u64 {
    let queue = desk.queues.iter().find(|queue| queue.id == requirement.queue);
    let own = queue.and_then(|queue| queue.units.get(&requirement.channel));
    let of_channel = || desk.channels.get(&requirement.channel).map_or(1, |policy| policy.units);
    u64::from(own.copied().unwrap_or_else(of_channel))
}

/// Hundredths of a unit of a ticket on hold, never more than it takes at hand. A channel without numbers: none.
fn parked(desk: &CompiledDesk, requirement: &Requirement) -> u64 {
    let whole = units(desk, requirement);
    let policy = desk.channels.get(&requirement.channel);
    policy.map_or(0, |policy| match policy.hold_percent {
        Some(percent) => whole * u64::from(percent),
        None => UNIT * whole.min(policy.hold_units.into()),
    })
}
