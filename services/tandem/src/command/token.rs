//! `tandem token`

use serde::Serialize;
use tandem_domain::{Clock, DeskId, Role};
use tandem_service_kit::auth::{DeskScope, Grant, Signer};
use tandem_service_kit::error::chain;
use tandem_service_kit::ids::SystemClock;

use crate::cli::{Format, Target, Token};
use crate::failure::Failure;
use crate::output::show;

#[derive(Serialize)]
struct Minted {
    token: String,
    expires_at: String,
}

/// Makes a token with the data directory's key.
pub fn run(target: &Target, args: &Token, output: Format) -> Result<(), Failure> {
    let dir = target.data_dir.join("auth");
    if !dir.is_dir() {
        return Err(Failure::Input(format!(
            "there is no signing key in {}: run `tandem up` once",
            dir.display()
        )));
    }
    let grant = Grant {
        role: role(&args.role)?,
        subject: args.subject.clone(),
        desks: desks(&args.desks)?,
    };
    let ttl: jiff::SignedDuration = args
        .ttl
        .parse()
        .map_err(|_| Failure::Input(format!("`{}` is not a duration: use 12h or 30m", args.ttl)))?;
    let ttl = ttl
        .try_into()
        .map_err(|_| Failure::Input("a token cannot expire before it is made".into()))?;
    let now = SystemClock.now();
    let signer = Signer::open(&dir).map_err(|error| Failure::Fault(chain(&error)))?;
    let token = signer
        .mint(&grant, ttl, now)
        .map_err(|error| Failure::Input(chain(&error)))?;
    show(
        output,
        &Minted {
            token,
            expires_at: now.plus(ttl).to_string(),
        },
        |minted| minted.token.clone(),
    )
}

fn role(name: &str) -> Result<Role, Failure> {
    let names: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let found = Role::ALL.into_iter().find(|role| role.as_str() == name);
    found.ok_or_else(|| Failure::Input(format!("`{name}` is not a role: use {}", names.join(", "))))
}

fn desks(names: &[String]) -> Result<DeskScope, Failure> {
    if names == ["*"] {
        return Ok(DeskScope::All);
    }
    let desks: Result<_, _> = names.iter().map(|name| name.parse::<DeskId>()).collect();
    desks
        .map(DeskScope::Named)
        .map_err(|error| Failure::Input(error.to_string()))
}
