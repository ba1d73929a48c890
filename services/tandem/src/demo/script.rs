//! What the demo's customers and agents say.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A visitor's chat.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Chat {
    pub(crate) name: String,
    pub(crate) language: String,
    /// The first one at once, each other one after an answer.
    pub(crate) lines: Vec<String>,
    /// Leaves before anybody can answer.
    #[serde(default)]
    pub(crate) impatient: bool,
    /// Loses the connection once, and comes back.
    #[serde(default)]
    pub(crate) drops: bool,
}

/// What agents say in a language.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Phrases {
    pub(crate) mail: String,
    pub(crate) greeting: String,
    pub(crate) farewell: String,
}

/// The visitors.
pub(crate) fn chats() -> Vec<Chat> {
    serde_json::from_str(include_str!("../../demo/chats.json")).expect("the demo's chats are valid")
}

/// What agents say, by language; English is among them.
pub(crate) fn phrases() -> BTreeMap<String, Phrases> {
    serde_json::from_str(include_str!("../../demo/answers.json")).expect("the demo's answers are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_can_answer_in_every_language_of_the_desk() {
        let phrases = phrases();
        for language in ["de", "en", "fr", "es", "it", "pl"] {
            assert!(phrases.contains_key(language), "{language}");
        }
        assert!(
            chats()
                .iter()
                .all(|chat| phrases.contains_key(&chat.language) && !chat.lines.is_empty())
        );
    }
}
