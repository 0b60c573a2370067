//! Why a metric gave no proposal, in the controller's own words: the texts that appear in events and conditions. The prefix
//! for the metric's kind is added by `wording`.

use std::fmt;

use super::pods::PodName;

/// The first thing that went wrong while computing one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The metrics API answered with an error.
    Fetch { api: Api, error: String },
    /// The metrics API answered with an empty list.
    Empty { api: Api },
    /// Up to 1.32: a sample lacks the named container.
    ContainerNotSampled { container: String, namespace: String, pod: PodName },
    /// The selector matches no pod.
    NoPods,
    /// The selector matches no pod, asked for the ready ones.
    NoPodsToCount,
    /// Every sample belongs to an ignored or unready pod.
    NoneUsable,
    /// A container has no request for the resource.
    MissingRequest { resource: String, container: String, pod: PodName },
    /// A pod with pod-level requests has none for the resource.
    MissingPodRequest { resource: String, pod: PodName },
    /// A pod has no container of the wanted name.
    ContainerNotFound { container: String, pod: PodName },
    /// No sample belongs to a pod with a request, or the requests add up to nothing.
    NoKnownPods,
    /// A resource metric without a target.
    NoResourceTarget,
    /// An Object metric without a target.
    NoObjectTarget,
    /// An External metric without a target.
    NoExternalTarget,
    /// A metric source this controller does not know.
    UnknownSource(String),
}

/// The metrics APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    Resource,
    Custom,
    External,
}

impl Api {
    const fn word(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Custom => "custom",
            Self::External => "external",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch { api, error } => {
                let api = api.word();
                write!(f, "unable to fetch metrics from {api} metrics API: {error}")
            }
            Self::Empty { api } => {
                write!(f, "no metrics returned from {} metrics API", api.word())
            }
            Self::ContainerNotSampled {
                container,
                namespace,
                pod,
            } => write!(
                f,
                "failed to get container metrics: container {container} not present in metrics for pod {namespace}/{pod}"
            ),
            Self::NoPods => {
                f.write_str("no pods returned by selector while calculating replica count")
            }
            Self::NoPodsToCount => {
                write!(f, "unable to calculate ready pods: {}", Self::NoPods)
            }
            Self::NoneUsable => {
                f.write_str("did not receive metrics for targeted pods (pods might be unready)")
            }
            Self::MissingRequest {
                resource,
                container,
                pod,
            } => write!(
                f,
                "missing request for {resource} in container {container} of Pod {pod}"
            ),
            Self::MissingPodRequest { resource, pod } => {
                write!(f, "missing pod-level request for {resource} in Pod {pod}")
            }
            Self::ContainerNotFound { container, pod } => {
                write!(f, "container {container} not found in Pod {pod}")
            }
            Self::NoKnownPods => f.write_str("no metrics returned matched known pods"),
            Self::NoResourceTarget => f.write_str(
                "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set",
            ),
            Self::NoObjectTarget => f.write_str(
                "invalid object metric source: neither a value target nor an average value target was set",
            ),
            Self::NoExternalTarget => f.write_str(
                "invalid external metric source: neither a value target nor an average value target was set",
            ),
            Self::UnknownSource(kind) => write!(f, "unknown metric source type {kind:?}"),
        }
    }
}

impl Fault {
    /// Whether it was the metrics API, and not the arithmetic, that failed.
    #[must_use]
    pub const fn is_fetch(&self) -> bool {
        matches!(self, Self::Fetch { .. } | Self::Empty { .. } | Self::ContainerNotSampled { .. })
    }
}

impl std::error::Error for Fault {}
