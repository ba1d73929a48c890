//! What many tickets of a snapshot have in common, so that it is written or read once.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tandem_domain::{AgentId, Requirement, RestoreError, SkillLevel};

use crate::agents::AgentIx;
use crate::classes::ClassIx;
use crate::desk::Asked;
use crate::origins::Origin;
use crate::snapshot::damaged;
use crate::state::State;

/// An agent's place in the snapshot's list.
pub(super) type AgentAt = u32;

fn place(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 of anything in memory")
}

pub(super) fn at(agent: AgentIx) -> AgentAt {
    place(agent.at())
}

pub(super) fn agent_at(at: AgentAt, agents: usize) -> Result<AgentIx, RestoreError> {
    let place = at as usize;
    (place < agents)
        .then_some(AgentIx::new(place))
        .ok_or_else(|| damaged("an agent who is not in the list"))
}

/// A key or another text with a form of its own.
pub(super) fn parsed<T: FromStr>(text: &str) -> Result<T, RestoreError> {
    text.parse()
        .map_err(|_| damaged(&format!("`{text}` stands where it cannot")))
}

/// Which place each class has in the snapshot's list of requirements: that of its first ticket.
pub(super) struct Places(BTreeMap<ClassIx, u32>);

impl Places {
    /// With the list.
    pub(super) fn of_all(state: &State) -> (Self, Vec<Requirement>) {
        let (mut places, mut requirements) = (BTreeMap::new(), Vec::new());
        for ticket in state.tickets.values() {
            places.entry(ticket.class).or_insert_with(|| {
                requirements.push(state.requirement(ticket).clone());
                place(requirements.len() - 1)
            });
        }
        (Self(places), requirements)
    }

    pub(super) fn of(&self, class: ClassIx) -> u32 {
        self.0[&class]
    }
}

/// What a ticket begins with, as it stands in the snapshot.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct OriginV3<'a> {
    pub(super) account: &'a str,
    pub(super) language: Option<&'a str>,
    pub(super) skills: Vec<(&'a str, SkillLevel)>,
    pub(super) tags: Vec<&'a str>,
}

/// What was read before.
pub(super) struct Shared<'a> {
    /// How many agents the snapshot lists.
    pub(super) agents: usize,
    classes: Vec<ClassIx>,
    origins: FxHashMap<OriginV3<'a>, Arc<Origin>>,
    agent_ids: FxHashMap<&'a str, AgentId>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(agents: usize, classes: Vec<ClassIx>) -> Self {
        Self {
            agents,
            classes,
            origins: FxHashMap::default(),
            agent_ids: FxHashMap::default(),
        }
    }

    pub(super) fn class(&self, requirement: u32) -> Result<ClassIx, RestoreError> {
        let class = self.classes.get(requirement as usize).copied();
        class.ok_or_else(|| damaged("a ticket without a requirement"))
    }

    pub(super) fn agent(&mut self, text: &'a str) -> Result<AgentId, RestoreError> {
        once(&mut self.agent_ids, text)
    }

    pub(super) fn origin(&mut self, of: OriginV3<'a>, state: &mut State) -> Result<Arc<Origin>, RestoreError> {
        if let Some(origin) = self.origins.get(&of) {
            return Ok(origin.clone());
        }
        let skills = of.skills.iter().map(|(skill, level)| Ok((parsed(skill)?, *level)));
        let origin = Origin {
            account: parsed(of.account)?,
            asked: Asked {
                language: of.language.map(parsed).transpose()?,
                skills: skills.collect::<Result<_, RestoreError>>()?,
            },
            tags: of.tags.iter().map(|tag| parsed(tag)).collect::<Result<_, _>>()?,
        };
        let origin = state.origins.shared(Arc::new(origin));
        self.origins.insert(of, origin.clone());
        Ok(origin)
    }
}

fn once<'a, T: Clone + FromStr>(known: &mut FxHashMap<&'a str, T>, text: &'a str) -> Result<T, RestoreError> {
    if let Some(known) = known.get(text) {
        return Ok(known.clone());
    }
    let new: T = parsed(text)?;
    known.insert(text, new.clone());
    Ok(new)
}
