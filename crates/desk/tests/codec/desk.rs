//! Any compiled desk at all.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tandem_domain::desk::{
    AgentProfile, Asks, BatchPolicy, BetweenQueues, ChannelPolicy, Choice, LanguageAsk, Preference, QueueOrder,
    QueuePolicy, RoutingStep, ServiceLevel, SkipIf, StepLength, Tandem,
};
use tandem_domain::expression::AttributeValue;
use tandem_domain::{ClockKind, CompiledDesk};

use super::events::{channel, duration, expression, key, keys, language, level, proficiency};
use super::plan::plan;

/// Of an agent what is more than skills and capacity.
fn more() -> impl Strategy<Value = AgentProfile> {
    let value = prop_oneof![
        key().prop_map(AttributeValue::Key),
        any::<i64>().prop_map(AttributeValue::Number)
    ];
    let where_ = (
        option::of(key()),
        option::of(key()),
        0..=3_u8,
        btree_map(key(), value, 0..3),
    );
    let how = (
        option::of(key()),
        any::<u32>(),
        1..=u32::MAX,
        btree_map(key(), 0..=100_u8, 0..3),
        option::of(key()),
    );
    (where_, how).prop_map(
        |((site, region, tier, attributes), (mentor, cost, weight, queues, available))| AgentProfile {
            site,
            region,
            tier,
            attributes,
            mentor,
            cost,
            weight,
            queues,
            available,
            ..AgentProfile::new("somebody".parse().expect("a key"))
        },
    )
}

fn step() -> impl Strategy<Value = RoutingStep> {
    let prefer = prop_oneof![
        Just(Preference::LastAgent),
        Just(Preference::Tandem),
        Just(Preference::Mentor),
        keys().prop_map(Preference::Agents)
    ];
    let length = prop_oneof![
        duration().prop_map(StepLength::Wall),
        (duration(), key()).prop_map(|(length, calendar)| StepLength::Working { length, calendar }),
        (1..=100_u8, select(ClockKind::ALL.to_vec()))
            .prop_map(|(percent, clock)| StepLength::ShareLeft { percent, clock })
    ];
    let ask = prop_oneof![
        Just(LanguageAsk::AsAsked),
        Just(LanguageAsk::Any),
        proficiency().prop_map(LanguageAsk::AtLeast)
    ];
    let skip = prop_oneof![Just(SkipIf::NobodyOnline), duration().prop_map(SkipIf::WaitOver)];
    let asks = (any::<bool>(), ask).prop_map(|(skills, language)| Asks { skills, language });
    let head = (key(), option::of(prefer), option::of(expression()), keys());
    (head, asks, option::of(length), vec(skip, 0..3)).prop_map(
        |((id, prefer, require, teams), asks, lasts, skip_if)| RoutingStep {
            id,
            prefer,
            require,
            teams,
            asks,
            lasts,
            skip_if,
        },
    )
}

/// Of a queue how its tickets are ordered and offered.
fn manner() -> impl Strategy<Value = QueuePolicy> {
    let order = prop_oneof![
        Just(QueueOrder::Aging),
        select(ClockKind::ALL.to_vec()).prop_map(QueueOrder::Deadline)
    ];
    let chosen = (
        option::of(expression()),
        order,
        option::of(any::<u32>()),
        select(Choice::ALL.to_vec()),
        btree_map(channel(), any::<u32>(), 0..4),
    );
    let offered = (1..=20_u8, any::<bool>(), vec(step(), 0..3), option::of(duration()));
    (chosen, offered).prop_map(
        |((require, order, max_overtaken, choice, units), (offers_at_once, auto_accept, steps, absence))| QueuePolicy {
            require,
            order,
            max_overtaken,
            choice,
            units,
            offers_at_once,
            auto_accept,
            steps,
            absence,
            ..QueuePolicy::new("some".parse().expect("a key"))
        },
    )
}

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
        more(),
    )
        .prop_map(
            |(id, teams, skills, languages, capacity, channel_max, contact, more)| AgentProfile {
                teams,
                skills,
                languages,
                capacity,
                channel_max,
                contact,
                id,
                ..more
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
        manner(),
    )
        .prop_map(
            |(id, teams, skills, aging, decline_pause, max_missed, (tier, next_tier), manner)| QueuePolicy {
                teams,
                skills,
                aging,
                decline_pause,
                max_missed,
                tier,
                next_tier,
                id,
                ..manner
            },
        )
}

fn channel_policy() -> impl Strategy<Value = ChannelPolicy> {
    let accepts = (option::of(0..=100_u8), any::<bool>());
    (any::<u32>(), any::<u32>(), duration(), duration(), accepts).prop_map(
        |(units, hold_units, offer_ttl, wrap_up, (hold_percent, auto_accept))| ChannelPolicy {
            units,
            hold_units,
            offer_ttl,
            wrap_up,
            hold_percent,
            auto_accept,
        },
    )
}

/// Of a desk what lies between its queues, channels and agents.
fn between() -> impl Strategy<Value = CompiledDesk> {
    let rule = prop_oneof![
        Just(BetweenQueues::LongestWait),
        Just(BetweenQueues::Weights),
        btree_map(key(), 0..=1000_u32, 0..3).prop_map(BetweenQueues::Ratio)
    ];
    let tandem = (key(), keys()).prop_map(|(id, agents)| Tandem { id, agents });
    let batch = (duration(), any::<u32>()).prop_map(|(window, head)| BatchPolicy { window, head });
    let interrupted = btree_map(channel(), btree_set(channel(), 0..4), 0..4);
    (interrupted, rule, vec(tandem, 0..3), batch, (keys(), keys(), keys())).prop_map(
        |(interruptible_by, between_queues, tandems, matching, (sites, regions, attributes))| CompiledDesk {
            interruptible_by,
            between_queues,
            tandems,
            matching,
            sites,
            regions,
            attributes,
            ..CompiledDesk::default()
        },
    )
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
    (head, words, maps, promises, between()).prop_map(
        |(head, (skills, teams, agents, queues), (channels, accounts), (timezone, service_levels, sla), between)| {
            CompiledDesk {
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
                ..between
            }
        },
    )
}
