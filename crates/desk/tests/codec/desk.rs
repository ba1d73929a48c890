//! Any compiled desk at all.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tandem_domain::CompiledDesk;
use tandem_domain::desk::{AgentProfile, ChannelPolicy, QueuePolicy, ServiceLevel};

use super::events::{channel, duration, key, keys, language, level, proficiency};
use super::plan::plan;

fn agent() -> impl Strategy<Value = AgentProfile> {
    let skills = btree_map(key(), level(), 0..3);
    let languages = btree_map(language(), proficiency(), 0..3);
    (
        key(),
        keys(),
        skills,
        languages,
        any::<u32>(),
        btree_map(channel(), any::<u32>(), 0..4),
        option::of(key()),
    )
        .prop_map(
            |(id, teams, skills, languages, capacity, channel_max, contact)| AgentProfile {
                teams,
                skills,
                languages,
                capacity,
                channel_max,
                contact,
                ..AgentProfile::new(id)
            },
        )
}

fn queue() -> impl Strategy<Value = QueuePolicy> {
    let skills = btree_map(key(), level(), 0..3);
    let tier = (1..=3_u8, option::of(key()));
    (
        key(),
        keys(),
        skills,
        option::of(duration()),
        duration(),
        any::<u32>(),
        tier,
    )
        .prop_map(
            |(id, teams, skills, aging, decline_pause, max_missed, (tier, next_tier))| QueuePolicy {
                teams,
                skills,
                aging,
                decline_pause,
                max_missed,
                tier,
                next_tier,
                ..QueuePolicy::new(id)
            },
        )
}

fn channel_policy() -> impl Strategy<Value = ChannelPolicy> {
    (any::<u32>(), any::<u32>(), duration(), duration()).prop_map(|(units, hold_units, offer_ttl, wrap_up)| {
        ChannelPolicy {
            units,
            hold_units,
            offer_ttl,
            wrap_up,
            hold_percent: None,
            auto_accept: false,
        }
    })
}

fn service_level() -> impl Strategy<Value = ServiceLevel> {
    (1..=100_u8, duration()).prop_map(|(share_percent, within)| ServiceLevel { share_percent, within })
}

pub(crate) fn compiled_desk() -> impl Strategy<Value = CompiledDesk> {
    let head = (
        any::<u64>(),
        "[0-9a-f]{64}",
        option::of(language()),
        proficiency(),
        duration(),
    );
    let words = (keys(), keys(), vec(agent(), 0..3), vec(queue(), 0..3));
    let maps = (
        btree_map(channel(), channel_policy(), 0..4),
        btree_map(key(), channel(), 0..3),
    );
    let promises = (
        select(vec!["UTC", "Europe/Berlin"]),
        btree_map(channel(), service_level(), 0..3),
        plan(),
    );
    (head, words, maps, promises).prop_map(
        |(head, (skills, teams, agents, queues), (channels, accounts), (timezone, service_levels, sla))| CompiledDesk {
            version: head.0,
            hash: head.1,
            default_language: head.2,
            min_proficiency: head.3,
            skills,
            teams,
            agents,
            queues,
            channels,
            accounts,
            close_after: head.4,
            timezone: timezone.to_owned(),
            service_levels,
            sla,
            ..CompiledDesk::default()
        },
    )
}
