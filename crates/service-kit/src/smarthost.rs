//! Hands mail to the server that carries it on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::time::timeout;

use crate::config::{SmarthostConfig, SmarthostTls};

/// The server. Each mail goes over a connection of its own, so that none is kept alive and each failure is about one mail.
pub struct Smarthost {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
}

/// Why mail cannot be sent with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum SmarthostError {
    /// The authority's certificate cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no certificate, or the server's name is none.
    #[error("the connection to the smarthost cannot be protected")]
    Tls(#[source] SmtpError),
}

/// Why a mail was not taken. Says nothing of the mail: what a server answers may name its recipient.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The server is away, too slow, or asks to come again: the same mail may be taken later. After a connection that broke
    /// off it may have been taken already.
    #[error("{0}")]
    Later(String),
    /// The server refuses it for good.
    #[error("{0}")]
    Refused(String),
}

impl Smarthost {
    /// The server that a checked configuration names; none where it names none.
    ///
    /// # Errors
    /// See [`SmarthostError`].
    pub fn from_config(config: &SmarthostConfig) -> Result<Option<Self>, SmarthostError> {
        let Some(host) = &config.host else { return Ok(None) };
        let protection = match config.tls {
            SmarthostTls::None => Tls::None,
            SmarthostTls::StartTls => Tls::Required(parameters(host, config.ca_file.as_deref())?),
            SmarthostTls::Tls => Tls::Wrapper(parameters(host, config.ca_file.as_deref())?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(config.port)
            .tls(protection)
            .timeout(Some(config.timeout));
        if let (Some(name), Some(password)) = (&config.username, &config.password) {
            builder = builder.credentials(Credentials::new(name.clone(), password.expose().to_owned()));
        }
        Ok(Some(Self {
            transport: builder.build(),
            timeout: config.timeout,
        }))
    }

    /// Hands a mail over. When this returns, the server answers for it.
    ///
    /// # Errors
    /// See [`NotSent`].
    pub async fn send(&self, mail: Message) -> Result<(), NotSent> {
        match timeout(self.timeout, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judge(&error)),
            Err(_) => Err(NotSent::Later("the smarthost took too long".to_owned())),
        }
    }
}

fn parameters(host: &str, authority: Option<&Path>) -> Result<TlsParameters, SmarthostError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = authority {
        let pem = std::fs::read(path).map_err(|source| SmarthostError::File {
            path: path.to_owned(),
            source,
        })?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(SmarthostError::Tls)?);
    }
    builder.build().map_err(SmarthostError::Tls)
}

fn judge(error: &SmtpError) -> NotSent {
    match error.status() {
        Some(code) if is_about_us(code.into()) => {
            NotSent::Later(format!("the smarthost does not let us in, with {code}"))
        }
        Some(code) if error.is_permanent() => NotSent::Refused(format!("the smarthost refuses it with {code}")),
        Some(code) => NotSent::Later(format!("the smarthost asks to come again, with {code}")),
        None if error.is_timeout() => NotSent::Later("the smarthost took too long".to_owned()),
        None if error.is_tls() => NotSent::Later("the connection to the smarthost could not be protected".to_owned()),
        None => NotSent::Later("the smarthost cannot be reached, or broke off".to_owned()),
    }
}

/// Whether an answer is about who hands the mail over, not about the mail (RFC 4954, section 6): once a password is put
/// right, the same mail may be taken.
fn is_about_us(code: u16) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_is_not_the_mails_fault() {
        assert!(is_about_us(535));
        assert!(!is_about_us(550));
    }
}
