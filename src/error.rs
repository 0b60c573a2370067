//! How a command fails: the exit code, the cause with its chain, and a hint. `main` prints it; nothing here does.

use crate::{
    config::ConfigError,
    recording::ReadError,
    source::{
        Died,
        live::{ApiError, ApiErrorKind, connect::ConnectError},
    },
    view::theme::ThemeError,
};
use std::{error::Error, fmt};

/// The exit code of a command that did what was asked.
pub const SUCCESS: u8 = 0;
/// The exit code of a command that did what was asked, and found that the run did not meet its expectations.
pub const VERDICT_FAILED: u8 = 4;
/// The exit code of a command that did what was asked, and found an HPA in trouble.
pub const IN_TROUBLE: u8 = 4;

/// The exit code of a program that a signal ended.
pub fn signal_exit_code(number: i32) -> u8 {
    128 + u8::try_from(number).unwrap_or(0)
}

/// What kind of failure it is: this decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// None of the others.
    Failed,
    /// A flag, an environment variable or the configuration file is wrong.
    Usage,
    /// What was named is not there, such as the HPA.
    NotFound,
    /// The cluster does not answer.
    Unreachable,
    /// The cluster denies access (401, 403).
    Denied,
}

impl ErrorKind {
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Failed => 1,
            ErrorKind::Usage => 2,
            ErrorKind::NotFound => 3,
            ErrorKind::Unreachable => 5,
            ErrorKind::Denied => 6,
        }
    }
}

/// Why a command failed.
#[derive(Debug)]
pub struct CommandError {
    pub kind: ErrorKind,
    cause: anyhow::Error,
    /// What to do about it.
    hint: Option<String>,
}

impl CommandError {
    /// With a cause: an error, or a sentence through [`anyhow::Error::msg`].
    pub fn new(kind: ErrorKind, cause: impl Into<anyhow::Error>) -> CommandError {
        CommandError { kind, cause: cause.into(), hint: None }
    }

    pub fn failed(message: impl Into<String>) -> CommandError {
        CommandError::new(ErrorKind::Failed, anyhow::Error::msg(message.into()))
    }

    pub fn usage(message: impl Into<String>) -> CommandError {
        CommandError::new(ErrorKind::Usage, anyhow::Error::msg(message.into()))
    }

    pub fn not_found(message: impl Into<String>) -> CommandError {
        CommandError::new(ErrorKind::NotFound, anyhow::Error::msg(message.into()))
    }

    pub fn denied(message: impl Into<String>) -> CommandError {
        CommandError::new(ErrorKind::Denied, anyhow::Error::msg(message.into()))
    }

    /// The same, with what was being done or with which file: `context: cause`.
    #[must_use]
    pub fn context(self, context: impl fmt::Display + Send + Sync + 'static) -> CommandError {
        CommandError { cause: self.cause.context(context), ..self }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> CommandError {
        CommandError { hint: Some(hint.into()), ..self }
    }

    pub fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }
}

/// The whole chain on one line, `context: cause: root cause; hint`. A cause that the text before it repeats already is
/// left out.
impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = String::new();
        for cause in self.cause.chain().map(ToString::to_string).filter(|text| !text.is_empty()) {
            if shown.is_empty() {
                shown = cause;
            } else if !shown.ends_with(&cause) {
                shown = format!("{shown}: {cause}");
            }
        }
        f.write_str(&shown)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

impl Error for CommandError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        CommandError::new(ErrorKind::Usage, error)
    }
}

impl From<ThemeError> for CommandError {
    fn from(error: ThemeError) -> Self {
        CommandError::new(ErrorKind::Usage, error)
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        CommandError::new(ErrorKind::Failed, error)
    }
}

impl From<Died> for CommandError {
    fn from(died: Died) -> Self {
        CommandError::failed(died.to_string())
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        CommandError::new(ErrorKind::Failed, error)
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        CommandError::new(ErrorKind::Failed, error)
    }
}

impl From<ConnectError> for CommandError {
    fn from(error: ConnectError) -> Self {
        let kind = if error.is_usage() { ErrorKind::Usage } else { ErrorKind::Unreachable };
        let nothing = error == ConnectError::NoConfiguration;
        let refused = CommandError::new(kind, error);
        match nothing {
            true => refused.hint(
                "point edot-tui at a cluster with --kubeconfig FILE, KUBECONFIG or ~/.kube/config, or watch the embedded lab with --lab",
            ),
            false => refused,
        }
    }
}

/// A request to the cluster that failed.
impl From<ApiError> for CommandError {
    fn from(fault: ApiError) -> Self {
        let kind = match fault.kind {
            ApiErrorKind::Denied | ApiErrorKind::Unauthorized => ErrorKind::Denied,
            _ => ErrorKind::Unreachable,
        };
        CommandError { hint: fault.hint, ..CommandError::new(kind, anyhow::Error::msg(fault.reason)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn the_chain_is_printed_once_with_the_hint_last() {
        let root = || io::Error::other("no space");
        let error = CommandError::from(root()).context("run.jsonl").hint("choose another disk");
        assert_eq!(error.to_string(), "run.jsonl: no space; choose another disk");
        assert_eq!(error.exit_code(), 1);
        // Its text is its cause's.
        assert_eq!(CommandError::from(ReadError::Io(root())).to_string(), "cannot be read: no space");
    }

    #[test]
    fn each_kind_has_the_documented_code() {
        use ErrorKind::*;
        assert_eq!([Failed, Usage, NotFound, Unreachable, Denied].map(ErrorKind::exit_code), [1, 2, 3, 5, 6]);
        assert_eq!(CommandError::from(ConnectError::NoConfiguration).exit_code(), 2);
        assert_eq!(CommandError::from(ConnectError::Client("down".into())).exit_code(), 5);
        assert_eq!(CommandError::from(ApiError::new(ApiErrorKind::Denied, "no")).exit_code(), 6);
        assert_eq!(signal_exit_code(15), 143);
    }
}
