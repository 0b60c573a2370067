//! What the API server accepts as an HPA spec, as far as the arithmetic is concerned. Must not change the spec.

use super::spec::{Behavior, Direction, ScalingRules, Source, Spec, Target};

/// A value that the API server would reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// maxReplicas below 1.
    Max(i32),
    /// minReplicas below 1; 0 needs an Object or External metric.
    Min(i32),
    /// maxReplicas below minReplicas.
    MaxBelowMin { min: i32, max: i32 },
    /// The metric at this index has no target of a kind its type knows, or one that is not positive.
    Target(usize),
    /// The metric at this index has an unknown type.
    Source(usize),
    /// A stabilization window outside 0…3600 s.
    Window(Direction, i32),
    /// A direction without policies.
    NoPolicies(Direction),
    /// A policy's value below 1.
    PolicyValue(Direction, i32),
    /// A policy's period outside 1…1800 s.
    PolicyPeriod(Direction, i32),
    /// A tolerance below 0, or not a number.
    Tolerance(Direction),
}

/// Everything that the API server would reject in a spec with its defaults filled in; empty when it is valid.
#[must_use]
pub fn validate(spec: &Spec) -> Vec<Invalid> {
    let mut found = Vec::new();
    let min = spec.min_replicas();
    let lowest = i32::from(!spec.watches_other_than_pods());
    if min < lowest {
        found.push(Invalid::Min(min));
    }
    if spec.max < 1 {
        found.push(Invalid::Max(spec.max));
    }
    if spec.max < min {
        found.push(Invalid::MaxBelowMin { min, max: spec.max });
    }
    for (index, metric) in spec.metrics.iter().enumerate() {
        if matches!(metric.source, Source::Other(_)) {
            found.push(Invalid::Source(index));
        } else if !target_fits(&metric.source, metric.target) {
            found.push(Invalid::Target(index));
        }
    }
    if let Some(Behavior { up, down }) = &spec.behavior {
        rules(Direction::Up, up, &mut found);
        rules(Direction::Down, down, &mut found);
    }
    found
}

fn target_fits(source: &Source, target: Target) -> bool {
    let positive = match target {
        Target::Utilization(percent) => percent >= 1,
        Target::AverageValue(value) | Target::Value(value) => value > 0,
        Target::None => false,
    };
    let known = match source {
        Source::Resource { .. } | Source::ContainerResource { .. } => !matches!(target, Target::Value(_)),
        Source::Pods { .. } => matches!(target, Target::AverageValue(_)),
        Source::Object { .. } | Source::External { .. } => !matches!(target, Target::Utilization(_)),
        Source::Other(_) => false,
    };
    positive && known
}

fn rules(direction: Direction, rules: &ScalingRules, found: &mut Vec<Invalid>) {
    if let Some(window) = rules.window_seconds.filter(|w| !(0..=3600).contains(w)) {
        found.push(Invalid::Window(direction, window));
    }
    if rules.policies.is_empty() {
        found.push(Invalid::NoPolicies(direction));
    }
    for policy in &rules.policies {
        if policy.value < 1 {
            found.push(Invalid::PolicyValue(direction, policy.value));
        }
        if !(1..=1800).contains(&policy.period_seconds) {
            found.push(Invalid::PolicyPeriod(direction, policy.period_seconds));
        }
    }
    if rules.tolerance.is_some_and(|t| t.is_nan() || t < 0.0) {
        found.push(Invalid::Tolerance(direction));
    }
}
