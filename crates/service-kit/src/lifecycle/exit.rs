//! With what a process ends.

use std::process::ExitCode;

/// How a process ended. The numbers are those of `sysexits.h` where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// As asked.
    Ok = 0,
    /// The configuration or the command line is wrong: starting again does not help.
    BadConfiguration = 64,
    /// A task died, or something happened that should not.
    Internal = 70,
    /// An address is taken, or the store or the bus cannot be reached: starting again later may help.
    Temporary = 75,
    /// Stopped as asked, but work was cut off: by a second signal, or because it took too long.
    Aborted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
