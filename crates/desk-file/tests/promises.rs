//! What a desk promises: calendars, contacts, ladders and policies, read and compiled.

use std::time::Duration;

use tandem_desk_file::{DeskFile, compile, parse};
use tandem_domain::sla::{Action, HolidayDay, Recipient, RungAt, Window};
use tandem_domain::{Channel, ClockKind, Priority};

const BASE: &str = include_str!("faults/promises.yaml");

fn desk(text: &str) -> DeskFile {
    parse(text).unwrap_or_else(|faults| panic!("{}", faults[0]))
}

/// The warnings about a file in which each part is written differently.
fn warnings(edits: &[(&str, &str)]) -> Vec<String> {
    let text = edits.iter().fold(BASE.to_owned(), |text, (part, written)| {
        assert_eq!(text.matches(part).count(), 1, "{part:?}");
        text.replace(part, written)
    });
    desk(&text).warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn the_base_file_is_faultless() {
    assert_eq!(warnings(&[]), [""; 0]);
}

#[test]
fn calendars_are_compiled_by_weekday_in_their_zone() {
    let sla = desk(BASE).sla;
    let office = &sla.calendars[0];
    assert_eq!(office.timezone, "Europe/Berlin", "the desk's");
    assert_eq!(sla.calendars[1].timezone, "UTC", "its own");
    let window = |from_minute, to_minute| Window { from_minute, to_minute };
    assert_eq!(office.hours.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(office.hours[&4], [window(480, 720), window(780, 1020)]);
    assert_eq!(office.hours[&5], [window(1320, 360)]);
    let days: Vec<String> = office.holidays.iter().map(|holiday| holiday.day.to_string()).collect();
    assert_eq!(days, ["2026-12-24", "12-25"], "dates before days of every year");
    assert_eq!(office.holidays[0].hours, [window(540, 720)]);
    assert_eq!(office.holidays[1].day, HolidayDay::Yearly { month: 12, day: 25 });
    assert!(office.holidays[1].hours.is_empty());
}

#[test]
fn a_target_stands_for_all_priorities_or_for_each() {
    let sla = desk(BASE).sla;
    let targets = &sla.policies[1].targets;
    assert_eq!(
        targets[&ClockKind::FirstResponse],
        [
            (Priority::High, Duration::from_hours(1)),
            (Priority::Urgent, Duration::from_mins(15))
        ]
        .into()
    );
    let of_all: Vec<_> = targets[&ClockKind::Resolution].values().collect();
    assert_eq!(of_all, [&Duration::from_hours(72); 4]);
}

#[test]
fn rungs_are_compiled_with_their_actions_in_order() {
    let sla = desk(BASE).sla;
    let rungs = &sla.ladders[0].rungs;
    let at: Vec<RungAt> = rungs.iter().map(|rung| rung.at).collect();
    assert_eq!(
        at,
        [
            RungAt::Share(75),
            RungAt::Breach,
            RungAt::After(Duration::from_mins(30))
        ]
    );
    let told = vec![Recipient::Owner, Recipient::Role("leads".parse().expect("a key"))];
    assert_eq!(rungs[1].actions, [Action::MoveToTier(2), Action::Tell(told)]);
    let repeat = rungs[2].repeat.expect("it repeats");
    assert_eq!((repeat.every, repeat.times), (Duration::from_mins(15), 4));
}

#[test]
fn service_levels_tiers_and_contacts_are_compiled() {
    let compiled = compile(&desk(BASE), BASE);
    let level = compiled.service_levels[&Channel::Chat];
    assert_eq!((level.share_percent, level.within), (80, Duration::from_secs(30)));
    assert_eq!(compiled.timezone, "Europe/Berlin");
    let tiers: Vec<u8> = compiled.queues.iter().map(|queue| queue.tier).collect();
    assert_eq!(tiers, [1, 2, 3, 1]);
    assert_eq!(compiled.queues[0].next_tier, "second".parse().ok());
    assert_eq!(compiled.agents[0].contact, "lead".parse().ok());
    assert_eq!(compiled.sla.roles.len(), 1);
}

#[test]
fn addresses_and_secrets_of_chats_and_contacts_stay_in_the_file() {
    let compiled = format!("{:?}", compile(&desk(BASE), BASE));
    for private in ["Marta", "lead@", "hooks.", "shop.acme", "acme-shop", "secret"] {
        assert!(BASE.contains(private), "{private}");
        assert!(!compiled.contains(private), "{private} was compiled");
    }
}

#[test]
fn chat_accounts_and_contacts_are_found_by_their_keys() {
    let desk = desk(BASE);
    let chats: Vec<_> = desk.chat_accounts().collect();
    assert_eq!(chats.len(), 1);
    let (id, chat) = chats[0];
    assert_eq!((id.as_str(), chat.name.as_str()), ("web", "ACME"), "the desk's name");
    assert_eq!(chat.origins[1].as_str(), "https://shop.acme.example");
    assert_eq!(chat.contact_secret, "acme-shop".parse().ok());
    let pager = desk.contact(&"pager".parse().expect("a key")).expect("a contact");
    let webhook = pager.webhook.as_ref().expect("a webhook");
    assert_eq!(webhook.url.as_str(), "https://hooks.acme.example/x");
    assert_eq!((webhook.secret.as_str(), pager.name.as_str()), ("pager", "pager"));
    let lead = desk.contact(&"lead".parse().expect("a key")).expect("a contact");
    assert_eq!(
        lead.email.as_ref().map(ToString::to_string).as_deref(),
        Some("lead@acme.example")
    );
    assert_eq!(
        desk.agent(&"ana".parse().expect("a key")).map(|ana| ana.name.as_str()),
        Some("ana")
    );
    assert_eq!(desk.agent(&"eve".parse().expect("a key")), None);
}

#[test]
fn windows_that_touch_do_not_overlap() {
    for (part, written) in [
        ("13:00-17:00", "12:00-24:00"),
        (
            "      fri: 22:00-06:00\n",
            "      fri: 22:00-06:00\n      sat: 06:00-10:00\n",
        ),
        ("{mon-sun: 20:00-04:00}", "{mon-sun: 00:00-24:00}"),
        ("{mon-sun: 20:00-04:00}", "{mon-sun: 08:00-08:00}"),
        // A Saturday, into which Friday's hours run until six; and a Sunday.
        ("2026-12-24: 09:00-12:00", "2026-12-19: 06:00-07:00"),
        ("2026-12-24: 09:00-12:00", "2026-12-20: 05:00-07:00"),
        // The Friday before is a holiday, so nothing runs into this Saturday.
        ("2026-12-24: 09:00-12:00", "2026-12-26: 05:00-07:00"),
    ] {
        assert_eq!(warnings(&[(part, written)]), [""; 0], "{written}");
    }
}

#[test]
fn a_policy_behind_one_that_takes_everything_is_a_warning() {
    let shadowed = |line: u32| {
        format!(
            "{line}:5 sla[1]: no ticket ever gets the policy `mail`: `chat` above takes all that fit; put this one before it"
        )
    };
    assert_eq!(warnings(&[("    channels: chat\n", "")]), [shadowed(53)]);
    assert_eq!(
        warnings(&[("    channels: chat\n", "    languages: de\n")]),
        [shadowed(54)]
    );
    assert_eq!(
        warnings(&[("    channels: chat\n", "    tags: [money, vip]\n")]),
        [shadowed(54)]
    );
    for narrower in ["queues: general", "tags: vip", "languages: de-AT", "priorities: urgent"] {
        assert_eq!(
            warnings(&[("    channels: chat\n", &format!("    {narrower}\n"))]),
            [""; 0],
            "{narrower}"
        );
    }
}

#[test]
fn a_ladder_that_no_policy_uses_is_a_warning() {
    let warnings = warnings(&[("    ladders: {first_response: slow, resolution: slow}\n", "")]);
    assert_eq!(
        warnings,
        ["41:5 ladders.slow: no policy uses the ladder `slow`: name it under the `ladders` of one in `sla`"]
    );
}
