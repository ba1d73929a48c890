//! Pages of lists. Messages may be large: a page of them ends early rather than grow beyond what clients take.

use tandem_domain::{DeskId, MessageId};
use tandem_proto::v1;
use tandem_service_kit::error::ApiError;
use tandem_service_kit::page::Page;
use tandem_store::{StoreError, StoredDocument};

use super::{Api, convert};

/// Bytes of messages on one page; gRPC clients take 4 MiB if nobody tells them otherwise. A single message is
/// smaller: its text and the names of its attachments are bounded.
const PAGE_BYTES: usize = 3 << 20;
/// Messages that are read at once, for the sake of memory.
const CHUNK: usize = 32;

/// Which messages.
pub(super) enum List {
    /// All of them, or one ticket's.
    Messages {
        /// The ticket's number.
        ticket: Option<u64>,
    },
    /// Those on no ticket.
    Unrouted,
}

impl Api {
    /// A page of messages and the token of the next one.
    pub(super) async fn messages(
        &self,
        desk: &DeskId,
        list: &List,
        page: &Page,
    ) -> Result<(Vec<v1::Message>, String), ApiError> {
        let mut filling = Filling::default();
        let mut after = after(page)?;
        loop {
            // One more than there is room for: whether it comes says whether there is a next page.
            let wanted = (page.size + 1 - filling.documents.len()).min(CHUNK);
            let found = self.read(desk, list, after, wanted).await?;
            let is_end = found.len() < wanted;
            for document in found {
                if !filling.has_room(page, &document) {
                    let token = after.map(|last| page.token(&last.to_string()));
                    return Ok((filling.messages()?, token.unwrap_or_default()));
                }
                after = Some(document.id);
                filling.add(document);
            }
            if is_end {
                return Ok((filling.messages()?, String::new()));
            }
        }
    }

    async fn read(
        &self,
        desk: &DeskId,
        list: &List,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        match list {
            List::Messages { ticket } => self.store.documents(desk, *ticket, after, limit).await,
            List::Unrouted => self.store.unrouted(desk, after, limit).await,
        }
    }
}

/// A page that is being filled.
#[derive(Default)]
struct Filling {
    documents: Vec<StoredDocument>,
    bytes: usize,
}

impl Filling {
    fn has_room(&self, page: &Page, document: &StoredDocument) -> bool {
        let fits = self.documents.is_empty() || self.bytes + document.body.len() <= PAGE_BYTES;
        fits && self.documents.len() < page.size
    }

    fn add(&mut self, document: StoredDocument) {
        self.bytes += document.body.len();
        self.documents.push(document);
    }

    fn messages(&self) -> Result<Vec<v1::Message>, ApiError> {
        let messages = self.documents.iter().map(convert::message);
        messages.collect::<Result<_, _>>().map_err(ApiError::from)
    }
}

/// The message after which the page starts.
pub(super) fn after(page: &Page) -> Result<Option<MessageId>, ApiError> {
    page.after.as_deref().map(convert::message_id).transpose()
}
