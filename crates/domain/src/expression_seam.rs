//! What is asked of an agent, as AND, OR and NOT over skills, languages, people and places.

use serde::{Deserialize, Serialize};

use crate::AttributeKey;

/// What is asked of an agent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expression {
    /// Each of these holds; of none: always.
    All(Vec<Self>),
    /// At least one of these holds; of none: never.
    Any(Vec<Self>),
}

/// What the desk file says of an agent under an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeValue {
    /// One of the attribute's words.
    Key(AttributeKey),
    /// A number.
    Number(i64),
}
