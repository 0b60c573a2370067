//! Observations: what a source observed, stamped with the source's own time.
//!
//! These are the only types that are recorded, so they hold raw samples (counters, quantities as the API wrote them,
//! specs and statuses), never rates, percentages or sentences made for a screen. Must not depend on any other room,
//! read a clock or do I/O. Text from outside is cleaned once, on its way in, by [`text::clean`].

mod collector;
mod configuration;
mod cost;
mod event;
mod feed;
mod fleet;
mod hpa;
mod ingest;
pub mod k6;
mod lease;
mod load;
pub(crate) mod mask;
mod pod;
mod progress;
mod scaler;
mod shadow;
pub mod text;
mod workload;

pub use collector::{
    BatchSeen, CollectorLost, CollectorSeen, ElasticSeen, ExporterSeen, OutcomeSeen, ProcessSeen, ProcessorSeen,
    ReceiverSeen, Role, Signal, component_kind, leads_out,
};
pub use configuration::{BatchingSeen, ConfigSeen, HarmSeen, LimiterSeen, PipelineSeen, SendingSeen};
pub use cost::CostSeen;
pub use event::{EventSeen, ObjectRef};
pub use feed::{FeedState, FeedStatus, Rule};
pub use fleet::{FleetChange, FleetSeen};
pub use hpa::{
    Behavior, Condition, HpaSeen, HpaStatus, Metric, MetricKind, MetricValue, MetricValuesSeen, Policy, Rules,
    TargetRef, is_kind,
};
pub use ingest::{
    Breaker, CountedBy, CountersSeen, ElasticHealthSeen, ElasticNode, ElasticNodesSeen, ElasticsearchSeen, IndexSeen,
    IndexingPressure, LogGroup, LogQualitySeen, Pool, ShardSeen,
};
pub use lease::LeaseSeen;
pub use load::{AnswerSeen, Ask, JobSeen};
pub use pod::{ContainerSeen, Exit, PodGone, PodSeen, PodUsage, ReadySeen, UsageSeen};
pub use progress::{K6ErrorSeen, K6Seen, K6Source, K6State, K6SummarySeen, ThresholdSeen};
pub use scaler::{
    FailingSeen, FallbackSeen, RecommendedSeen, ScaledObjectSeen, TriggerSeen, VpaPolicySeen, VpaSeen, WriterSeen,
};
pub use shadow::ShadowSeen;
pub use workload::{Resources, TargetSeen};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A time, UTC.
pub type Time = DateTime<Utc>;

/// One observation and the time at which the source made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    pub at: Time,
    #[serde(flatten)]
    pub what: Observation,
}

/// Everything a source can report. Older readers skip kinds that were added later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "seen", rename_all = "snake_case")]
pub enum Observation {
    /// Time passed and nothing else; once a second.
    Tick,
    /// What is watched: reported first, and again when it changes.
    Watching(WatchingSeen),
    /// A feed's own state.
    #[serde(alias = "link")]
    FeedStatus(FeedStatus),
    Hpa(Box<HpaSeen>),
    /// The HPA was deleted, or does not exist.
    HpaGone,
    Target(Box<TargetSeen>),
    /// The scale target was deleted, or does not exist.
    TargetGone,
    /// The values of an external or custom metric.
    MetricValues(Box<MetricValuesSeen>),
    /// KEDA's ScaledObject that the HPA is of.
    ScaledObject(Box<ScaledObjectSeen>),
    ScaledObjectGone,
    /// A VerticalPodAutoscaler of the HPA's namespace.
    Vpa(Box<VpaSeen>),
    VpaGone {
        uid: String,
    },
    /// The controller manager's lease, when another one acquired it.
    Lease(LeaseSeen),
    /// The controller wrote the status of another HPA of the namespace; at most one in five seconds.
    OtherSynced,
    /// A pod of the scale's selector.
    Pod(Box<PodSeen>),
    PodGone(PodGone),
    /// One answer of the metrics API.
    Usage(UsageSeen),
    Event(Box<EventSeen>),
    /// The load Job.
    Job(Box<JobSeen>),
    JobGone {
        name: String,
    },
    /// A pod of the load Job.
    LoadPod(Box<PodSeen>),
    /// The progress of a k6 process.
    K6(Box<K6Seen>),
    K6Summary(Box<K6SummarySeen>),
    K6Error(K6ErrorSeen),
    /// One scrape of a collector's own metrics.
    Collector(Arc<CollectorSeen>),
    CollectorLost(CollectorLost),
    /// A pod of an agent or of the cluster collector.
    CollectorPod {
        role: Role,
        pod: Box<PodSeen>,
    },
    /// How the collectors of a tier are configured.
    CollectorConfig(Box<ConfigSeen>),
    /// Which Elasticsearch is queried, and how.
    Elastic(Box<ElasticsearchSeen>),
    /// The data streams' counters.
    Counters(Box<CountersSeen>),
    ElasticNodes(Box<ElasticNodesSeen>),
    ElasticHealth(Box<ElasticHealthSeen>),
    LogQuality(Box<LogQualitySeen>),
    /// What is seen of every HPA of a cluster.
    Fleet(Box<FleetSeen>),
    /// What watching costs.
    Cost(CostSeen),
    /// All specs that are run beside the HPA's own from now on.
    Shadows {
        all: Vec<ShadowSeen>,
    },
    /// The result of something the user requested.
    Answer(AnswerSeen),
    /// The user's own marker.
    Note {
        text: String,
    },
    /// A kind that a later version wrote.
    #[serde(other)]
    Unknown,
}

/// One stream of observations with a state of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// The HorizontalPodAutoscaler, watched.
    Hpa,
    /// The HPA's scale target, watched.
    Target,
    /// The pods of the scale's selector, watched.
    Pods,
    /// PodMetrics, polled.
    Usage,
    /// Events of the namespaces, watched.
    Events,
    /// The load Job and its pods, watched.
    Load,
    /// k6's own figures: its log and its REST API.
    K6,
    /// The collectors' own metrics.
    Collector,
    /// Elasticsearch.
    Ingest,
    /// What else scales the target, watched where it is served: KEDA's ScaledObject, VerticalPodAutoscalers; and the values
    /// of external and custom metrics, polled.
    Scalers,
    /// A feed that a later version recorded.
    #[serde(other)]
    Other,
}

impl Feed {
    /// The feeds of this version, in the order they are shown.
    pub const ALL: [Feed; 10] = [
        Feed::Hpa,
        Feed::Target,
        Feed::Pods,
        Feed::Usage,
        Feed::Events,
        Feed::Load,
        Feed::K6,
        Feed::Collector,
        Feed::Ingest,
        Feed::Scalers,
    ];

    /// The name on screen and in `status`.
    pub fn name(self) -> &'static str {
        match self {
            Feed::Hpa => "hpa",
            Feed::Target => "target",
            Feed::Pods => "pods",
            Feed::Usage => "usage",
            Feed::Events => "events",
            Feed::Load => "load",
            Feed::K6 => "k6",
            Feed::Collector => "collector",
            Feed::Ingest => "ingest",
            Feed::Scalers => "scalers",
            Feed::Other => "other",
        }
    }
}

/// The cluster, HPA and load that a session is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WatchingSeen {
    /// The kubeconfig context, or how the cluster was found.
    pub context: String,
    /// The API server's version, such as `v1.36.3`; empty until known.
    pub server_version: String,
    pub namespace: String,
    pub hpa: String,
    pub load_namespace: String,
    pub load_job: String,
    /// The cluster is the one inside this process.
    pub lab: bool,
    /// What the user should know about the choice, such as another HPA watched because the named one does not exist.
    pub notes: Vec<String>,
}
