//! How contacts are reached: from the version of the desk file that is in force, fetched from the router.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tandem_desk::{HandleError, Recorded, decode_record};
use tandem_desk_file::Contact;
use tandem_domain::routing::RoutingEvent;
use tandem_domain::{ContactId, DeskId};
use tandem_routing::RoutingCore;
use tandem_service_kit::desk_files::DeskFiles;
use tandem_store::{Record, Row, Store};

/// The table of escalation's own rows about desks.
const TABLE: &str = "escalation_desk";
/// The version that the router says is in force.
const WANTED: &str = "wanted";

/// A version that came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Wanted {
    version: u64,
    hash: String,
}

/// The row that notes the last version which came into force among the router's records, if any did.
///
/// # Errors
/// A record that cannot be read.
pub(crate) fn wanted(desk: &DeskId, records: &[Record]) -> Result<Option<Row>, HandleError> {
    let mut last = None;
    for record in records {
        let recorded = decode_record::<RoutingCore>(record).map_err(|error| HandleError::Wait(error.to_string()))?;
        if let Recorded::Core(event) = recorded
            && let RoutingEvent::DeskActivated(active) = event.body
        {
            last = Some(Wanted {
                version: active.version,
                hash: active.hash,
            });
        }
    }
    Ok(last.map(|wanted| Row {
        desk: desk.clone(),
        table: TABLE.to_owned(),
        key: WANTED.to_owned(),
        value: Some(serde_json::to_vec(&wanted).expect("plain data").into()),
    }))
}

/// The contacts of all desks. Kept in memory only: addresses have no other place than the desk file.
pub(crate) struct Contacts {
    store: Arc<dyn Store>,
    files: Arc<dyn DeskFiles>,
    known: Mutex<BTreeMap<DeskId, Arc<Known>>>,
}

struct Known {
    version: Wanted,
    contacts: Vec<Contact>,
}

impl Contacts {
    /// Contacts from desk files.
    #[must_use]
    pub(crate) fn new(store: Arc<dyn Store>, files: Arc<dyn DeskFiles>) -> Self {
        Self {
            store,
            files,
            known: Mutex::default(),
        }
    }

    /// How a contact is reached; none where the version in force has no such contact.
    ///
    /// # Errors
    /// Why that cannot be said now.
    pub(crate) async fn get(&self, desk: &DeskId, contact: &ContactId) -> Result<Option<Contact>, String> {
        let known = self.in_force(desk).await?;
        Ok(known.contacts.iter().find(|known| known.id == *contact).cloned())
    }

    async fn in_force(&self, desk: &DeskId) -> Result<Arc<Known>, String> {
        let wanted = self.wanted(desk).await?;
        let known = self.known().get(desk).cloned();
        if let Some(known) = known.filter(|known| known.version == wanted) {
            return Ok(known);
        }
        let text = self.files.fetch(desk, wanted.version).await?;
        if tandem_desk_file::hash(&text) != wanted.hash {
            return Err("the router sent another file than the one in force".to_owned());
        }
        let file = tandem_desk_file::parse(&text)
            .map_err(|_| "the desk file is not understood: this program is older than the router".to_owned())?;
        let known = Arc::new(Known {
            version: wanted,
            contacts: file.contacts,
        });
        self.known().insert(desk.clone(), known.clone());
        Ok(known)
    }

    async fn wanted(&self, desk: &DeskId) -> Result<Wanted, String> {
        let row = self.store.row(desk, TABLE, WANTED).await;
        let value = row.map_err(|error| error.to_string())?;
        let value = value.ok_or("no version of the desk is in force yet")?;
        serde_json::from_slice(&value).map_err(|error| error.to_string())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<DeskId, Arc<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
