//! The HorizontalPodAutoscaler's spec (autoscaling/v2) with its values in milli-units, and its defaults.
//! Not the API object: the caller parses quantities and JSON, and `validate` checks the result.

/// `spec` of an HPA.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// `minReplicas`, 1 when not given.
    pub min: Option<i32>,
    /// `maxReplicas`.
    pub max: i32,
    /// `metrics`; see [`Spec::defaulted`] for an empty list.
    pub metrics: Vec<Metric>,
    /// `behavior`; `None` is another algorithm than `Some` of the defaults.
    pub behavior: Option<Behavior>,
}

impl Spec {
    /// The spec as the API server stores it: no metrics become cpu at 80 %.
    #[must_use]
    pub fn defaulted(mut self) -> Self {
        if self.metrics.is_empty() {
            self.metrics.push(Metric {
                source: Source::Resource { resource: "cpu".to_owned() },
                target: Target::Utilization(80),
            });
        }
        self
    }

    /// The lower bound in force.
    #[must_use]
    pub fn min_replicas(&self) -> i32 {
        self.min.unwrap_or(1)
    }

    /// Whether one metric is an Object or External metric, without which nothing scales to or from zero.
    #[must_use]
    pub fn watches_other_than_pods(&self) -> bool {
        let other = |m: &Metric| matches!(m.source, Source::Object { .. } | Source::External { .. });
        self.metrics.iter().any(other)
    }
}

/// One entry of `spec.metrics`.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    pub source: Source,
    pub target: Target,
}

/// Where a metric's values come from. `selector` is the metric's own, as [`selector_text`] prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Resource {
        resource: String,
    },
    ContainerResource {
        resource: String,
        container: String,
    },
    Pods {
        metric: String,
    },
    Object {
        metric: String,
        kind: String,
        name: String,
        selector: Option<String>,
    },
    External {
        metric: String,
        selector: Option<String>,
    },
    /// A type this controller does not know.
    Other(String),
}

/// What a metric is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// `averageUtilization`, percent of the request.
    Utilization(i32),
    /// `averageValue`, milli-units per pod.
    AverageValue(i64),
    /// `value`, milli-units.
    Value(i64),
    /// None was given.
    None,
}

/// A label selector as the controller prints it in names and errors of metrics, from its string form such as
/// `app=web,tier in (a,b),!old,env`; expressions keep their order. Where there is no selector, the controller prints `nil`.
#[must_use]
pub fn selector_text(selector: &str) -> String {
    let (mut labels, mut expressions) = (Vec::new(), String::new());
    for part in requirements(selector) {
        let values = |list: &str| list.trim_end_matches(')').replace(',', " ");
        let (key, operator, values) =
            match (part.split_once(" in ("), part.split_once(" notin ("), part.split_once('=')) {
                (Some((key, list)), _, _) => (key, "In", values(list)),
                (_, Some((key, list)), _) => (key, "NotIn", values(list)),
                (_, _, Some(label)) => {
                    labels.push(label);
                    continue;
                }
                _ => match part.strip_prefix('!') {
                    Some(key) => (key, "DoesNotExist", String::new()),
                    None => (part, "Exists", String::new()),
                },
            };
        expressions += &format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}},");
    }
    labels.sort_unstable();
    let labels: String = labels.iter().map(|(key, value)| format!("{key}: {value},")).collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
}

/// The requirements of a selector; commas inside parentheses separate values.
pub fn requirements(selector: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    let parts = selector.split(move |c| {
        inside = (inside || c == '(') && c != ')';
        c == ',' && !inside
    });
    parts.filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_reads_as_the_controller_prints_it() {
        // Printed by k8s.io/apimachinery v0.36.3.
        let of = |labels: &str, expressions: &str| {
            format!(
                "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
            )
        };
        assert_eq!(selector_text("q=a"), of("q: a,", ""));
        assert_eq!(selector_text("z=1,scaledobject.keda.sh/name=web"), of("scaledobject.keda.sh/name: web,z: 1,", ""));
        assert_eq!(
            selector_text("a=,tier in (b,a),env notin (x),!old,any"),
            of(
                "a: ,",
                "LabelSelectorRequirement{Key:tier,Operator:In,Values:[b a],},\
                LabelSelectorRequirement{Key:env,Operator:NotIn,Values:[x],},\
                LabelSelectorRequirement{Key:old,Operator:DoesNotExist,Values:[],},\
                LabelSelectorRequirement{Key:any,Operator:Exists,Values:[],},"
            )
        );
        assert_eq!(selector_text(""), of("", ""));
    }
}

/// `spec.behavior` with its defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Behavior {
    pub up: ScalingRules,
    pub down: ScalingRules,
}

/// The rules of one direction, defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingRules {
    /// `stabilizationWindowSeconds`; `None` (scaleDown only) is the controller's downscale-stabilization flag.
    pub window_seconds: Option<i32>,
    pub select: SelectPolicy,
    pub policies: Vec<Policy>,
    /// The tolerance in this direction, as a ratio; `None` is the controller's flag.
    pub tolerance: Option<f64>,
}

/// The rules of one direction as written; each missing field gets its default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WrittenRules {
    pub window_seconds: Option<i32>,
    pub select: Option<SelectPolicy>,
    pub policies: Option<Vec<Policy>>,
    pub tolerance: Option<f64>,
}

/// `selectPolicy`: the largest change, the smallest, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectPolicy {
    Max,
    Min,
    Disabled,
}

/// One scaling policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub kind: PolicyKind,
    /// Pods, or percent of the replicas at the start of the period.
    pub value: i32,
    pub period_seconds: i32,
}

/// What a policy's value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    Pods,
    Percent,
}

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
}

impl Behavior {
    /// A `behavior` that is present: both directions are filled, also when one or both were not written.
    #[must_use]
    pub fn defaulted(up: Option<WrittenRules>, down: Option<WrittenRules>) -> Self {
        Self {
            up: ScalingRules::defaulted(Direction::Up, up.unwrap_or_default()),
            down: ScalingRules::defaulted(Direction::Down, down.unwrap_or_default()),
        }
    }
}

impl ScalingRules {
    /// The rules as written, with the direction's defaults for the rest.
    #[must_use]
    pub fn defaulted(direction: Direction, written: WrittenRules) -> Self {
        let policy = |kind, value| Policy { kind, value, period_seconds: 15 };
        let all = policy(PolicyKind::Percent, 100);
        let (window, policies) = match direction {
            Direction::Up => (Some(0), vec![policy(PolicyKind::Pods, 4), all]),
            Direction::Down => (None, vec![all]),
        };
        Self {
            window_seconds: written.window_seconds.or(window),
            select: written.select.unwrap_or(SelectPolicy::Max),
            policies: written.policies.unwrap_or(policies),
            tolerance: written.tolerance,
        }
    }
}
