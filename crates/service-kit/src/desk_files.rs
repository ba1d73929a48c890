//! Fetches desk files from the router, over gRPC: for the services that need what the journal must not hold, such as
//! addresses.

use tandem_domain::DeskId;
use tandem_proto::v1::GetDeskRequest;
use tandem_proto::v1::desk_service_client::DeskServiceClient;

use crate::error::chain;
use crate::grpc::Peer;

/// The largest desk file is 1 MiB; the rest of the answer is small.
const LARGEST_ANSWER: usize = 2 << 20;

/// Where desk files are fetched from; the router, over gRPC.
#[tonic::async_trait]
pub trait DeskFiles: Send + Sync + 'static {
    /// The text of a version.
    ///
    /// # Errors
    /// Why not now.
    async fn fetch(&self, desk: &DeskId, version: u64) -> Result<String, String>;
}

/// The router's `DeskService`. Desk files change rarely: each is fetched over a connection of its own, so that there
/// is none to be kept alive and the router need not be there when its callers start.
pub struct RouterFiles {
    router: Peer,
}

impl RouterFiles {
    /// Fetches from `router`.
    #[must_use]
    pub fn new(router: Peer) -> Self {
        Self { router }
    }
}

#[tonic::async_trait]
impl DeskFiles for RouterFiles {
    async fn fetch(&self, desk: &DeskId, version: u64) -> Result<String, String> {
        let channel = self.router.connect().await.map_err(|error| chain(&error))?;
        let mut client = DeskServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWER);
        let request = GetDeskRequest {
            desk: desk.to_string(),
            version,
        };
        match client.get_desk(request).await {
            Ok(response) => Ok(response.into_inner().text),
            Err(status) => Err(format!("the router answers {:?}: {}", status.code(), status.message())),
        }
    }
}
