//! The stages of a rescale's reaction budget. Must not compute their times.

use crate::session::{StageGap, StageKind};

/// `pods created`.
pub fn stage(kind: StageKind) -> &'static str {
    match kind {
        StageKind::LoadStarted => "load started",
        StageKind::LoadEnded => "load ended",
        StageKind::SampleTaken => "sample taken",
        StageKind::SampleSeen => "sample seen",
        StageKind::Decision => "decision",
        StageKind::PodsCreated => "pods created",
        StageKind::PodsScheduled => "pods scheduled",
        StageKind::PodsReady => "pods Ready",
        StageKind::FirstTelemetry => "first telemetry",
        StageKind::PodsGone => "pods gone",
        StageKind::BackInBand => "back in the band",
    }
}

/// Why a stage has no time.
pub fn gap(gap: StageGap) -> &'static str {
    match gap {
        StageGap::NotKnown => "not known",
        StageGap::NotSeen => "not seen",
        StageGap::NotYet => "not yet",
        StageGap::LoadWentOn => "the load went on",
        StageGap::NotReady => "not yet, or no longer",
        StageGap::NotInEveryPod => "not yet in every new pod",
        StageGap::NotScraped => "no scrape of the new pods yet",
        StageGap::NotGone => "not yet, or not seen",
    }
}
