//! The exit codes, in one place. Must not exit; `main` does that.

pub const FINE: u8 = 0;
/// Something went wrong that has no code of its own.
pub const ERROR: u8 = 1;
/// A flag, an environment variable or the configuration file is wrong.
pub const USAGE: u8 = 2;
/// What was named is not there, such as the HPA.
pub const NOT_FOUND: u8 = 3;
/// The run is not as it was expected to be.
pub const VERDICT: u8 = 4;
/// The cluster does not answer.
pub const UNREACHABLE: u8 = 5;
/// The cluster refuses (401, 403).
pub const DENIED: u8 = 6;
