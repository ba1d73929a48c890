//! Tokens, made with the key of the Tandem under test.

use std::path::Path;
use std::time::Duration;

use tandem_domain::{Clock, Role};
use tandem_service_kit::auth::{DeskScope, Grant, Signer};
use tandem_service_kit::ids::SystemClock;

const TTL: Duration = Duration::from_hours(2);

/// Makes tokens.
pub struct Tokens {
    signer: Signer,
}

impl Tokens {
    /// With the key in a directory; a new one where there is none yet.
    pub fn open(directory: &Path) -> Self {
        Self {
            signer: Signer::open(directory).expect("the key can be used"),
        }
    }

    /// The public key, for services.
    pub fn public_key(&self) -> &Path {
        self.signer.public_key_file()
    }

    /// Writes the admin's token to where `tandem` looks for it, beside the key.
    pub fn write_admin(&self, directory: &Path) {
        self.signer
            .write_admin_token(directory, SystemClock.now())
            .expect("the directory is ours");
    }

    /// For everything.
    pub fn admin(&self) -> String {
        self.mint(Role::Admin, "admin", DeskScope::All, TTL)
    }

    /// For what services ask each other.
    pub fn service(&self) -> String {
        self.mint(Role::Service, "ingest", DeskScope::All, TTL)
    }

    /// For a role on some desks.
    pub fn role(&self, role: Role, subject: &str, desks: &[&str]) -> String {
        let keys = desks.iter().map(|desk| desk.parse().expect("a key"));
        self.mint(role, subject, DeskScope::Named(keys.collect()), TTL)
    }

    /// For an agent of a desk.
    pub fn agent(&self, desk: &str, agent: &str) -> String {
        self.role(Role::Agent, agent, &[desk])
    }

    fn mint(&self, role: Role, subject: &str, desks: DeskScope, ttl: Duration) -> String {
        let grant = Grant {
            role,
            subject: subject.to_owned(),
            desks,
        };
        self.signer.mint(&grant, ttl, SystemClock.now()).expect("a token")
    }
}
