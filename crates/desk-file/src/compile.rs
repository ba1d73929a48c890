//! From the model to what the router needs: ids, levels and numbers.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tandem_domain::{AccountId, Channel, CompiledDesk};

use crate::model::{DeskFile, default_policy};

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
        agents: file.agents.iter().map(|agent| agent.profile.clone()).collect(),
        queues: file.queues.iter().map(|queue| queue.policy.clone()).collect(),
        channels: Channel::ALL
            .into_iter()
            .map(|channel| (channel, policy(file, channel)))
            .collect(),
        accounts: accounts(file),
        close_after: file.close_after,
        timezone: file.timezone.clone(),
        service_levels: file.service_levels.clone(),
        sla: file.sla.clone(),
        interruptible_by: file.interruptible_by.clone(),
        between_queues: file.between_queues.clone(),
        tandems: file.tandems.clone(),
        matching: file.matching,
        sites: file.sites.keys().cloned().collect(),
        regions: file.regions.keys().cloned().collect(),
        attributes: file.attributes.keys().cloned().collect(),
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
