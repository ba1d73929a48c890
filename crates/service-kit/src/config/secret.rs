//! Secrets: from files only, never shown.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Deserializer};

/// A secret's text. `Debug` shows `***`; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret that was made, not read.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Reads a secret; white space around it is not part of it.
    ///
    /// # Errors
    /// If the file cannot be read or is empty.
    pub fn from_file(path: &Path) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        match text.trim() {
            "" => Err(std::io::Error::other("the file is empty")),
            secret => Ok(Self(secret.to_owned())),
        }
    }

    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// For fields of type `Option<Secret>` whose key ends in `_file`: an empty path is none.
///
/// # Errors
/// If the file cannot be read or is empty.
pub fn optional_file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let path = String::deserialize(deserializer)?;
    if path.is_empty() {
        return Ok(None);
    }
    let read = Secret::from_file(Path::new(&path));
    read.map(Some)
        .map_err(|error| serde::de::Error::custom(format!("the file cannot be used: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".to_owned())), "***");
    }

    #[test]
    fn a_final_line_end_is_not_part_of_a_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        std::fs::write(&path, "hunter2\n").unwrap();
        assert_eq!(Secret::from_file(&path).unwrap().expose(), "hunter2");
        std::fs::write(&path, "\n").unwrap();
        assert!(Secret::from_file(&path).is_err());
    }
}
