//! What many tickets begin with alike is kept once: they come in at few addresses and in few languages, and rules know few
//! skills and tags.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};
use tandem_domain::routing::Intake;
use tandem_domain::{AccountId, Channel, QueueId, Requirement, Tag};

use crate::desk::Asked;

/// What ingest said of the message that opened a ticket, as far as tickets have it in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) account: AccountId,
    pub(crate) asked: Asked,
    pub(crate) tags: BTreeSet<Tag>,
}

/// The origins of the tickets that are not closed, and what each asks for where no step has to be looked for.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    known: FxHashMap<u64, Known>,
    /// How many there may be before those without tickets are dropped.
    room: usize,
}

#[derive(Debug)]
struct Known {
    origin: Arc<Origin>,
    /// By queue and channel, while the desk file is in force.
    requirements: Vec<(QueueId, Channel, Arc<Requirement>)>,
}

impl Origin {
    fn of(intake: &Intake) -> Self {
        Self {
            account: intake.account.clone(),
            asked: Asked::by(intake),
            tags: intake.tags.clone(),
        }
    }

    fn is_of(&self, intake: &Intake) -> bool {
        self.account == intake.account
            && self.asked.language == intake.language
            && self.asked.skills == intake.skills
            && self.tags == intake.tags
    }
}

/// Two origins under one number only cost memory: who comes second is not shared.
fn number_of(intake: &Intake) -> u64 {
    number(&(&intake.account, &intake.language, &intake.skills, &intake.tags))
}

fn number(parts: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    parts.hash(&mut hasher);
    hasher.finish()
}

const ROOM: usize = 1024;

impl Origins {
    /// The intake's origin, shared with other tickets'.
    pub(crate) fn of(&mut self, intake: &Intake) -> Arc<Origin> {
        match self.known.get(&number_of(intake)) {
            Some(known) if known.origin.is_of(intake) => known.origin.clone(),
            _ => self.shared(Arc::new(Origin::of(intake))),
        }
    }

    /// The same, shared with other tickets.
    pub(crate) fn shared(&mut self, origin: Arc<Origin>) -> Arc<Origin> {
        let asked = &origin.asked;
        let number = number(&(&origin.account, &asked.language, &asked.skills, &origin.tags));
        if let Some(known) = self.known.get(&number) {
            return if known.origin == origin {
                known.origin.clone()
            } else {
                origin
            };
        }
        self.make_room();
        let known = Known {
            origin: origin.clone(),
            requirements: Vec::new(),
        };
        self.known.insert(number, known);
        origin
    }

    fn make_room(&mut self) {
        if self.known.len() > self.room {
            self.known.retain(|_, known| Arc::strong_count(&known.origin) > 1);
            self.room = ROOM.max(self.known.len() * 2);
        }
    }

    /// What such an intake asked for last time.
    pub(crate) fn requirement(&self, intake: &Intake) -> Option<Arc<Requirement>> {
        let known = self
            .known
            .get(&number_of(intake))
            .filter(|known| known.origin.is_of(intake))?;
        let mut requirements = known.requirements.iter();
        let found = requirements.find(|(queue, channel, _)| *queue == intake.queue && *channel == intake.channel);
        found.map(|(.., requirement)| requirement.clone())
    }

    /// Such an intake asks for this as long as the desk file is in force.
    pub(crate) fn remember(&mut self, intake: &Intake, requirement: &Arc<Requirement>) {
        self.of(intake);
        let known = self
            .known
            .get_mut(&number_of(intake))
            .filter(|known| known.origin.is_of(intake));
        if let Some(known) = known {
            let remembered = (intake.queue.clone(), intake.channel, requirement.clone());
            known.requirements.push(remembered);
        }
    }

    /// Another desk file is in force.
    pub(crate) fn forget_requirements(&mut self) {
        self.known.values_mut().for_each(|known| known.requirements.clear());
    }
}
