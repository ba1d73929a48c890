//! A service as a process of its own: from the command line to the exit code.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Arg, Command, value_parser};
use tandem_bus::BusError;
use tandem_store::StoreError;
use tonic::service::RoutesBuilder;

use crate::auth::{AuthError, Gate, Reflection, Verifier, table};
use crate::config::{AuthConfig, ConfigFaults, GrpcConfig, LifecycleConfig, TelemetryConfig, environment};
use crate::error::chain;
use crate::grpc::{Contracts, GrpcError, GrpcServer, add_reflection};
use crate::lifecycle::{Exit, Lifecycle, signals};
use crate::telemetry::{Program, Telemetry};

/// A service that can be a process of its own.
#[tonic::async_trait]
pub trait Service: Sized + Send + 'static {
    /// Its name and version.
    const PROGRAM: Program;
    /// What it is for, in a sentence.
    const ABOUT: &'static str;

    /// Reads its configuration.
    ///
    /// # Errors
    /// All faults at once.
    fn load(file: Option<&Path>, environment: Vec<(String, String)>) -> Result<Self, ConfigFaults>;

    /// Logs and traces.
    fn telemetry(&self) -> &TelemetryConfig;

    /// How it stops.
    fn lifecycle(&self) -> &LifecycleConfig;

    /// Starts it as tasks of `life`; where it answers calls.
    ///
    /// # Errors
    /// See [`StartError`].
    async fn start(self, life: &Lifecycle) -> Result<SocketAddr, StartError>;
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
    let telemetry = match Telemetry::start(config.telemetry(), S::PROGRAM) {
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
    let life = Lifecycle::new(*config.lifecycle());
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

fn failed<S: Service>(error: &dyn std::error::Error, exit: Exit) -> ExitCode {
    eprintln!("{}: {error}", S::PROGRAM.name);
    exit.into()
}

/// Serves a process's calls behind the gate, as tasks of `life`; where. Reflection is always among the services; the
/// gate says whether it needs a token.
///
/// # Errors
/// If keys cannot be read or the contracts not be shown.
pub fn serve(
    server: GrpcServer,
    mut services: RoutesBuilder,
    (grpc, auth): (&GrpcConfig, &AuthConfig),
    contracts: Contracts<'_>,
    life: &Lifecycle,
) -> Result<SocketAddr, StartError> {
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
