//! A secret that a process makes for itself at its first start.

use std::path::Path;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use super::{AuthError, private_file};
use crate::config::Secret;

const RANDOM_BYTES: usize = 32;

/// The secret in a file (mode 600), which is made with 32 random bytes, in hex, where there is none.
///
/// # Errors
/// If the file cannot be used, or others may read it.
pub fn own_secret(path: &Path) -> Result<Secret, AuthError> {
    if let Some(text) = private_file::read(path)? {
        return Ok(Secret::new(text.trim().to_owned()));
    }
    let mut random = [0; RANDOM_BYTES];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| super::signer::signing("randomness"))?;
    let text = hex::encode(random);
    private_file::write(path, &text)?;
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let made = own_secret(&path).unwrap();
        assert_eq!(made.expose().len(), 2 * RANDOM_BYTES);
        assert_eq!(own_secret(&path).unwrap(), made);
        assert_ne!(own_secret(&dir.path().join("other")).unwrap(), made);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
