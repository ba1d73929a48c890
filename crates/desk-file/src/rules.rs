//! Rules: conditions over a message (CEL), and what follows from them.

mod check;
mod condition;
pub(crate) mod locate;
mod message;

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::{LanguageTag, Priority, QueueId, SkillId, SkillLevel, Tag, TandemId};

use crate::model::Actions;
pub use condition::{Condition, ProblemKind};
pub use message::MessageFacts;

/// A rule of a desk.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name; `rule-3` for the third one if the file gives none.
    pub name: String,
    /// What a message must be like.
    pub when: Condition,
    /// What is done with it then.
    pub then: Actions,
    /// Whether no later rule is asked when this one fits.
    pub stop: bool,
}

/// All rules of a desk, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules(Vec<Rule>);

/// What the rules made of a message. What no rule said is left open: the account and the desk decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Where it goes: the last rule that says so.
    pub queue: Option<QueueId>,
    /// How urgent it is: the last rule that says so.
    pub priority: Option<Priority>,
    /// Skills that it needs: all that rules ask for, each at the highest level.
    pub skills: BTreeMap<SkillId, SkillLevel>,
    /// Tags: those of all rules.
    pub tags: BTreeSet<Tag>,
    /// The language in which it is served: the last rule that says so.
    pub language: Option<LanguageTag>,
    /// Whose customer wrote it: the last rule that says so.
    pub tandem: Option<TandemId>,
    /// Why it opens no ticket: the last rule that says so.
    pub unrouted: Option<String>,
    /// Rules that could not be decided and were passed over. Nothing of the message is in it.
    pub problems: Vec<Problem>,
    /// The names of the rules that fit, in order.
    pub matched: Vec<String>,
}

/// A rule that could not be decided for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The rule's name.
    pub rule: String,
    /// What went wrong.
    pub kind: ProblemKind,
}

impl Rules {
    pub(crate) fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// The rules in their order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.0.iter()
    }

    /// Asks every rule up to the first that fits and says `stop`.
    ///
    /// A rule that cannot be decided is passed over and named in [`Outcome::problems`]: a mistake in
    /// a rule must never cost a message.
    #[must_use]
    pub fn apply(&self, facts: &MessageFacts<'_>) -> Outcome {
        let message = message::value(facts);
        let budget = condition::Budget::for_one_message();
        let mut outcome = Outcome::default();
        for rule in &self.0 {
            match rule.when.fits(&message, &budget) {
                Ok(false) => {}
                Ok(true) => {
                    outcome.add(rule);
                    if rule.stop {
                        break;
                    }
                }
                Err(kind) => outcome.problems.push(Problem {
                    rule: rule.name.clone(),
                    kind,
                }),
            }
        }
        outcome
    }
}

impl Outcome {
    fn add(&mut self, rule: &Rule) {
        let then = &rule.then;
        self.matched.push(rule.name.clone());
        replace(&mut self.queue, then.queue.as_ref());
        replace(&mut self.priority, then.priority.as_ref());
        replace(&mut self.language, then.language.as_ref());
        replace(&mut self.tandem, then.tandem.as_ref());
        replace(&mut self.unrouted, then.unrouted.as_ref());
        self.tags.extend(then.tags.iter().cloned());
        for (skill, level) in &then.skills {
            let highest = self.skills.entry(skill.clone()).or_insert(*level);
            *highest = (*highest).max(*level);
        }
    }
}

fn replace<T: Clone>(slot: &mut Option<T>, later: Option<&T>) {
    if let Some(later) = later {
        *slot = Some(later.clone());
    }
}
