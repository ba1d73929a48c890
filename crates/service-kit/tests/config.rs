//! Configuration: layers, and every fault at once.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic too")]

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use tandem_service_kit::config::{
    self, AuthConfig, BusConfig, Check, ConfigFaults, GrpcConfig, LifecycleConfig, StoreConfig, TelemetryConfig,
    Validate, defaults,
};

#[derive(Debug, Deserialize)]
struct Service {
    grpc: GrpcConfig,
    store: StoreConfig,
    bus: BusConfig,
    auth: AuthConfig,
    telemetry: TelemetryConfig,
    lifecycle: LifecycleConfig,
}

impl Validate for Service {
    fn validate(&self, check: &mut Check) {
        check.section("grpc", &self.grpc);
        check.section("store", &self.store);
        check.section("bus", &self.bus);
        check.section("auth", &self.auth);
        check.section("telemetry", &self.telemetry);
        check.section("lifecycle", &self.lifecycle);
    }
}

/// A service's own text on top of the shared sections.
const OWN: &str = r#"
[grpc]
listen = "127.0.0.1:50051"
[store]
data_dir = "data"
[auth]
public_key_files = ["key.pem"]
"#;

const DEFAULTS: [&str; 7] = [
    defaults::GRPC,
    defaults::STORE,
    defaults::BUS,
    defaults::AUTH,
    defaults::TELEMETRY,
    defaults::LIFECYCLE,
    OWN,
];

struct Given {
    dir: tempfile::TempDir,
    file: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

impl Given {
    fn nothing() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            file: None,
            environment: Vec::new(),
        }
    }

    fn file(mut self, text: &str) -> Self {
        let path = self.dir.path().join("tandem.toml");
        std::fs::write(&path, text).unwrap();
        self.file = Some(path);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn load(&self) -> Result<Service, ConfigFaults> {
        config::load(&DEFAULTS, self.file.as_deref(), self.environment.clone())
    }

    fn faults(&self) -> Vec<String> {
        self.load().unwrap_err().0.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn the_environment_beats_the_file_beats_the_defaults() {
    let given = Given::nothing()
        .file("[grpc]\nlisten = \"127.0.0.1:2\"\nmax_streams = 7")
        .variable("TANDEM_GRPC__LISTEN", "127.0.0.1:3")
        .variable("TANDEM_BUS__SERVERS", "nats://a:4222, nats://b:4222");
    let service = given.load().unwrap();
    assert_eq!(service.grpc.listen.port(), 3);
    assert_eq!(service.grpc.max_streams, 7);
    assert_eq!(service.grpc.keepalive_interval, Duration::from_secs(30));
    assert_eq!(service.bus.servers, ["nats://a:4222", "nats://b:4222"]);
}

#[test]
fn the_defaults_alone_are_valid() {
    let service = Given::nothing().load().unwrap();
    assert_eq!(service.grpc.listen.port(), 50051);
    assert_eq!(service.grpc.tls_cert_file, None);
}

#[test]
fn five_faults_are_five_lines_each_with_value_origin_and_what_is_allowed() {
    let given = Given::nothing()
        .file("[grpc]\nlisten = \"localhost\"\nmax_steams = 7\n[telemetry]\nformat = \"xml\"")
        .variable("TANDEM_AUTH__LEEWAY", "5m")
        .variable("TANDEM_LIFECYCLE__DRAIN_TIMEOUT", "soon");
    let faults = given.faults();
    assert_eq!(faults.len(), 5, "{faults:#?}");
    let has = |parts: &[&str]| faults.iter().any(|fault| parts.iter().all(|part| fault.contains(part)));
    assert!(
        has(&[
            "grpc.listen = `localhost`",
            "tandem.toml",
            "the default is `127.0.0.1:50051`"
        ]),
        "{faults:#?}"
    );
    assert!(
        has(&["grpc.max_steams", "the nearest is grpc.max_streams"]),
        "{faults:#?}"
    );
    assert!(has(&["telemetry.format = `xml`", "auto, text or json"]), "{faults:#?}");
    assert!(
        has(&["auth.leeway = `5m`", "TANDEM_AUTH__LEEWAY", "at most 60s"]),
        "{faults:#?}"
    );
    assert!(
        has(&["lifecycle.drain_timeout = `soon`", "TANDEM_LIFECYCLE__DRAIN_TIMEOUT"]),
        "{faults:#?}"
    );
}

#[test]
fn an_unknown_variable_is_a_fault_and_what_is_no_setting_is_none() {
    let given = Given::nothing()
        .variable("TANDEM_CORPUS", "x")
        .variable("TANDEM_ROUTER_SERVICE_HOST", "10.0.0.1");
    assert!(given.load().is_ok());
    let faults = given
        .variable("TANDEM_STOER__URL", "postgres://me:hunter2@db/x")
        .faults();
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(
        faults[0].contains("TANDEM_STOER__URL") && faults[0].contains("store.url"),
        "{faults:#?}"
    );
    assert!(!faults[0].contains("hunter2"), "a password is never shown: {faults:#?}");
}

#[test]
fn a_section_in_place_of_a_value_is_a_fault() {
    let faults = Given::nothing().file("grpc = 1\n[store.url]\nhost = \"db\"").faults();
    assert_eq!(faults.len(), 2, "{faults:#?}");
}

#[test]
fn a_file_that_cannot_be_read_or_parsed_is_a_fault_that_names_it() {
    let faults = Given::nothing().file("[grpc]\nlisten = ").faults();
    assert!(
        faults[0].contains("tandem.toml") && faults[0].contains("line 2"),
        "{faults:#?}"
    );
    let mut missing = Given::nothing();
    missing.file = Some(missing.dir.path().join("absent.toml"));
    assert!(missing.faults()[0].contains("absent.toml"));
}

#[test]
fn a_password_in_a_url_is_refused_and_not_shown() {
    let faults = Given::nothing()
        .file("[store]\ndata_dir = \"\"\nurl = \"postgres://me:hunter2@db/x\"")
        .faults();
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(
        faults[0].contains("store.password_file") && !faults[0].contains("hunter2"),
        "{faults:#?}"
    );
}

#[test]
fn a_secret_comes_from_its_file_or_is_a_fault() {
    let given = Given::nothing();
    let path = given.dir.path().join("password");
    std::fs::write(&path, "hunter2\n").unwrap();
    let given = given.variable("TANDEM_STORE__PASSWORD_FILE", path.to_str().unwrap());
    assert_eq!(given.load().unwrap().store.password.unwrap().expose(), "hunter2");
    let faults = Given::nothing()
        .variable("TANDEM_STORE__PASSWORD_FILE", "/nowhere/password")
        .faults();
    assert!(
        faults[0].contains("store.password_file = `/nowhere/password`"),
        "{faults:#?}"
    );
}

#[test]
fn a_setting_must_fit_the_others() {
    let faults = Given::nothing()
        .variable("TANDEM_GRPC__TLS_CERT_FILE", "cert.pem")
        .faults();
    assert!(faults[0].contains("grpc.tls_key_file"), "{faults:#?}");
    let faults = Given::nothing()
        .variable("TANDEM_STORE__URL", "postgres://db/x")
        .faults();
    assert!(faults[0].contains("not both"), "{faults:#?}");
}
