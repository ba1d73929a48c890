//! `tandem token`

use serde::Serialize;
use tandem_domain::{Clock, DeskId};
use tandem_service_kit::auth::{DeskScope, Grant, Signer};
use tandem_service_kit::error::chain;
use tandem_service_kit::ids::SystemClock;

use crate::cli::{Format, Target, Token};
use crate::embedded::AUTH_DIR;
use crate::failure::Failure;
use crate::output::show;

#[derive(Serialize)]
struct Minted {
    token: String,
    expires_at: String,
}

/// Makes a token with the data directory's key.
pub(crate) fn run(target: &Target, args: &Token, output: Format) -> Result<(), Failure> {
    let dir = target.data_dir.join(AUTH_DIR);
    // Opening would make one.
    if !dir.is_dir() && !args.make_key {
        return Err(Failure::Input(format!(
            "there is no signing key in {}: run `tandem up` once, name its directory with --data-dir, or make one with --make-key",
            dir.display()
        )));
    }
    let grant = Grant {
        role: args.role,
        subject: args.subject.clone(),
        desks: desks(&args.desks)?,
    };
    let now = SystemClock.now();
    let signer = Signer::open(&dir).map_err(|error| Failure::Fault(chain(&error)))?;
    let token = signer
        .mint(&grant, args.ttl, now)
        .map_err(|error| Failure::Input(chain(&error)))?;
    let minted = Minted {
        token,
        expires_at: now.plus(args.ttl).to_string(),
    };
    show(output, &minted, |minted| minted.token.clone())
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
