//! What is wrong with a configuration.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key, such as `grpc.listen`; empty when a file as a whole is meant.
    pub key: String,
    /// What was given, with passwords struck out.
    pub given: String,
    /// Where it was given: a file, an environment variable, or the defaults.
    pub origin: String,
    /// What is wrong and what is allowed.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return write!(f, "{}: {}", self.origin, self.problem);
        }
        write!(f, "{} = `{}` ({}): {}", self.key, self.given, self.origin, self.problem)
    }
}

/// Everything that is wrong, a line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigFaults(pub Vec<Fault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(|fault| format!("  {fault}")).collect();
        write!(f, "the configuration is not valid:\n{}", lines.join("\n"))
    }
}

/// Strikes out the password of a URL such as `postgres://user:password@host`.
pub(super) fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority
        .rsplit_once('@')
        .map(|(user_info, host)| (user_info.split_once(':'), host))
    {
        Some((Some((user, _)), host)) => format!("{scheme}://{user}:***@{host}{path}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_passwords_are_struck_out() {
        assert_eq!(
            without_password("postgres://me:s3c:ret@db:5432/x"),
            "postgres://me:***@db:5432/x"
        );
        for harmless in ["postgres://me@db/x", "10s", "nats://a:4222", "nats://a:4222/b@c"] {
            assert_eq!(without_password(harmless), harmless);
        }
    }
}
