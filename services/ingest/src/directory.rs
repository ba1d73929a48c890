//! The desks as ingest knows them: addresses, rules and languages of the versions in force.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tandem_desk_file::{ChatAccount, DeskFile, Fault, Rules};
use tokio::sync::watch;

use tandem_domain::{AccountId, AgentId, Channel, DeskId, QueueId, Timestamp};

use crate::language::Detector;

/// What ingest keeps of the version of a desk that it uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownDesk {
    /// The version's number.
    pub version: u64,
    /// SHA-256 of the text, lower-case hex.
    pub hash: String,
    /// The file.
    pub text: String,
    /// Since when the desk has had each address without interruption. Two desks that claim one
    /// address: who had it first keeps it, so nobody can take another's mail by applying a file.
    pub addresses: BTreeMap<String, Timestamp>,
}

impl KnownDesk {
    /// The version that follows `earlier`, in force since `at`.
    #[must_use]
    pub fn new(
        file: &DeskFile,
        version: u64,
        hash: String,
        text: String,
        earlier: Option<&Self>,
        at: Timestamp,
    ) -> Self {
        let since = |address: &String| {
            earlier
                .and_then(|known| known.addresses.get(address))
                .copied()
                .unwrap_or(at)
        };
        let addresses = email_addresses(file)
            .map(|(address, _)| (address.clone(), since(&address)))
            .collect();
        Self {
            version,
            hash,
            text,
            addresses,
        }
    }
}

/// A desk's version in force, ready for use.
pub struct Desk {
    /// The desk.
    pub id: DeskId,
    /// Of the file in use.
    pub hash: String,
    /// Its rules.
    pub rules: Rules,
    /// Recognises its languages.
    pub detector: Detector,
    /// Its accounts.
    pub accounts: BTreeMap<AccountId, Account>,
    /// What its chat accounts have beyond that.
    pub chats: BTreeMap<AccountId, ChatAccount>,
    /// What visitors call its agents.
    pub agent_names: BTreeMap<AgentId, String>,
    addresses: BTreeMap<String, (AccountId, Timestamp)>,
}

/// A channel account of a desk.
pub struct Account {
    /// The channel.
    pub channel: Channel,
    /// Where its messages go if no rule says otherwise.
    pub queue: QueueId,
    /// Where mail for it goes, and from where it answers: the first of its addresses; none where mail is not its channel.
    pub address: Option<String>,
}

impl Desk {
    /// Compiles what is kept of a desk.
    ///
    /// # Errors
    /// The file's faults; the router has found none, so this program is older than the file.
    pub fn compile(id: DeskId, known: &KnownDesk) -> Result<Self, Vec<Fault>> {
        let file = tandem_desk_file::parse(&known.text)?;
        let since = |address: &str| known.addresses.get(address).copied().unwrap_or_default();
        let addresses = email_addresses(&file).map(|(address, account)| {
            let since = since(&address);
            (address, (account, since))
        });
        Ok(Self {
            id,
            hash: known.hash.clone(),
            addresses: addresses.collect(),
            accounts: accounts(&file),
            chats: chats(&file),
            agent_names: agent_names(&file),
            detector: Detector::new(&file.languages, file.language_threshold),
            rules: file.rules,
        })
    }

    /// Whether an address, in lower case, is one of the desk's.
    #[must_use]
    pub fn has_address(&self, address: &str) -> bool {
        self.addresses.contains_key(address)
    }
}

/// All desks.
#[derive(Default)]
pub struct Directory {
    state: RwLock<State>,
    changes: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    complete: bool,
    desks: BTreeMap<DeskId, Arc<Desk>>,
    addresses: BTreeMap<String, (Arc<Desk>, AccountId)>,
}

impl Directory {
    /// Puts a desk's version in force.
    pub fn put(&self, desk: Desk) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.desks.insert(desk.id.clone(), Arc::new(desk));
        state.addresses = addresses(&state.desks);
        drop(state);
        self.changes.send_replace(());
    }

    /// Who is reached at an address, once anybody is.
    pub(crate) async fn appears(&self, address: &str) -> (Arc<Desk>, AccountId) {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(found) = self.by_address(address) {
                return found;
            }
            // The sender lives as long as `self`.
            let _ = changes.changed().await;
        }
    }

    /// Says whether each desk's version in force is here.
    pub fn set_complete(&self, complete: bool) {
        self.state.write().unwrap_or_else(PoisonError::into_inner).complete = complete;
    }

    /// Whether an address that is not here is nobody's. Otherwise it may only not be known yet.
    pub fn is_complete(&self) -> bool {
        self.state.read().unwrap_or_else(PoisonError::into_inner).complete
    }

    /// Who is reached at an address (in lower case, without a token).
    pub fn by_address(&self, address: &str) -> Option<(Arc<Desk>, AccountId)> {
        self.state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .addresses
            .get(address)
            .cloned()
    }

    /// All chat accounts.
    pub fn chats(&self) -> Vec<(DeskId, AccountId)> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let of_desk = |desk: &Arc<Desk>| {
            let id = desk.id.clone();
            desk.chats
                .keys()
                .map(move |account| (id.clone(), account.clone()))
                .collect::<Vec<_>>()
        };
        state.desks.values().flat_map(of_desk).collect()
    }

    /// A desk.
    pub fn desk(&self, id: &DeskId) -> Option<Arc<Desk>> {
        self.state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .desks
            .get(id)
            .cloned()
    }
}

/// Desks come in the order of their keys, which decides between equal claims.
fn addresses(desks: &BTreeMap<DeskId, Arc<Desk>>) -> BTreeMap<String, (Arc<Desk>, AccountId)> {
    let mut owners: BTreeMap<String, (Timestamp, Arc<Desk>, AccountId)> = BTreeMap::new();
    for desk in desks.values() {
        for (address, (account, since)) in &desk.addresses {
            let earlier = owners.get(address).is_some_and(|(other, ..)| other <= since);
            if !earlier {
                owners.insert(address.clone(), (*since, Arc::clone(desk), account.clone()));
            }
        }
    }
    owners
        .into_iter()
        .map(|(address, (_, desk, account))| (address, (desk, account)))
        .collect()
}

fn email_addresses(file: &DeskFile) -> impl Iterator<Item = (String, AccountId)> + '_ {
    let accounts = file
        .channels
        .get(&Channel::Email)
        .into_iter()
        .flat_map(|section| &section.accounts);
    accounts.flat_map(|(id, account)| {
        account
            .addresses
            .iter()
            .map(move |address| (address.to_string(), id.clone()))
    })
}

fn accounts(file: &DeskFile) -> BTreeMap<AccountId, Account> {
    let of_channel = file.channels.iter().flat_map(|(channel, section)| {
        let account = |(id, account): (&AccountId, &tandem_desk_file::Account)| {
            (
                id.clone(),
                Account {
                    channel: *channel,
                    queue: account.queue.clone(),
                    address: account.addresses.first().map(ToString::to_string),
                },
            )
        };
        section.accounts.iter().map(account)
    });
    of_channel.collect()
}

fn chats(file: &DeskFile) -> BTreeMap<AccountId, ChatAccount> {
    file.chat_accounts()
        .map(|(id, account)| (id.clone(), account.clone()))
        .collect()
}

fn agent_names(file: &DeskFile) -> BTreeMap<AgentId, String> {
    let agents = file.agents.iter();
    agents
        .map(|agent| (agent.profile.id.clone(), agent.name.clone()))
        .collect()
}
