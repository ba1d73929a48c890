//! From the model to what the router needs: ids, levels and numbers.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tandem_domain::desk::{AgentProfile, QueuePolicy};
use tandem_domain::{AccountId, Channel, CompiledDesk};

use crate::model::{Agent, DeskFile, Queue, default_policy};

/// Compiles a desk. `text` is the file's, for its hash; the version is counted by the desk and 0 here.
///
/// Names, addresses, descriptions and rules stay behind: nothing in the result tells who anybody is.
#[must_use]
pub fn compile(file: &DeskFile, text: &str) -> CompiledDesk {
    CompiledDesk {
        version: 0,
        hash: hash(text),
        default_language: file.default_language.clone(),
        min_proficiency: file.min_proficiency,
        skills: file.skills.keys().cloned().collect(),
        teams: file.teams.keys().cloned().collect(),
        agents: file.agents.iter().map(profile).collect(),
        queues: file.queues.iter().map(queue_policy).collect(),
        channels: Channel::ALL
            .into_iter()
            .map(|channel| (channel, policy(file, channel)))
            .collect(),
        accounts: accounts(file),
        close_after: file.close_after,
        timezone: file.timezone.clone(),
        service_levels: file.service_levels.clone(),
        sla: file.sla.clone(),
    }
}

/// SHA-256 of a file's bytes in lower-case hex: the file is stored and fetched under it.
#[must_use]
pub fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn policy(file: &DeskFile, channel: Channel) -> tandem_domain::desk::ChannelPolicy {
    file.channels
        .get(&channel)
        .map_or_else(|| default_policy(channel), |section| section.policy.clone())
}

fn accounts(file: &DeskFile) -> BTreeMap<AccountId, Channel> {
    let sections = file.channels.iter();
    sections
        .flat_map(|(channel, section)| section.accounts.keys().map(|id| (id.clone(), *channel)))
        .collect()
}

fn profile(agent: &Agent) -> AgentProfile {
    AgentProfile {
        id: agent.id.clone(),
        teams: agent.teams.clone(),
        skills: agent.skills.clone(),
        languages: agent.languages.clone(),
        capacity: agent.capacity,
        channel_max: agent.channel_max.clone(),
        contact: agent.contact.clone(),
    }
}

fn queue_policy(queue: &Queue) -> QueuePolicy {
    QueuePolicy {
        id: queue.id.clone(),
        teams: queue.teams.clone(),
        skills: queue.skills.clone(),
        aging: queue.aging,
        decline_pause: queue.decline_pause,
        max_missed: queue.max_missed,
        tier: queue.tier,
        next_tier: queue.next_tier.clone(),
    }
}
