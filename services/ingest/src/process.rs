//! Ingest as a process of its own.

use std::path::Path;
use std::sync::Arc;

use tandem_proto::v1::ingest_service_server::SERVICE_NAME;
use tandem_service_kit::config::ConfigFaults;
use tandem_service_kit::desk_files::RouterFiles;
use tandem_service_kit::grpc::Peer;
use tandem_service_kit::lifecycle::{Exit, Lifecycle};
use tandem_service_kit::process::{Base, Sections, Service, StartError};
use tandem_service_kit::telemetry::Program;
use tonic::service::RoutesBuilder;

use crate::config::ServiceConfig;
use crate::{Ingest, Parts, service};

#[tonic::async_trait]
impl Service for ServiceConfig {
    const PROGRAM: Program = Program {
        name: "tandem-ingest",
        version: env!("CARGO_PKG_VERSION"),
    };
    const ABOUT: &'static str = "Takes customers' messages in and hands them to the router.";
    const SERVICES: &'static [&'static str] = &[SERVICE_NAME];

    fn load(file: Option<&Path>, environment: Vec<(String, String)>) -> Result<Self, ConfigFaults> {
        Self::load(file, environment)
    }

    fn sections(&self) -> Sections<'_> {
        self.shared()
    }

    async fn build(&self, base: &Base, life: &Lifecycle, routes: &mut RoutesBuilder) -> Result<(), StartError> {
        let ingest = Ingest::start(parts(self, base), life).await.map_err(own)?;
        tracing::info!(address = %ingest.smtp, "takes mail");
        tracing::info!(address = %ingest.chat, "takes chats");
        routes.add_service(ingest.api.max_decoding_message_size(self.grpc.max_request_bytes));
        Ok(())
    }
}

fn parts(config: &ServiceConfig, base: &Base) -> Parts {
    let secret = config.ingest.secret.as_ref().expect("the configuration was checked");
    Parts {
        store: base.store.clone(),
        bus: base.bus.clone(),
        files: Arc::new(RouterFiles::new(Peer::from_config(&config.router))),
        // A subscription of an earlier life of this replica would only be behind.
        instance: base.ids.next(base.clock.now()).simple().to_string(),
        ids: base.ids.clone(),
        clock: base.clock.clone(),
        secret: secret.expose().as_bytes().to_vec(),
        smtp: config.smtp.clone(),
        chat: config.chat.clone(),
        smarthost: config.smarthost.clone(),
        deliveries: config.deliveries.clone(),
    }
}

fn own(error: service::StartError) -> StartError {
    let exit = match &error {
        service::StartError::Listen { .. } | service::StartError::Store(_) => Exit::Temporary,
        service::StartError::Tls(_) | service::StartError::Smarthost(_) => Exit::BadConfiguration,
    };
    StartError::Own {
        exit,
        source: error.into(),
    }
}
