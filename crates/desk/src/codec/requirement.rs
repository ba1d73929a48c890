//! What tickets ask for and agents can do: skills, languages, requirements.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::Message;
use tandem_domain::{LanguageTag, Proficiency, Requirement, SkillId, SkillLevel};
use tandem_proto::v1;

use super::common::{damaged, narrow, optional, parsed, parsed_all, required, text, texts};
use super::lexicon::{Lexicon, Names};
use super::wire::Fields;
use super::words::Word;
use crate::DecodeError;

pub(super) fn skills_to_proto(skills: &BTreeMap<SkillId, SkillLevel>) -> Vec<v1::SkillLevel> {
    let skills = skills.iter();
    skills
        .map(|(skill, level)| v1::SkillLevel {
            skill: skill.to_string(),
            level: level.get().into(),
        })
        .collect()
}

pub(super) fn skills(skills: &[v1::SkillLevel]) -> Result<BTreeMap<SkillId, SkillLevel>, DecodeError> {
    let skills = skills.iter().map(|entry| {
        let level = u8::try_from(entry.level).ok().and_then(SkillLevel::new);
        Ok((parsed("skill", &entry.skill)?, required("skill.level", level)?))
    });
    skills.collect()
}

pub(super) fn language_to_proto(language: &LanguageTag, proficiency: Proficiency) -> v1::LanguageLevel {
    v1::LanguageLevel {
        language: language.to_string(),
        proficiency: proficiency.to_proto(),
    }
}

pub(super) fn language(entry: &v1::LanguageLevel) -> Result<(LanguageTag, Proficiency), DecodeError> {
    Ok((
        parsed("language", &entry.language)?,
        Word::from_proto("proficiency", entry.proficiency)?,
    ))
}

pub(super) fn requirement_to_proto(requirement: &Requirement) -> v1::Requirement {
    let language = requirement.language.as_ref();
    v1::Requirement {
        queue: requirement.queue.to_string(),
        channel: requirement.channel.to_proto(),
        language: language.map(|(tag, proficiency)| language_to_proto(tag, *proficiency)),
        skills: skills_to_proto(&requirement.skills),
        step: requirement.step.into(),
        expression: text(requirement.expression.as_ref()),
        pool: texts(&requirement.pool),
        only: texts(&requirement.only),
    }
}

impl Lexicon {
    /// What a ticket asks of an agent, from the event's field of this number.
    pub(super) fn requirement(&mut self, event: &Fields, number: usize) -> Result<Arc<Requirement>, DecodeError> {
        let bytes = event.bytes("requirement", number)?;
        self.requirements.read(bytes, |bytes| {
            let requirement = v1::Requirement::decode(bytes).map_err(|_| damaged("requirement"))?;
            read_requirement(&requirement).map(Arc::new)
        })
    }
}

// Tickets ask for the same again and again, so this is seldom run.
fn read_requirement(requirement: &v1::Requirement) -> Result<Requirement, DecodeError> {
    let queue = parsed("requirement.queue", &requirement.queue)?;
    let channel = Word::from_proto("requirement.channel", requirement.channel)?;
    Ok(Requirement {
        language: requirement.language.as_ref().map(language).transpose()?,
        skills: skills(&requirement.skills)?,
        step: narrow("requirement.step", requirement.step)?,
        expression: optional("requirement.expression", &requirement.expression)?,
        pool: parsed_all("requirement.pool", &requirement.pool)?,
        only: parsed_all("requirement.only", &requirement.only)?,
        ..Requirement::new(queue, channel)
    })
}

/// The skills in a message's field of this number.
pub(super) fn read_skills<const N: usize>(
    message: &Fields<N>,
    number: usize,
    known: &mut Names<SkillId>,
) -> Result<BTreeMap<SkillId, SkillLevel>, DecodeError> {
    let skills = message.each(number).map(|entry| {
        let entry: Fields = Fields::of(entry?)?;
        let level = SkillLevel::new(entry.narrow("skill.level", 2)?);
        Ok((entry.key("skill", 1, known)?, required("skill.level", level)?))
    });
    skills.collect()
}
