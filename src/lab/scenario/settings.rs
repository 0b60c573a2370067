//! The settings of a scenario with their defaults. Constants that no scenario changes are in `model/params.rs`.

use super::values::{Dur, Quantity, Share};
use serde::Deserialize;

macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $kind:ty = $value:expr,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $value,)* }
            }
        }
    };
}

table! {
    /// The load Job's script.
    Load {
        /// The lab creates the Job this long after its start; unset: the user does.
        start: Option<Dur> = None,
        /// Virtual users over time: linear from one stage's target to the next.
        stages: Vec<Stage> = vec![
            Stage { duration: Dur::seconds(30), target: 200 },
            Stage { duration: Dur::seconds(240), target: 200 },
            Stage { duration: Dur::seconds(30), target: 0 },
        ],
        /// HTTP requests per iteration.
        requests: u32 = 7,
        /// How many of them get 404.
        not_found: u32 = 0,
        /// Pause at the end of an iteration.
        sleep: Dur = Dur::millis(10),
    }
}

/// A stage of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub duration: Dur,
    /// Virtual users at the end of the stage.
    pub target: u32,
}

table! {
    Nodes {
        count: usize = 3,
        cpu: Quantity = Quantity::of("4"),
        memory: Quantity = Quantity::of("8Gi"),
    }
}

table! {
    /// The demo application.
    App {
        frontends: u32 = 2,
        backends: u32 = 1,
        /// The CPU limit of each container.
        cpu: Quantity = Quantity::of("1"),
        /// CPU time per iteration in each tier.
        frontend_cpu: Dur = Dur::millis(18),
        backend_cpu: Dur = Dur::millis(6),
        redis_cpu: Dur = Dur::millis(1),
        /// The duration of an iteration without load.
        latency: Dur = Dur::millis(1200),
        /// Telemetry per iteration.
        spans: u32 = 50,
        log_records: u32 = 8,
        /// Metric points per minute of each application process.
        points: u32 = 240,
    }
}

table! {
    /// The shares of log records without a field.
    Logs {
        without_level: Share = Share(0.04),
        /// The level is only in the attribute `log.level`, where the alias does not find it.
        level_only_as_attribute: Share = Share(0.0),
        without_trace: Share = Share(0.10),
        without_service: Share = Share(0.0),
    }
}

table! {
    /// The collectors on the nodes.
    Agents {
        cpu: Quantity = Quantity::of("50m"),
        memory: Quantity = Quantity::of("128Mi"),
        batch: Batch = Batch { size: 8192, timeout: Dur::seconds(1) },
        /// The size of the exporter's queue, requests per signal.
        queue: usize = 1000,
        /// A request is sent again after this time without a response.
        timeout: Dur = Dur::seconds(5),
    }
}

table! {
    GatewaySettings {
        replicas: u32 = 1,
        requests: Resources = Resources { cpu: Quantity::of("50m"), memory: Quantity::of("256Mi") },
        limits: Resources = Resources { cpu: Quantity::of("1"), memory: Quantity::of("1Gi") },
        /// The collector's version, which decides the names of its metrics.
        version: String = "0.141.0".to_owned(),
        /// Usage without load.
        idle_cpu: Quantity = Quantity::of("8m"),
        idle_memory: Quantity = Quantity::of("100Mi"),
        /// CPU per span, relative to a plain OTLP-to-Elasticsearch pipeline, for the elasticapm connector and transforms.
        /// Log records and metric points take its square root.
        cost: f64 = 3.0,
        connections: Connections = Connections::Sticky,
        /// The agents' connections end at this age; unset: never.
        max_connection_age: Option<Dur> = None,
        /// From the start of the process until it listens.
        startup: Dur = Dur::millis(2500),
        /// With a probe it is Ready once it listens, without one as soon as the container runs.
        readiness_probe: bool = true,
        memory_limiter: MemoryLimiter = MemoryLimiter::default(),
        batch: Batch = Batch { size: 8192, timeout: Dur::seconds(5) },
        queue: Queue = Queue::default(),
    }
}

/// How the agents connect to the gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connections {
    /// One connection per agent to the Service's address, kept for ever (gRPC's pick_first).
    Sticky,
    /// A headless Service and gRPC's round_robin.
    RoundRobin,
}

/// CPU and memory.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    pub cpu: Quantity,
    pub memory: Quantity,
}

/// A batch processor.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Items.
    pub size: u64,
    pub timeout: Dur,
}

table! {
    MemoryLimiter {
        limit_mib: u32 = 1024,
        spike_mib: u32 = 256,
    }
}

table! {
    /// The Elasticsearch exporter's sending queue, one per signal.
    Queue {
        /// Requests.
        size: usize = 10,
        consumers: usize = 10,
        /// A bulk request is sent at this size …
        min_bytes: u64 = 1_000_000,
        max_bytes: u64 = 5_000_000,
        /// … or at this age.
        flush_timeout: Dur = Dur::seconds(10),
        max_retries: u32 = 2,
    }
}

table! {
    /// The HorizontalPodAutoscaler.
    Hpa {
        min: i32 = 1,
        max: i32 = 4,
        /// Target utilization, percent of the request.
        cpu: Option<i32> = Some(80),
        memory: Option<i32> = Some(80),
        up: Option<Rules> = Some(Rules {
            window: Some(Dur::seconds(0)),
            select: None,
            policies: Some(vec![policy(PolicyType::Percent, 100), policy(PolicyType::Pods, 4)]),
        }),
        down: Option<Rules> = Some(Rules {
            window: Some(Dur::seconds(30)),
            select: None,
            policies: Some(vec![policy(PolicyType::Percent, 100), policy(PolicyType::Pods, 2)]),
        }),
    }
}

/// The rules of one direction.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The stabilization window.
    pub window: Option<Dur>,
    pub select: Option<Select>,
    pub policies: Option<Vec<Policy>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    #[serde(rename = "type")]
    pub kind: PolicyType,
    pub value: u32,
    pub period: Dur,
}

const fn policy(kind: PolicyType, value: u32) -> Policy {
    Policy { kind, value, period: Dur::seconds(15) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum PolicyType {
    Pods,
    Percent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Select {
    Max,
    Min,
    Disabled,
}

table! {
    /// metrics-server.
    Metrics {
        resolution: Dur = Dur::seconds(15),
    }
}

table! {
    Elasticsearch {
        version: String = "9.2.5".to_owned(),
        /// Write threads: one per processor.
        threads: usize = 2,
        /// Documents per second and thread.
        docs_per_second: u32 = 12_000,
        /// Fixed time per bulk request.
        overhead: Dur = Dur::millis(12),
        heap: Quantity = Quantity::of("1Gi"),
        memory: Quantity = Quantity::of("2Gi"),
        cpu: Quantity = Quantity::of("2"),
        /// The size of the write queue, bulk requests.
        queue: usize = 10_000,
    }
}

table! {
    /// The gateway of another environment: a Deployment and an HPA of its own in a namespace of its own. What it does is only
    /// its use of CPU.
    Shard {
        namespace: String = String::new(),
        /// What its pods use together on average, and by how much more and less over each period.
        cores: Quantity = Quantity::of("100m"),
        swing: Share = Share(0.0),
        period: Dur = Dur::seconds(300),
        /// The request of a pod.
        request: Quantity = Quantity::of("100m"),
        min: i32 = 1,
        max: i32 = 4,
        /// Percent of the request.
        cpu: i32 = 80,
        scale_down_window: Dur = Dur::seconds(60),
        /// The KEDA ScaledObject that made its HPA.
        scaled_object: Option<String> = None,
        /// The mode of a VerticalPodAutoscaler with the same target, which recommends twice the request.
        vpa: Option<String> = None,
        /// The name of an external metric that no adapter serves.
        external_metric: Option<String> = None,
    }
}

impl Shard {
    /// Cores that its pods use together at `ms` after the lab's start.
    pub fn cores_at(&self, ms: i64) -> f64 {
        let turn = ms as f64 / self.period.ms().max(1) as f64 * std::f64::consts::TAU;
        self.cores.units() * (1.0 + self.swing.0 * turn.sin())
    }
}
