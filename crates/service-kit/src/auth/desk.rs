//! The one place that decides whether a caller may touch a desk.

use http::Extensions;
use tandem_domain::{Actor, AgentId, DeskId, ErrorCode};

use super::gate::DeskDuty;
use super::{DeskScope, Principal, TokenError};
use crate::error::ApiError;

/// A caller who may touch the desk that the request names.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// The desk.
    pub desk: DeskId,
}

impl Caller {
    /// Who does it, for events.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.principal.actor()
    }

    /// The agent for whom the request acts. An agent acts only as itself, and need not say so; everybody
    /// else must name an agent.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for an agent that names another, `INVALID_ARGUMENT` for what is no key.
    pub fn acting_as(&self, named: &str) -> Result<AgentId, ApiError> {
        match self.principal.agent() {
            Some(own) if named.is_empty() || named == own.as_str() => Ok(own),
            Some(_) => {
                Err(ApiError::new(ErrorCode::PermissionDenied, "an agent acts only as itself").reason("FOREIGN_AGENT"))
            }
            None => named
                .parse()
                .map_err(|error| ApiError::invalid_field("agent", format!("{error}"))),
        }
    }
}

/// The caller of a request, and the desk that it names: `extensions` are the request's, `desk` is its field, or that of a
/// stream's first message.
///
/// # Errors
/// `PERMISSION_DENIED` for a desk that the token does not name, whether or not there is one;
/// `INVALID_ARGUMENT` for what is no key, if the token names all desks.
pub fn authorize(extensions: &Extensions, desk: &str) -> Result<Caller, ApiError> {
    let principal = extensions.get::<Principal>().ok_or(TokenError::Missing)?.clone();
    if let Some(duty) = extensions.get::<DeskDuty>() {
        duty.done();
    }
    let named = match (&principal.desks, desk.parse::<DeskId>()) {
        (_, Ok(desk)) if principal.may(&desk) => desk,
        (DeskScope::All, Err(error)) => return Err(ApiError::invalid_field("desk", error.to_string())),
        _ => return Err(foreign_desk()),
    };
    Ok(Caller { principal, desk: named })
}

/// The same words for a desk that is somebody else's and one that is nobody's.
fn foreign_desk() -> ApiError {
    ApiError::new(ErrorCode::PermissionDenied, "the token does not name this desk").reason("FOREIGN_DESK")
}
