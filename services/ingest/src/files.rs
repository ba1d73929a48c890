//! Fetches desk files from the router, over gRPC.

use async_trait::async_trait;
use tandem_domain::DeskId;
use tandem_proto::v1::GetDeskRequest;
use tandem_proto::v1::desk_service_client::DeskServiceClient;
use tandem_service_kit::error::chain;
use tandem_service_kit::grpc::{ClientOptions, Credentials, connect};

use crate::follow::DeskFiles;

/// The largest desk file is 1 MiB; the rest of the answer is small.
const LARGEST_ANSWER: usize = 2 << 20;

/// The router's `DeskService`. Desk files change rarely: each is fetched over a connection of its own, so that there
/// is none to be kept alive and the router need not be there when ingest starts.
pub struct RouterFiles {
    options: ClientOptions,
    credentials: Credentials,
}

impl RouterFiles {
    /// Fetches from where `options` say, as whom `credentials` say.
    #[must_use]
    pub fn new(options: ClientOptions, credentials: Credentials) -> Self {
        Self { options, credentials }
    }
}

#[async_trait]
impl DeskFiles for RouterFiles {
    async fn fetch(&self, desk: &DeskId, version: u64) -> Result<String, String> {
        let channel = connect(&self.options, self.credentials.clone())
            .await
            .map_err(|error| chain(&error))?;
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
