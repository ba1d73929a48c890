//! Webhooks to contacts, signed as Standard Webhooks says.
//!
//! A receiver is somebody else's machine at an address that somebody wrote into a desk file. So where it may be is decided
//! after its name was resolved and the connection goes to just that address; redirects are not followed; and it cannot hold
//! more than a few kilobytes of memory and some seconds of time, whatever it answers.

mod call;
mod public;
mod signature;

pub use call::SetupError;
pub(crate) use call::{CallError, Caller};
pub(crate) use signature::{keys, sign};

use http::StatusCode;

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver has it.
    Delivered,
    /// The address does not want any, for good.
    Gone,
    /// It may work later.
    Later(String),
    /// It cannot work as things stand.
    Never(String),
}

/// What a receiver's answer means.
pub(crate) fn judge(answer: Result<StatusCode, CallError>) -> Verdict {
    match answer {
        Ok(status) if status.is_success() => Verdict::Delivered,
        Ok(StatusCode::GONE) => Verdict::Gone,
        Ok(status) if status.is_redirection() => {
            Verdict::Later(format!("it answers {}: redirects are not followed", status.as_u16()))
        }
        Ok(status) => Verdict::Later(format!("it answers {}", status.as_u16())),
        Err(error @ CallError::Forbidden) => Verdict::Never(error.to_string()),
        Err(error) => Verdict::Later(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_success_is_delivered_and_only_410_is_final() {
        let of = |code: u16| judge(Ok(StatusCode::from_u16(code).unwrap()));
        for code in [200, 202, 204] {
            assert_eq!(of(code), Verdict::Delivered, "{code}");
        }
        assert_eq!(of(410), Verdict::Gone);
        for code in [301, 307, 400, 404, 429, 500, 503, 599, 999] {
            assert!(matches!(of(code), Verdict::Later(_)), "{code}");
        }
    }
}
