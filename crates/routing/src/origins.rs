//! What many tickets begin with alike is kept once: they come in at few addresses and in few languages, and rules know few
//! skills and tags.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};
use tandem_domain::routing::Intake;
use tandem_domain::{AccountId, Channel, MessageId, QueueId, Requirement, Tag};

use crate::classes::ClassIx;
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
    /// The message that opens the next ticket, and what is known of it: it need not be looked for twice.
    expected: Option<(MessageId, Place)>,
}

#[derive(Debug)]
struct Known {
    origin: Arc<Origin>,
    /// While the desk file is in force.
    requirements: Vec<Asking>,
}

/// What those ask for who come into this queue by this channel.
#[derive(Debug)]
struct Asking {
    queue: QueueId,
    channel: Channel,
    requirement: Arc<Requirement>,
    /// Where they wait, once one has.
    class: Option<ClassIx>,
}

/// Where something is known: of which origin, and at which place of its requirements.
pub(crate) type Place = (u64, usize);

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

    /// What such an intake asked for last time. The next ticket is expected to be opened by it.
    pub(crate) fn requirement(&mut self, intake: &Intake) -> Option<Arc<Requirement>> {
        let number = number_of(intake);
        let known = self.known.get(&number).filter(|known| known.origin.is_of(intake))?;
        let mut asking = known.requirements.iter();
        let at = asking.position(|asking| asking.queue == intake.queue && asking.channel == intake.channel)?;
        self.expected = Some((intake.message, (number, at)));
        Some(known.requirements[at].requirement.clone())
    }

    /// The origin of a ticket that was expected, and the class in which such tickets wait.
    pub(crate) fn expected(&mut self, intake: &Intake) -> Option<(Arc<Origin>, Place, Option<ClassIx>)> {
        let (message, place) = self.expected.take()?;
        let known = self.known.get(&place.0).filter(|_| message == intake.message)?;
        debug_assert!(known.origin.is_of(intake), "another ticket was expected");
        let class = known.requirements.get(place.1)?.class;
        Some((known.origin.clone(), place, class))
    }

    /// Such tickets wait in this class.
    pub(crate) fn note_class(&mut self, (number, at): Place, class: ClassIx) {
        let known = self.known.get_mut(&number);
        if let Some(asking) = known.and_then(|known| known.requirements.get_mut(at)) {
            asking.class = Some(class);
        }
    }

    /// Such an intake asks for this as long as the desk file is in force.
    pub(crate) fn remember(&mut self, intake: &Intake, requirement: &Arc<Requirement>) {
        self.of(intake);
        let known = self
            .known
            .get_mut(&number_of(intake))
            .filter(|known| known.origin.is_of(intake));
        if let Some(known) = known {
            known.requirements.push(Asking {
                queue: intake.queue.clone(),
                channel: intake.channel,
                requirement: requirement.clone(),
                class: None,
            });
        }
    }

    /// Another desk file is in force.
    pub(crate) fn forget_requirements(&mut self) {
        self.expected = None;
        self.known.values_mut().for_each(|known| known.requirements.clear());
    }
}
