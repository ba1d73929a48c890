//! A desk file as it was meant: every key read, every default filled in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tandem_domain::desk::{AgentProfile, BatchPolicy, BetweenQueues, ChannelPolicy, QueuePolicy, ServiceLevel, Tandem};
use tandem_domain::{
    AccountId, AgentId, AttributeId, AttributeKey, Channel, ContactId, DeskId, LanguageTag, Priority, Proficiency,
    QueueId, RegionId, SecretName, SiteId, SkillId, SkillLevel, SlaPlan, Tag, TandemId, TeamId,
};
use url::Url;

use crate::{Address, Fault, Origin, Rules};

/// A whole desk. Names and addresses stay in here; the router gets what [`crate::compile`] makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeskFile {
    /// The desk's key.
    pub desk: DeskId,
    /// The desk's name for people; the key where the file gives none.
    pub name: String,
    /// The desk's time zone (IANA), such as `Europe/Berlin`.
    pub timezone: String,
    /// The languages that the desk serves.
    pub languages: Vec<LanguageTag>,
    /// The language that is assumed where none is recognised.
    pub default_language: Option<LanguageTag>,
    /// The least proficiency with which a customer is served.
    pub min_proficiency: Proficiency,
    /// From 0 to 1: a language that was recognised with less confidence counts as not recognised.
    pub language_threshold: f64,
    /// How long a resolved ticket can be reopened before it is closed for good.
    pub close_after: Duration,
    /// Skills with their descriptions (empty where the file gives none).
    pub skills: BTreeMap<SkillId, String>,
    /// Teams with their names.
    pub teams: BTreeMap<TeamId, String>,
    /// Parts of the world with their names.
    pub regions: BTreeMap<RegionId, String>,
    /// Where agents work.
    pub sites: BTreeMap<SiteId, Site>,
    /// What else is said of agents, and in which words.
    pub attributes: BTreeMap<AttributeId, AttributeKind>,
    /// Agents who serve customers together, in the file's order.
    pub tandems: Vec<Tandem>,
    /// Work of the key's channel does not count against an offer of these.
    pub interruptible_by: BTreeMap<Channel, BTreeSet<Channel>>,
    /// Which queue is served by an agent who serves several.
    pub between_queues: BetweenQueues,
    /// How many-to-many choices are made.
    pub matching: BatchPolicy,
    /// The channels that are open, with their accounts.
    pub channels: BTreeMap<Channel, ChannelSection>,
    /// Agents, in the file's order.
    pub agents: Vec<Agent>,
    /// Queues, in the file's order.
    pub queues: Vec<Queue>,
    /// What is asked of each message, in the file's order.
    pub rules: Rules,
    /// The share of tickets that is to be accepted within a time, by channel.
    pub service_levels: BTreeMap<Channel, ServiceLevel>,
    /// Who can be told of an escalation, and how, in the file's order.
    pub contacts: Vec<Contact>,
    /// Calendars, policies, ladders and roles, and the contacts' keys.
    pub sla: SlaPlan,
    /// What is allowed but looks like a mistake, in the order of the text.
    pub warnings: Vec<Fault>,
}

/// One channel of a desk.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelSection {
    /// What a ticket costs, and how long things take.
    pub policy: ChannelPolicy,
    /// Where the desk is reached.
    pub accounts: BTreeMap<AccountId, Account>,
}

/// One place at which a desk is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Mail addresses; at least one for email, none elsewhere.
    pub addresses: Vec<Address>,
    /// Where its messages go unless a rule says otherwise.
    pub queue: QueueId,
    /// What visitors see of a chat account, and who may be one; none on other channels.
    pub chat: Option<ChatAccount>,
}

/// What a chat account has beyond a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatAccount {
    /// The name that visitors see over the chat; the desk's where the file gives none.
    pub name: String,
    /// The sites that may open this chat besides the page of the chat service itself; none: that page only.
    pub origins: Vec<Origin>,
    /// The secret with which the customer's site signs who a visitor is; none: every visitor is anonymous.
    pub contact_secret: Option<SecretName>,
}

/// Somebody who can be told of an escalation: by mail, by webhook, or both; at least one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The contact's key.
    pub id: ContactId,
    /// The contact's name for people; the key where the file gives none.
    pub name: String,
    /// Where mail reaches the contact.
    pub email: Option<Address>,
    /// Where a webhook reaches the contact.
    pub webhook: Option<Webhook>,
}

/// An address to which escalations are posted, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Under https, without a name, password or `#` part; http only on loopback.
    pub url: Url,
    /// The secret with which each post is signed.
    pub secret: SecretName,
}

/// Where agents work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The site's name for people; the key where the file gives none.
    pub name: String,
    /// The part of the world in which it lies, or which it serves.
    pub region: Option<RegionId>,
}

/// What an attribute's values are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// These words.
    Keys(BTreeSet<AttributeKey>),
    /// Whole numbers.
    Number,
}

/// Somebody who serves customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The agent's name for people; the key where the file gives none.
    pub name: String,
    /// What the router knows of the agent.
    pub profile: AgentProfile,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The queue's name for people; the key where the file gives none.
    pub name: String,
    /// How its tickets are ordered and offered.
    pub policy: QueuePolicy,
}

/// What a rule does with a message that it fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// The queue that it goes to.
    pub queue: Option<QueueId>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// Skills that it needs.
    pub skills: BTreeMap<SkillId, SkillLevel>,
    /// Tags that are put on it.
    pub tags: BTreeSet<Tag>,
    /// The tandem whose customer it is from.
    pub tandem: Option<TandemId>,
    /// The language in which it is served, whatever was recognised.
    pub language: Option<LanguageTag>,
    /// It opens no ticket; the word says why.
    pub unrouted: Option<String>,
}

impl DeskFile {
    /// The account and queue of a mail address, whatever its case.
    #[must_use]
    pub fn account_of(&self, address: &Address) -> Option<(&AccountId, &Account)> {
        let accounts = self.channels.get(&Channel::Email)?.accounts.iter();
        accounts
            .into_iter()
            .find(|(_, account)| account.addresses.contains(address))
    }

    /// One account with its channel.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> Option<(Channel, &Account)> {
        self.channels
            .iter()
            .find_map(|(channel, section)| Some((*channel, section.accounts.get(id)?)))
    }

    /// The chat accounts, by their keys.
    pub fn chat_accounts(&self) -> impl Iterator<Item = (&AccountId, &ChatAccount)> {
        let accounts = self.channels.values().flat_map(|section| &section.accounts);
        accounts.filter_map(|(id, account)| Some((id, account.chat.as_ref()?)))
    }

    /// One agent; the name is what visitors of a chat see.
    #[must_use]
    pub fn agent(&self, id: &AgentId) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.profile.id == *id)
    }

    /// One queue.
    #[must_use]
    pub fn queue(&self, id: &QueueId) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.policy.id == *id)
    }

    /// One contact, with how it is reached.
    #[must_use]
    pub fn contact(&self, id: &ContactId) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.id == *id)
    }
}

/// What a ticket costs on a channel, and how long things take, where the file says nothing.
#[must_use]
pub fn default_policy(channel: Channel) -> ChannelPolicy {
    let (units, hold_units, offer_ttl, wrap_up) = match channel {
        // A mail waits until somebody looks; a person at the other end does not.
        Channel::Email | Channel::Social => (1, 0, 120, 0),
        Channel::Chat => (1, 1, 30, 30),
        Channel::Phone => (2, 2, 20, 60),
    };
    let [offer_ttl, wrap_up] = [offer_ttl, wrap_up].map(Duration::from_secs);
    ChannelPolicy {
        units,
        hold_units,
        offer_ttl,
        wrap_up,
        hold_percent: None,
        auto_accept: false,
    }
}
