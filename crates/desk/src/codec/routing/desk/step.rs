//! Routing steps.

use tandem_domain::desk::{Asks, LanguageAsk, Preference, RoutingStep, SkipIf, StepLength};
use tandem_proto::v1;
use tandem_proto::v1::preference::Whom;
use tandem_proto::v1::skip_if::Condition;
use tandem_proto::v1::step_length::Length;

use crate::DecodeError;
use crate::codec::common::{duration, duration_to_proto, narrow, optional, parsed, parsed_all, required, text, texts};
use crate::codec::words::{Word, given, given_to_proto};

pub(super) fn to_proto(step: &RoutingStep) -> v1::RoutingStep {
    let proficiency = match step.asks.language {
        LanguageAsk::AtLeast(proficiency) => Some(proficiency),
        LanguageAsk::AsAsked | LanguageAsk::Any => None,
    };
    v1::RoutingStep {
        step: step.id.to_string(),
        prefer: step.prefer.as_ref().map(prefer_to_proto),
        require: text(step.require.as_ref()),
        teams: texts(&step.teams),
        drops_skills: !step.asks.skills,
        any_language: step.asks.language == LanguageAsk::Any,
        proficiency: given_to_proto(proficiency),
        lasts: step.lasts.as_ref().map(length_to_proto),
        skip_if: step.skip_if.iter().map(skip_to_proto).collect(),
    }
}

pub(super) fn from_proto(step: v1::RoutingStep) -> Result<RoutingStep, DecodeError> {
    let proficiency = given("step.proficiency", step.proficiency)?;
    let language = match proficiency {
        _ if step.any_language => LanguageAsk::Any,
        Some(proficiency) => LanguageAsk::AtLeast(proficiency),
        None => LanguageAsk::AsAsked,
    };
    Ok(RoutingStep {
        prefer: step.prefer.map(prefer).transpose()?,
        require: optional("step.require", &step.require)?,
        teams: parsed_all("step.teams", &step.teams)?,
        asks: Asks {
            skills: !step.drops_skills,
            language,
        },
        lasts: step.lasts.map(length).transpose()?,
        skip_if: step.skip_if.into_iter().map(skip).collect::<Result<_, _>>()?,
        ..RoutingStep::new(parsed("step", &step.step)?)
    })
}

fn prefer_to_proto(prefer: &Preference) -> v1::Preference {
    let whom = match prefer {
        Preference::LastAgent => Whom::LastAgent(v1::LastAgent {}),
        Preference::Tandem => Whom::Tandem(v1::TandemAgents {}),
        Preference::Mentor => Whom::Mentor(v1::Mentor {}),
        Preference::Agents(agents) => Whom::Agents(v1::NamedAgents { agents: texts(agents) }),
    };
    v1::Preference { whom: Some(whom) }
}

fn prefer(prefer: v1::Preference) -> Result<Preference, DecodeError> {
    Ok(match required("step.prefer", prefer.whom)? {
        Whom::LastAgent(_) => Preference::LastAgent,
        Whom::Tandem(_) => Preference::Tandem,
        Whom::Mentor(_) => Preference::Mentor,
        Whom::Agents(named) => Preference::Agents(parsed_all("step.prefer.agents", &named.agents)?),
    })
}

fn length_to_proto(length: &StepLength) -> v1::StepLength {
    let length = match length {
        StepLength::Wall(length) => Length::Wall(duration_to_proto(*length)),
        StepLength::Working { length, calendar } => Length::Working(v1::WorkingTime {
            length: Some(duration_to_proto(*length)),
            calendar: calendar.to_string(),
        }),
        StepLength::ShareLeft { percent, clock } => Length::ShareLeft(v1::ShareLeft {
            percent: (*percent).into(),
            clock: clock.to_proto(),
        }),
    };
    v1::StepLength { length: Some(length) }
}

fn length(length: v1::StepLength) -> Result<StepLength, DecodeError> {
    Ok(match required("step.lasts", length.length)? {
        Length::Wall(length) => StepLength::Wall(duration("step.lasts.wall", Some(length))?),
        Length::Working(working) => StepLength::Working {
            length: duration("step.lasts.working", working.length)?,
            calendar: parsed("step.lasts.calendar", &working.calendar)?,
        },
        Length::ShareLeft(share) => StepLength::ShareLeft {
            percent: narrow("step.lasts.percent", share.percent)?,
            clock: Word::from_proto("step.lasts.clock", share.clock)?,
        },
    })
}

fn skip_to_proto(skip: &SkipIf) -> v1::SkipIf {
    let condition = match skip {
        SkipIf::NobodyOnline => Condition::NobodyOnline(v1::NobodyOnline {}),
        SkipIf::WaitOver(wait) => Condition::WaitOver(duration_to_proto(*wait)),
    };
    v1::SkipIf {
        condition: Some(condition),
    }
}

fn skip(skip: v1::SkipIf) -> Result<SkipIf, DecodeError> {
    Ok(match required("step.skip_if", skip.condition)? {
        Condition::NobodyOnline(_) => SkipIf::NobodyOnline,
        Condition::WaitOver(wait) => SkipIf::WaitOver(duration("step.skip_if.wait_over", Some(wait))?),
    })
}
