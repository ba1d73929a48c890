//! Explanations, on their way out.

use std::fmt::Display;

use tandem_desk::codec::routing::view::ranking;
use tandem_domain::explain::{Candidate, Change, Explanation, Lack, Wish};
use tandem_proto::v1;
use tandem_service_kit::fields::duration;
use v1::lack::Kind;

use super::{ticket, timestamp};

/// Why a ticket is where it is.
pub(crate) fn explanation(explanation: &Explanation) -> v1::ExplainTicketResponse {
    v1::ExplainTicketResponse {
        ticket: Some(ticket(&explanation.ticket)),
        age: Some(duration(explanation.age)),
        summary: explanation.summary.clone(),
        position: explanation.position.unwrap_or(0),
        queue_position: explanation.queue_position.unwrap_or(0),
        estimated_wait: explanation.estimated_wait.map(duration),
        steps: explanation.steps.into(),
        agents: explanation.agents,
        fit: explanation.fit,
        changes: explanation.changes.iter().map(change).collect(),
        wishes: explanation.wishes.iter().map(wish).collect(),
        chosen: explanation.chosen.as_ref().map(ranking),
        candidates: explanation.candidates.iter().map(candidate).collect(),
        next_change_at: explanation.next_change.map(timestamp),
    }
}

fn change(change: &Change) -> v1::Change {
    v1::Change {
        at: Some(timestamp(change.at)),
        what: change.what.clone(),
    }
}

fn wish(wish: &Wish) -> v1::Wish {
    v1::Wish {
        what: wish.what.clone(),
        agent: wish.agent.as_ref().map(ToString::to_string).unwrap_or_default(),
        since: Some(timestamp(wish.since)),
    }
}

fn candidate(candidate: &Candidate) -> v1::Candidate {
    v1::Candidate {
        agent: candidate.agent.to_string(),
        lacks: candidate.lacks.iter().map(lack).collect(),
        rank: candidate.rank.unwrap_or(0),
    }
}

fn lack(lack: &Lack) -> v1::Lack {
    match lack {
        Lack::Team { needs } => {
            let teams: Vec<_> = needs.iter().map(ToString::to_string).collect();
            of(Kind::Team, &"", &teams.join(" or "), &"")
        }
        Lack::Skill { skill, needs, has } => {
            let has = has.map(|level| level.get().to_string()).unwrap_or_default();
            of(Kind::Skill, skill, &needs.get(), &has)
        }
        Lack::Language { language, needs, has } => {
            let has = has.map(|level| level.to_string()).unwrap_or_default();
            of(Kind::Language, language, needs, &has)
        }
        Lack::Term { needs } => of(Kind::Term, &"", needs, &""),
        Lack::Reserved { only } => {
            let only: Vec<_> = only.iter().map(ToString::to_string).collect();
            of(Kind::Reserved, &"", &only.join(" or "), &"")
        }
        Lack::Presence { is } => of(Kind::Presence, &"", &"online", is),
        Lack::OutOfHours { until } => v1::Lack {
            until: until.map(timestamp),
            ..of(Kind::OutOfHours, &"", &"", &"")
        },
        Lack::Capacity { needs, free } => of(Kind::Capacity, &"", &units(*needs), &units(*free)),
        Lack::ChannelMaximum { has, maximum } => {
            of(Kind::ChannelMaximum, &"", &format!("fewer than {maximum} at once"), has)
        }
        Lack::PassedOver { until } => v1::Lack {
            until: Some(timestamp(*until)),
            ..of(Kind::PassedOver, &"", &"", &"")
        },
    }
}

fn of(kind: Kind, what: &dyn Display, needs: &dyn Display, has: &dyn Display) -> v1::Lack {
    v1::Lack {
        kind: kind.into(),
        what: what.to_string(),
        needs: needs.to_string(),
        has: has.to_string(),
        until: None,
    }
}

fn units(units: u32) -> String {
    let noun = if units == 1 { "unit" } else { "units" };
    format!("{units} {noun}")
}

#[cfg(test)]
mod tests {
    use tandem_domain::{Proficiency, SkillLevel, Timestamp};

    use super::*;

    #[test]
    fn a_lack_says_what_is_needed_and_what_is_there() {
        let skill = Lack::Skill {
            skill: "billing".parse().unwrap(),
            needs: SkillLevel::new(3).unwrap(),
            has: None,
        };
        let skill = lack(&skill);
        assert_eq!(
            (skill.kind(), &*skill.what, &*skill.needs, &*skill.has),
            (Kind::Skill, "billing", "3", "")
        );
        let language = Lack::Language {
            language: "de-CH".parse().unwrap(),
            needs: Proficiency::B2,
            has: Some(Proficiency::A1),
        };
        let language = lack(&language);
        assert_eq!(
            (&*language.what, &*language.needs, &*language.has),
            ("de-CH", "B2", "A1")
        );
        assert_eq!(lack(&Lack::Capacity { needs: 1, free: 0 }).needs, "1 unit");
    }

    #[test]
    fn a_pause_says_until_when() {
        let until = Timestamp::from_micros(5_000_000);
        let passed_over = lack(&Lack::PassedOver { until });
        assert_eq!(passed_over.until, Some(timestamp(until)));
    }
}
