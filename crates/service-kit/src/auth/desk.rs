//! The one place that decides whether a caller may touch a desk.

use http::Extensions;
use tandem_domain::{Actor, AgentId, DeskId, ErrorCode};
use tonic::Request;

use super::gate::DeskDuty;
use super::{DeskScope, Principal, TokenError};
use crate::error::ApiError;

/// A request that names its desk. Services implement it with [`desk_scoped!`](crate::desk_scoped).
pub trait DeskScoped {
    /// The desk's key as given; may be malformed or foreign.
    fn desk(&self) -> &str;
}

/// Implements [`DeskScoped`](crate::auth::DeskScoped) for messages with a field `desk`.
#[macro_export]
macro_rules! desk_scoped {
    ($($message:ty),+ $(,)?) => {
        $(impl $crate::auth::DeskScoped for $message {
            fn desk(&self) -> &str {
                &self.desk
            }
        })+
    };
}

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

/// The caller of a request, and the desk that it names.
///
/// # Errors
/// `PERMISSION_DENIED` for a desk that the token does not name, whether or not there is one;
/// `INVALID_ARGUMENT` for what is no key, if the token names all desks.
pub fn authorize<T: DeskScoped>(request: &Request<T>) -> Result<Caller, ApiError> {
    authorize_message(request.extensions(), request.get_ref().desk())
}

/// [`authorize`] for a stream, whose messages name the desk: `extensions` are the request's.
///
/// # Errors
/// As [`authorize`].
pub fn authorize_message(extensions: &Extensions, desk: &str) -> Result<Caller, ApiError> {
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
