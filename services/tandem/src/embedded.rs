//! All four services in one process, on SQLite and an in-process bus: the very same code as in a cluster.

mod config;
mod services;

use std::fs::{self, DirBuilder};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;
use tandem_bus::{Bus, InProcessBus};
use tandem_domain::{Clock, Role};
use tandem_service_kit::auth::table::METHODS;
use tandem_service_kit::auth::{Gate, Reflection, Signer, Verifier, own_secret};
use tandem_service_kit::error::chain;
use tandem_service_kit::grpc::GrpcServer;
use tandem_service_kit::ids::SystemClock;
use tandem_service_kit::lifecycle::{Lifecycle, signals};
use tandem_service_kit::telemetry::{MeasuredBus, MeasuredStore, Program, Telemetry};
use tandem_store::SqliteStore;

use crate::cli::{Format, Target, Up};
use crate::client::{ADMIN_TOKEN_FILE, Client, ENDPOINT_FILE, mint};
use crate::command::apply_file;
use crate::failure::Failure;
use crate::output::show;
pub(crate) use config::{Addresses, EmbeddedConfig};
use services::Machine;

pub(crate) const AUTH_DIR: &str = "auth";
const INGEST_SECRET: &str = "auth/ingest.secret";

/// `tandem up`
pub(crate) async fn up(target: &Target, args: &Up, output: Format) -> Result<ExitCode, Failure> {
    let addresses = Addresses {
        grpc: args.grpc,
        smtp: args.smtp,
        chat: args.chat,
    };
    let config = EmbeddedConfig::load(args.config.as_deref(), addresses)?;
    let telemetry =
        Telemetry::start(&config.telemetry, PROGRAM).map_err(|error| Failure::Configuration(chain(&error)))?;
    let signals = signals().map_err(|error| Failure::Fault(format!("signals cannot be heard: {error}")))?;
    let running = Embedded::start(&target.data_dir, config).await?;
    running.announce(output)?;
    let exit = match running.apply(&args.desks, output).await {
        Ok(()) => Ok(ExitCode::from(running.life.clone().run(signals).await)),
        Err(failure) => {
            running.stop().await.close().await;
            Err(failure)
        }
    };
    telemetry.shutdown().await;
    exit
}

const PROGRAM: Program = Program {
    name: "tandem",
    version: env!("CARGO_PKG_VERSION"),
};

/// A Tandem that runs in this process.
pub(crate) struct Embedded {
    /// Where it answers gRPC.
    pub(crate) grpc: SocketAddr,
    /// Where it takes mail.
    pub(crate) smtp: SocketAddr,
    /// Where visitors chat, over HTTP.
    pub(crate) chat: SocketAddr,
    store: SqliteStore,
    /// How its parts talk.
    pub(crate) bus: Arc<dyn Bus>,
    /// Makes tokens.
    pub(crate) signer: Arc<Signer>,
    data_dir: PathBuf,
    life: Lifecycle,
}

impl Embedded {
    /// Starts it on a data directory.
    pub(crate) async fn start(data_dir: &Path, config: EmbeddedConfig) -> Result<Self, Failure> {
        make_private(data_dir)?;
        let store = SqliteStore::open(data_dir).await?;
        let signer = Arc::new(Signer::open(&data_dir.join(AUTH_DIR)).map_err(|error| unusable(&error))?);
        signer
            .write_admin_token(&data_dir.join(AUTH_DIR), SystemClock.now())
            .map_err(|error| unusable(&error))?;
        let server = GrpcServer::bind(&config.grpc)
            .await
            .map_err(|error| unreachable(&error))?;
        let life = Lifecycle::new(config.lifecycle);
        let bus: Arc<dyn Bus> = Arc::new(MeasuredBus::new(Arc::new(InProcessBus::new()), "in_process"));
        let grpc = server.address();
        let machine = Machine {
            store: Arc::new(MeasuredStore::new(Arc::new(store.clone()), "sqlite")),
            bus: Arc::clone(&bus),
            life: life.clone(),
            signer: Arc::clone(&signer),
            grpc,
            ingest_secret: own_secret(&data_dir.join(INGEST_SECRET)).map_err(|error| unusable(&error))?,
        };
        let services = machine.start(&config).await?;
        let reflection = if config.grpc.reflection {
            Reflection::Open
        } else {
            Reflection::Closed
        };
        let gate = Gate::new(Arc::new(Verifier::of(&signer)), METHODS, reflection);
        life.spawn(
            "grpc",
            server.serve(services.routes, gate, life.draining(), config.lifecycle.drain_timeout),
        );
        let running = Self {
            grpc,
            smtp: services.smtp,
            chat: services.chat,
            store,
            bus,
            signer,
            data_dir: data_dir.to_owned(),
            life,
        };
        running.write_endpoint()?;
        Ok(running)
    }

    /// The gRPC address as clients write it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.grpc)
    }

    /// A connection in a role.
    pub(crate) async fn client(&self, role: Role, subject: &str) -> Result<Client, Failure> {
        Client::connect_to(&self.url(), None, mint(&self.signer, role, subject)?).await
    }

    /// Stops as the first signal would. What it has stored is at rest then.
    pub(crate) async fn stop(self) -> SqliteStore {
        self.life.draining().cancel();
        self.life.run(futures::stream::pending()).await;
        self.store
    }

    fn write_endpoint(&self) -> Result<(), Failure> {
        let path = self.data_dir.join(ENDPOINT_FILE);
        fs::write(&path, self.url())
            .map_err(|error| Failure::Fault(format!("cannot write {}: {error}", path.display())))
    }

    fn announce(&self, output: Format) -> Result<(), Failure> {
        let bound = Bound {
            grpc: self.url(),
            smtp: self.smtp.to_string(),
            chat: format!("http://{}/chat", self.chat),
            data: self.data_dir.display().to_string(),
            token: self.data_dir.join(ADMIN_TOKEN_FILE).display().to_string(),
        };
        // At once: whoever reads only the first line must not end the program with it.
        show(
            output,
            &bound,
            |Bound {
                 grpc,
                 smtp,
                 chat,
                 data,
                 token,
             }| {
                format!("gRPC   {grpc}\nSMTP   {smtp}\nchat   {chat}\ndata   {data}\ntoken  {token} (admin)")
            },
        )
    }

    async fn apply(&self, desks: &[PathBuf], output: Format) -> Result<(), Failure> {
        let client = self.client(Role::Admin, "admin").await?;
        for file in desks {
            apply_file(&client, file, output).await?;
        }
        Ok(())
    }
}

/// What is where.
#[derive(Serialize)]
struct Bound {
    grpc: String,
    smtp: String,
    chat: String,
    data: String,
    token: String,
}

/// Customers' words are kept in there.
fn make_private(data_dir: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
    made.map_err(|error| {
        Failure::Configuration(format!(
            "cannot make the data directory {}: {error}; name another with --data-dir",
            data_dir.display()
        ))
    })
}

/// Keys and tokens that cannot be read, or that others can read.
fn unusable(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::Configuration(chain(error))
}

fn unreachable(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::Unreachable(chain(error))
}
