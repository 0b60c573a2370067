//! What kept the result of a sync from being the recommendation. Data only; the wording is `explain`'s.

use crate::hpa::{Limited, Stabilized};

/// What held or limited the result of a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Max,
    Min,
    /// A scaling policy.
    Rate,
    /// `selectPolicy: Disabled` in this direction.
    Disabled,
    /// The stabilization window.
    Window,
    /// The replicas were outside min and max, so that metrics were not read.
    OutOfBounds,
    /// Nothing was decided, because a metric had no figure.
    NoMetrics,
}

/// The step to name where several changed the recommendation: the last one, except when max only cuts what the window had
/// raised from below it. `disabled`: whether the rate is that of a disabled direction.
pub fn limit(
    recommended: i32,
    result: i32,
    held: Option<Stabilized>,
    limited: Option<Limited>,
    disabled: bool,
) -> Option<Limit> {
    let window = held.is_some_and(|h| h != Stabilized::Unchanged);
    match limited {
        Some(Limited::Max) if window && recommended <= result => Some(Limit::Window),
        Some(Limited::Max) => Some(Limit::Max),
        Some(Limited::Min) => Some(Limit::Min),
        Some(Limited::UpRate | Limited::DownRate) if disabled => Some(Limit::Disabled),
        Some(Limited::UpRate | Limited::DownRate) => Some(Limit::Rate),
        Some(Limited::Not) | None => window.then_some(Limit::Window),
    }
}
