//! The result of a check, and the exit code of all of them. Must not check anything itself.

use crate::error::{ErrorKind, SUCCESS};
use serde::Serialize;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Ok,
    /// Worth knowing, or a pitfall.
    Warn,
    Fail,
    /// The check could not be made.
    Skip,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Stable, for scripts.
    pub id: &'static str,
    pub result: Outcome,
    /// What was checked.
    pub what: String,
    /// What was found.
    pub detail: String,
    /// A hint: what to do about it, where that is known.
    pub hint: Option<String>,
    /// The exit code that this calls for; None for success.
    #[serde(skip)]
    pub exit: Option<ErrorKind>,
}

impl Check {
    pub fn ok(id: &'static str, what: impl Into<String>, detail: impl Into<String>) -> Check {
        Check { id, result: Outcome::Ok, what: what.into(), detail: detail.into(), hint: None, exit: None }
    }

    pub fn warn(
        id: &'static str,
        what: impl Into<String>,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Check {
        let hint = Some(hint.into()).filter(|m: &String| !m.is_empty());
        Check { result: Outcome::Warn, hint, ..Check::ok(id, what, detail) }
    }

    pub fn fail(
        id: &'static str,
        what: impl Into<String>,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Check {
        Check { result: Outcome::Fail, exit: Some(ErrorKind::Failed), ..Check::warn(id, what, detail, hint) }
    }

    pub fn skip(id: &'static str, what: impl Into<String>, why: impl Into<String>) -> Check {
        Check { result: Outcome::Skip, ..Check::ok(id, what, why) }
    }

    /// The same with another exit code.
    pub fn exits(self, kind: ErrorKind) -> Check {
        Check { exit: Some(kind), ..self }
    }
}

/// The exit code: the failure that prevents most of the others' checks decides.
pub fn exit_code(checks: &[Check]) -> u8 {
    use ErrorKind::*;
    let order = [Unreachable, Denied, NotFound, Failed, Usage];
    let worst = order.into_iter().find(|kind| checks.iter().any(|c| c.exit == Some(*kind)));
    worst.map_or(SUCCESS, ErrorKind::exit_code)
}
