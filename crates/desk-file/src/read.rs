//! From the tree to the model: section by section, every fault on the way.

mod asked;
mod attributes;
mod balance;
mod calendars;
mod channels;
mod chats;
mod contacts;
mod known;
mod ladders;
mod people;
mod places;
mod queues;
mod rules;
mod service_levels;
mod sla;
mod tandems;
mod tiers;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use tandem_domain::{Channel, DeskId, LanguageTag, Proficiency, SiteId, SkillId, SkillLevel, SlaPlan, TeamId};

use crate::model::{ChannelSection, Contact, DeskFile, Site};
use crate::place::{Place, Table};
use crate::suggest::{did_you_mean, one_of, quoted};
use known::Known;
use people::Crew;
use queues::Queues;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const KEYS: [&str; 27] = [
    "desk",
    "name",
    "timezone",
    "languages",
    "default_language",
    "min_proficiency",
    "language_threshold",
    "close_after",
    "skills",
    "teams",
    "regions",
    "sites",
    "attributes",
    "channels",
    "interruptible",
    "agents",
    "tandems",
    "queues",
    "between_queues",
    "matching",
    "rules",
    "service_levels",
    "calendars",
    "contacts",
    "roles",
    "ladders",
    "sla",
];

const PROFICIENCIES: [&str; 6] = ["A1", "A2", "B1", "B2", "C1", "C2"];

/// Reads the whole desk; none only if a fault was reported.
pub(crate) fn desk<'t>(root: &Place<'t>, text: &'t str) -> Option<DeskFile> {
    let table = root.table(&KEYS);
    if has_too_many(&table) {
        return None;
    }
    let desk = table.need("desk", "acme").and_then(|place| place.parsed::<DeskId>());
    let name = name(&table, desk.as_ref().map_or("", DeskId::as_str));
    let timezone = timezone_or_utc(&table);
    let min_proficiency = table.get("min_proficiency").and_then(|place| proficiency(&place));
    let min_proficiency = min_proficiency.unwrap_or(Proficiency::B2);
    let known = Known::of(&table, &name, min_proficiency, text);
    let (skills, teams) = (skills(&table), teams(&table));
    let (regions, sites) = (places::regions(&table), places::sites(&table, &known));
    let channels = channels::read(&table, &known);
    let crew = crew(&table, &known, &channels, &sites);
    let queues = queues(&table, &known, &channels, &crew);
    let around = rules::Around {
        known: &known,
        crew: crew.if_whole(),
        queues: &queues.queues,
    };
    let rules = rules::read(&table, &around);
    queues::steps::check_tandems(&queues, &rules);
    let contacts = contacts::contacts(&table);
    let sla = plan(&table, &known, &queues, &contacts, &timezone);
    let between_queues = balance::between_queues(&table, &known);
    balance::check_weights(&table, &between_queues, &crew.shares);
    Some(DeskFile {
        name,
        service_levels: service_levels::read(&table),
        contacts,
        sla,
        timezone,
        default_language: table.get("default_language").and_then(|place| language(&place, &known)),
        min_proficiency,
        language_threshold: table
            .get("language_threshold")
            .and_then(|place| place.share())
            .unwrap_or(0.5),
        close_after: duration_or(&table, "close_after", HOUR..=365 * DAY, 7 * DAY),
        skills,
        teams,
        regions,
        sites,
        tandems: tandems::read(&table, &known),
        interruptible_by: balance::interruptible(&table),
        between_queues,
        matching: balance::matching(&table),
        channels,
        agents: crew.agents,
        queues: queues.queues,
        rules,
        attributes: known.attributes,
        languages: known.languages,
        warnings: Vec::new(),
        // Last, for it must not keep the rest from being read.
        desk: desk?,
    })
}

fn crew<'t>(
    table: &Table<'t>,
    known: &Known<'t>,
    channels: &BTreeMap<Channel, ChannelSection>,
    sites: &BTreeMap<SiteId, Site>,
) -> Crew<'t> {
    let around = people::Around { known, channels, sites };
    people::crew(table, &around)
}

fn queues<'t>(
    table: &Table<'t>,
    known: &Known<'t>,
    channels: &BTreeMap<Channel, ChannelSection>,
    crew: &Crew<'t>,
) -> Queues<'t> {
    let around = queues::Around {
        known,
        crew: crew.if_whole(),
        channels,
    };
    let faults_before = table.place.report().count();
    let queues = queues::read(table, &around);
    if table.place.report().count() == faults_before {
        queues::shares::check(crew, &queues.queues, known);
    }
    queues
}

/// The name for people; the key where there is none.
fn name(table: &Table<'_>, key: &str) -> String {
    table
        .get("name")
        .and_then(|place| place.text())
        .unwrap_or(key)
        .to_owned()
}

/// What the desk promises; the file's order of the sections makes no difference.
fn plan(table: &Table<'_>, known: &Known<'_>, queues: &Queues<'_>, contacts: &[Contact], timezone: &str) -> SlaPlan {
    let ladders = ladders::read(table, known, &queues.queues);
    let around = sla::Around {
        known,
        ladders: &ladders,
        queues: &queues.queues,
    };
    let policies = sla::read(table, &around);
    let plan = SlaPlan {
        calendars: calendars::read(table, timezone),
        policies,
        roles: contacts::roles(table, known),
        contacts: contacts.iter().map(|contact| contact.id.clone()).collect(),
        ladders,
    };
    queues::targets::check(queues, &plan);
    plan
}

/// How many there may be of what everything else is compared with; far beyond any real desk.
const LIMITS: [(&str, usize); 14] = [
    ("languages", 100),
    ("skills", 1000),
    ("teams", 1000),
    ("regions", 100),
    ("sites", 1000),
    ("attributes", 100),
    ("tandems", 1000),
    ("queues", 1000),
    ("agents", 10_000),
    ("calendars", 100),
    ("contacts", 1000),
    ("roles", 100),
    ("ladders", 100),
    ("sla", 100),
];

/// Checking a section goes through every other one: without limits a small file would keep it busy for long.
fn has_too_many(table: &Table<'_>) -> bool {
    let over = |(section, most): &(&str, usize)| {
        let place = table.get(section)?;
        let count = place.len();
        (count > *most).then(|| place.fault(format!("{count} {section}: at most {most} are allowed")))
    };
    LIMITS.iter().filter_map(over).count() > 0
}

fn skills(table: &Table<'_>) -> BTreeMap<SkillId, String> {
    let entries = table
        .get("skills")
        .map(|place| place.entries())
        .unwrap_or_default()
        .into_iter();
    entries.map(|(skill, place)| (skill, description(&place))).collect()
}

fn description(place: &Place<'_>) -> String {
    if place.node.is_nothing() {
        String::new()
    } else {
        place.text().unwrap_or_default().to_owned()
    }
}

fn teams(table: &Table<'_>) -> BTreeMap<TeamId, String> {
    let entries = table
        .need("teams", "{support: {}}")
        .map(|place| place.entries())
        .unwrap_or_default()
        .into_iter();
    entries
        .map(|(team, place)| (TeamId::clone(&team), team_name(&place, &team)))
        .collect()
}

/// A team may have a name and nothing else, or be just its key.
fn team_name(place: &Place<'_>, team: &TeamId) -> String {
    if place.node.is_nothing() {
        team.to_string()
    } else {
        name(&place.table(&["name"]), team.as_str())
    }
}

/// A language that the desk serves, or a regional form of one.
fn language(place: &Place<'_>, known: &Known<'_>) -> Option<LanguageTag> {
    let language = place.parsed()?;
    served(&language, known, |message| place.fault(message)).then_some(language)
}

fn served(language: &LanguageTag, known: &Known<'_>, fault: impl FnOnce(String)) -> bool {
    let is_served = known.languages.iter().any(|served| served.serves(language));
    // Without any language, that is the fault, and not who speaks what.
    if !is_served && !known.languages.is_empty() {
        let served: Vec<&str> = known.languages.iter().map(LanguageTag::as_str).collect();
        fault(format!(
            "`{language}` is none of the desk's `languages`: use {} or add it there{}",
            one_of(&served),
            did_you_mean(language.as_str(), &served)
        ));
    }
    is_served
}

fn proficiency(place: &Place<'_>) -> Option<Proficiency> {
    place.word("proficiency", &PROFICIENCIES)
}

fn timezone_or_utc(table: &Table<'_>) -> String {
    table
        .get("timezone")
        .and_then(|place| timezone(&place))
        .unwrap_or_else(|| "UTC".to_owned())
}

fn timezone(place: &Place<'_>) -> Option<String> {
    let name = place.text()?;
    let zones = jiff::tz::TimeZoneDatabase::bundled();
    if let Ok(zone) = zones.get(name) {
        return Some(zone.iana_name().unwrap_or(name).to_owned());
    }
    let zones: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
    let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
    let near = did_you_mean(name, &zones);
    place.fault(format!(
        "unknown time zone {}: use an IANA name such as Europe/Berlin{near}",
        quoted(name)
    ));
    None
}

fn duration_or(table: &Table<'_>, key: &str, range: RangeInclusive<u64>, default: u64) -> Duration {
    let given = table.get(key).and_then(|place| place.duration(seconds(range)));
    given.unwrap_or(Duration::from_secs(default))
}

fn seconds(range: RangeInclusive<u64>) -> RangeInclusive<Duration> {
    Duration::from_secs(*range.start())..=Duration::from_secs(*range.end())
}

fn levels(place: &Place<'_>, known: &Known<'_>) -> BTreeMap<SkillId, SkillLevel> {
    let entries = place.referring_entries("skill", &known.skills).into_iter();
    entries
        .filter_map(|(skill, place)| Some((skill, level(&place)?)))
        .collect()
}

/// No single agent is asked for more, and each is compared with everybody.
const MOST_ASKED: usize = 64;

/// Skills that a ticket asks for.
fn asked_levels(place: &Place<'_>, known: &Known<'_>) -> BTreeMap<SkillId, SkillLevel> {
    if place.len() > MOST_ASKED {
        place.fault(format!(
            "{} skills are asked for: at most {MOST_ASKED} are allowed",
            place.len()
        ));
        return BTreeMap::new();
    }
    levels(place, known)
}

fn level(place: &Place<'_>) -> Option<SkillLevel> {
    let level = place.number(1..=5)?;
    u8::try_from(level).ok().and_then(SkillLevel::new)
}
