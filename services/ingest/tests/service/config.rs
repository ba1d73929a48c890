//! What can be configured, and what is said of a configuration that cannot be.

use std::error::Error;

use tandem_ingest::config::{ServiceConfig, SmtpConfig};
use tandem_ingest::{Ingest, StartError};
use tandem_service_kit::lifecycle::Lifecycle;

use crate::harness::World;

#[test]
fn all_that_is_wrong_with_a_configuration_is_said_at_once() {
    let settings = [
        ("TANDEM_SMTP__LISTEN", "somewhere"),
        ("TANDEM_SMTP__HOSTNAME", "mx acme"),
        ("TANDEM_SMTP__TLS_CERT_FILE", "cert.pem"),
        ("TANDEM_SMTP__MAX_CONNECTIONS", "0"),
        ("TANDEM_SMTP__MAX_CONNECTIONS_PER_PEER", "0"),
        ("TANDEM_SMTP__MAX_MEMORY_BYTES", "1000"),
        ("TANDEM_ROUTER__ENDPOINT", "tandem-router:7402"),
    ];
    let faults = |settings: &[(&str, &str)]| {
        let environment = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ServiceConfig::load(None, environment.collect::<Vec<_>>())
            .unwrap_err()
            .to_string()
    };
    assert!(faults(&settings).contains("smtp.listen"));
    let said = faults(&settings[1..]);
    for key in [
        "smtp.hostname",
        "smtp.tls_key_file",
        "smtp.max_connections",
        "smtp.max_connections_per_peer",
        "smtp.max_memory_bytes",
        "router.endpoint",
        "router.token_file",
        "ingest.secret_file",
    ] {
        assert!(said.contains(key), "{key}: {said}");
    }
    let said = faults(&[("TANDEM_ROUTER__ENDPOINT", "https://tandem-router:7402")]);
    assert!(said.contains("router.ca_file"), "{said}");
}

async fn refusal(world: &World, smtp: SmtpConfig) -> StartError {
    let life = Lifecycle::new(world.config().lifecycle);
    let started = Ingest::start(
        world.parts(world.bus.clone(), &ServiceConfig { smtp, ..world.config() }),
        &life,
    )
    .await;
    started.err().expect("a refusal")
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let world = World::new();
    let service = world.ingest().await;
    let smtp = SmtpConfig {
        listen: service.smtp,
        ..world.config().smtp
    };
    let refused = refusal(&world, smtp).await;
    assert!(refused.to_string().contains(&service.smtp.to_string()), "{refused}");
    assert!(refused.source().is_some());
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_and_a_store_that_is_away_keep_it_from_starting() {
    let world = World::new();
    let missing = Some(std::path::PathBuf::from("/nowhere/at/all.pem"));
    let smtp = SmtpConfig {
        tls_cert_file: missing.clone(),
        tls_key_file: missing,
        ..world.config().smtp
    };
    assert!(matches!(refusal(&world, smtp).await, StartError::Tls(_)));
    world.store.faults().set_unreachable(true);
    assert!(matches!(
        refusal(&world, world.config().smtp).await,
        StartError::Store(_)
    ));
}
