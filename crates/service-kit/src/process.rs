//! A service as a process of its own: from the command line to the exit code.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Arg, Command, value_parser};
use tandem_bus::{Bus, BusError};
use tandem_domain::{Clock, IdSource};
use tandem_store::{Store, StoreError};
use tonic::service::{Routes, RoutesBuilder};

use crate::auth::{AuthError, Gate, Reflection, Verifier, table};
use crate::config::{
    AuthConfig, BusConfig, Check, ConfigFaults, GrpcConfig, LifecycleConfig, StoreConfig, TelemetryConfig, environment,
};
use crate::deployment::{open_bus, open_store};
use crate::error::chain;
use crate::grpc::{Contracts, GrpcError, GrpcServer, add_reflection};
use crate::health::Health;
use crate::ids::{SystemClock, SystemIds};
use crate::lifecycle::{Exit, Lifecycle, signals};
use crate::readiness;
use crate::telemetry::{Program, Telemetry};

/// The sections that every service has as a process of its own.
#[derive(Clone, Copy)]
pub struct Sections<'a> {
    /// Where it answers.
    pub grpc: &'a GrpcConfig,
    /// Where it keeps its data.
    pub store: &'a StoreConfig,
    /// How it talks to other processes.
    pub bus: &'a BusConfig,
    /// Whose tokens it takes.
    pub auth: &'a AuthConfig,
    /// Logs and traces.
    pub telemetry: &'a TelemetryConfig,
    /// How it stops.
    pub lifecycle: &'a LifecycleConfig,
}

impl Sections<'_> {
    /// Checks them all.
    pub fn validate(self, check: &mut Check) {
        check.section("grpc", self.grpc);
        check.section("store", self.store);
        check.section("bus", self.bus);
        check.section("auth", self.auth);
        check.section("telemetry", self.telemetry);
        check.section("lifecycle", self.lifecycle);
    }
}

/// What a process stands on, opened.
pub struct Base {
    /// Where it keeps things.
    pub store: Arc<dyn Store>,
    /// How it talks.
    pub bus: Arc<dyn Bus>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// Whether it should be sent work.
    pub health: Health,
}

/// A service that can be a process of its own.
#[tonic::async_trait]
pub trait Service: Sized + Send + Sync + 'static {
    /// Its name and version.
    const PROGRAM: Program;
    /// What it is for, in a sentence.
    const ABOUT: &'static str;
    /// The gRPC services that it answers, such as `tandem.v1.TicketService`.
    const SERVICES: &'static [&'static str];

    /// Reads its configuration.
    ///
    /// # Errors
    /// All faults at once.
    fn load(file: Option<&Path>, environment: Vec<(String, String)>) -> Result<Self, ConfigFaults>;

    /// The sections that it shares with the other services.
    fn sections(&self) -> Sections<'_>;

    /// Starts it as tasks of `life` and adds what it answers to `routes`.
    ///
    /// # Errors
    /// See [`StartError`].
    async fn build(&self, base: &Base, life: &Lifecycle, routes: &mut RoutesBuilder) -> Result<(), StartError>;

    /// Opens what it stands on, builds it, and serves its calls; where.
    ///
    /// # Errors
    /// See [`StartError`].
    async fn start(self, life: &Lifecycle) -> Result<SocketAddr, StartError> {
        let Sections {
            grpc, store, bus, auth, ..
        } = self.sections();
        let server = GrpcServer::bind(grpc).await?;
        let base = Base {
            store: open_store(store).await?,
            bus: open_bus(bus, Self::PROGRAM.name).await?,
            ids: Arc::new(SystemIds),
            clock: Arc::new(SystemClock),
            health: Health::new(Self::SERVICES, life.draining()),
        };
        readiness::watch(base.store.clone(), base.bus.clone(), &base.health, life);
        let mut routes = Routes::builder();
        self.build(&base, life, &mut routes).await?;
        routes.add_service(base.health.server());
        serve(server, routes, (grpc, auth), Self::SERVICES, life)
    }
}

/// Why a service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened or read.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// The bus cannot be reached for a reason that trying on does not change.
    #[error("the bus cannot be used")]
    Bus(#[from] BusError),
    /// The keys for tokens cannot be used.
    #[error("tokens cannot be checked")]
    Auth(#[from] AuthError),
    /// The address is taken, or the certificate cannot be used.
    #[error("calls cannot be answered")]
    Grpc(#[from] GrpcError),
    /// The contracts cannot be shown.
    #[error("reflection cannot be offered")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// What is the service's own.
    #[error("the service cannot start")]
    Own {
        /// With what the process ends.
        exit: Exit,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StartError {
    /// With what the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Store(StoreError::NewerSchema(_)) | Self::Auth(_) => Exit::BadConfiguration,
            Self::Store(_) | Self::Bus(_) | Self::Grpc(GrpcError::Bind { .. }) => Exit::Temporary,
            Self::Grpc(_) => Exit::BadConfiguration,
            Self::Reflection(_) => Exit::Internal,
            Self::Own { exit, .. } => *exit,
        }
    }
}

/// Runs a service as this process, until a signal or a failure ends it.
pub async fn run<S: Service>() -> ExitCode {
    let config = match S::load(config_file::<S>().as_deref(), environment()) {
        Ok(config) => config,
        Err(faults) => return failed::<S>(&faults, Exit::BadConfiguration),
    };
    let telemetry = match Telemetry::start(config.sections().telemetry, S::PROGRAM) {
        Ok(telemetry) => telemetry,
        Err(error) => return failed::<S>(&error, Exit::BadConfiguration),
    };
    let exit = live(config).await;
    telemetry.shutdown().await;
    exit.into()
}

fn config_file<S: Service>() -> Option<PathBuf> {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("A configuration file (TOML)");
    let command = Command::new(S::PROGRAM.name)
        .version(S::PROGRAM.version)
        .about(S::ABOUT)
        .after_help("Settings come from the file, then from TANDEM_… in the environment.")
        .arg(config.value_parser(value_parser!(PathBuf)));
    command.get_matches().remove_one("config")
}

async fn live<S: Service>(config: S) -> Exit {
    let life = Lifecycle::new(*config.sections().lifecycle);
    let Ok(signals) = signals() else { return Exit::Internal };
    match config.start(&life).await {
        Ok(address) => {
            tracing::info!(%address, "answers calls");
            life.run(signals).await
        }
        Err(error) => {
            tracing::error!(error = chain(&error), "cannot start");
            error.exit()
        }
    }
}

fn failed<S: Service>(error: &(dyn std::error::Error + 'static), exit: Exit) -> ExitCode {
    eprintln!("{}: {}", S::PROGRAM.name, chain(error));
    exit.into()
}

/// Serves a process's calls behind the gate, as tasks of `life`; where. Reflection is always among the services; the
/// gate says whether it needs a token.
fn serve(
    server: GrpcServer,
    mut services: RoutesBuilder,
    (grpc, auth): (&GrpcConfig, &AuthConfig),
    names: &[&str],
    life: &Lifecycle,
) -> Result<SocketAddr, StartError> {
    let contracts = Contracts {
        descriptors: tandem_proto::DESCRIPTORS,
        services: names,
    };
    let verifier = Arc::new(Verifier::from_files(auth)?);
    add_reflection(&mut services, contracts)?;
    let reflection = if grpc.reflection {
        Reflection::Open
    } else {
        Reflection::Closed
    };
    let gate = Gate::new(verifier.clone(), table::METHODS, reflection);
    let fresh = verifier.keep_fresh(auth.reload_interval, life.draining());
    life.spawn("keys", async {
        fresh.await;
        Ok::<(), GrpcError>(())
    });
    let address = server.address();
    life.spawn(
        "grpc",
        server.serve(services.routes(), gate, life.draining(), life.drain_timeout()),
    );
    Ok(address)
}
