//! What the demo is played on: the example desk with short promises, a mail server and a receiver of webhooks.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tandem_service_kit::config::SmarthostTls;

use super::letterbox;
use super::teller::Teller;
use super::webhooks::{Receiver, SECRET};
use crate::embedded::{Addresses, EmbeddedConfig};
use crate::failure::Failure;

/// The example desk.
const EXAMPLE: &str = include_str!("../../../../deploy/desks/acme.yaml");
/// Where its own promises begin; the demo has others.
const PROMISES: &str = "\nservice_levels:";
const DEMO_PROMISES: &str = include_str!("../../demo/promises.yaml");

/// Everything around Tandem.
pub(crate) struct Surroundings {
    /// Who is told of escalations.
    pub(crate) receiver: Arc<Receiver>,
    hooks: SocketAddr,
    letterbox: SocketAddr,
    secrets: PathBuf,
}

impl Surroundings {
    /// Sets them up; secrets go into `directory`.
    pub(crate) async fn set_up(directory: &Path, teller: Arc<Teller>) -> Result<Self, Failure> {
        let (receiver, hooks) = Receiver::start(teller).await?;
        Ok(Self {
            receiver,
            hooks,
            letterbox: letterbox::start().await?,
            secrets: write_secret(directory)?,
        })
    }

    /// The desk file.
    pub(crate) fn desk(&self) -> String {
        desk(&self.hooks.to_string())
    }

    /// How Tandem is configured for them.
    pub(crate) fn config(&self) -> Result<EmbeddedConfig, Failure> {
        let mut config = EmbeddedConfig::load(None, Addresses::free())?;
        config.webhooks.secrets_dir = Some(self.secrets.clone());
        // The receiver is on this machine.
        config.webhooks.allow_private = true;
        config.smarthost.host = Some(self.letterbox.ip().to_string());
        config.smarthost.port = self.letterbox.port();
        config.smarthost.tls = SmarthostTls::None;
        config.escalation.mail_from = Some("tandem@acme.example".parse().expect("an address"));
        Ok(config)
    }
}

/// The example desk with the demo's promises; those who are on call listen at `sink`.
pub(crate) fn desk(sink: &str) -> String {
    let (people, _) = EXAMPLE
        .split_once(PROMISES)
        .expect("the example desk promises something");
    format!("{people}\n{}", DEMO_PROMISES.replace("{sink}", sink))
}

fn write_secret(directory: &Path) -> Result<PathBuf, Failure> {
    let secrets = directory.join("secrets");
    let file = secrets.join("on-call");
    let written = fs::create_dir(&secrets)
        .and_then(|()| fs::write(&file, SECRET))
        .and_then(|()| fs::set_permissions(&file, Permissions::from_mode(0o600)));
    written
        .map(|()| secrets)
        .map_err(|error| Failure::Fault(format!("cannot write {}: {error}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_desk_with_short_promises_is_valid() {
        let read = tandem_desk_file::parse(&desk("127.0.0.1:8080"));
        assert!(read.is_ok(), "{:?}", read.err());
    }
}
