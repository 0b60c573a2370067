//! Readers of a folded session: the figures at a time, the forecast, and the timeline. Must not change the session.

mod forecast;
mod missing_reason;
mod reaction;
mod snapshot;
mod timeline;

pub use forecast::{Forecast, ForecastBasis, ForecastLimit, PassFigures, Proposed, ProposedFigures, ProposedOutcome};
pub use missing_reason::MissingReason;
pub use reaction::{Stage, StageGap, StageKind};
pub use snapshot::{MetricAt, Snapshot};
pub use timeline::Timeline;
