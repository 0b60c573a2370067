//! The constants of the model: what no scenario changes. Each with its unit and where it comes from:
//! measured = on a real collector 0.157, k6 0.49, Elasticsearch 8.19 or Kubernetes 1.36 (`tests/it/lab/reality.rs` holds
//! the model to some of them); source = read in the component's code or documentation; estimate = neither.

use super::Ms;

/// One step of the model. Nothing shorter is told apart.
pub const STEP_MS: Ms = 200;
/// The cluster has stood for this long when the lab starts.
pub const WARM_UP_MS: Ms = 180_000;

// Kubernetes.

/// The version the cluster says it is.
pub const KUBERNETES_MINOR: u32 = 36;
/// Source: `--horizontal-pod-autoscaler-sync-period`.
pub const HPA_SYNC_MS: Ms = 15_000;
/// From binding to a running container, the image being there. Estimate; 1–2 s on a k3d node.
pub const CONTAINER_START_MS: Ms = 1200;
/// From a running container to Ready, without a probe of its own. Estimate.
pub const READY_MS: Ms = 400;
/// Source: the kubelet's crash loop back-off, doubled each time …
pub const CRASH_BACKOFF_MS: Ms = 10_000;
/// … up to here.
pub const CRASH_BACKOFF_MOST_MS: Ms = 300_000;
/// Source: metrics-server, `freshContainerMinMetricsResolution`.
pub const FRESH_CONTAINER_MS: Ms = 10_000;
/// What a node's own services use. Estimate.
pub const NODE_IDLE_CORES: f64 = 0.06;
pub const NODE_IDLE_BYTES: u64 = 410 << 20;

// Collectors.

/// CPU time of one item through a plain gateway (OTLP in, bulk JSON out), seconds. Measured: 14 % of a core at 9000/s.
pub const GATEWAY_CORE_S_PER_ITEM: f64 = 15.5e-6;
/// The part of it that is spent on receiving; the rest on encoding for Elasticsearch. Estimate.
pub const RECEIVING: f64 = 0.4;
/// Measured: 4500 items/s took 4 % of a core in an agent.
pub const AGENT_CORE_S_PER_ITEM: f64 = 9e-6;
/// Bulk JSON of one item, bytes. Measured: 0.69 kB.
pub const BYTES_PER_ITEM: f64 = 690.0;
/// What a held item takes in memory, relative to its bulk JSON. Measured: 30 requests of 1000 items and those in wait.
pub const MEMORY_PER_BYTE: f64 = 1.05;
/// Garbage between two collections, bytes for each item a second. Measured: RSS 72–101 MiB at 9000/s, 39 at rest.
pub const GARBAGE_PER_RATE: f64 = 5000.0;
/// How fast RSS follows a growing heap, seconds. Estimate from the same run.
pub const HEAP_RISE_S: f64 = 12.0;
/// How slowly Go gives memory back, seconds. Estimate: 4–8 min.
pub const HEAP_FALL_S: f64 = 240.0;
/// The part of the garbage's peak that is never given back (fragmentation). Estimate: 1.2–1.5 × idle.
pub const HEAP_KEPT: f64 = 0.25;
/// Heap of a collector at rest, bytes. Measured.
pub const IDLE_HEAP: f64 = 6.0 * MIB;
/// Source: memory_limiter's `check_interval`.
pub const LIMITER_MS: Ms = 1000;
/// Requests that the batch processor still takes while its exporter blocks. Measured: 9 requests over three signals.
pub const BATCHER_DEPTH: usize = 2;
/// Source: exporterhelper, initial retry interval, its growth, its most, and the time after which it gives up.
pub const RETRY_MS: Ms = 5000;
pub const RETRY_GROWTH: f64 = 1.5;
pub const RETRY_MOST_MS: Ms = 30_000;
pub const RETRY_GIVE_UP_MS: Ms = 300_000;
/// Source: exporterhelper, `num_consumers`.
pub const AGENT_CONSUMERS: usize = 10;
/// Waiting before the Elasticsearch exporter tries a bulk request again. Measured: two retries within 0.6 s.
pub const BULK_RETRY_MS: Ms = 250;
/// Source: the Elasticsearch exporter's `timeout`.
pub const BULK_TIMEOUT_MS: Ms = 90_000;
/// A headless Service's new addresses reach a client after this time. Source: gRPC resolves no more often.
pub const RESOLVE_MS: Ms = 30_000;
/// A connection is tried again after this time. Estimate.
pub const REDIAL_MS: Ms = 1000;
/// The elasticapm connector sends its aggregates this often, ms, and so many points. Source; estimate.
pub const APM_FLUSH_MS: Ms = 60_000;
pub const APM_POINTS: u64 = 48;

// What the collectors on the nodes send by themselves.

/// kubeletstats: points of a pod in 10 s, and of a node. Estimate.
pub const KUBELET_POINTS_PER_POD: f64 = 20.0;
/// hostmetrics: points of a node in 10 s. Estimate.
pub const HOST_POINTS: f64 = 90.0;
/// k8s_cluster: points of a pod in 10 s. Estimate.
pub const CLUSTER_POINTS_PER_POD: f64 = 8.0;
/// filelog: records of a pod at rest a second. Estimate.
pub const LOGS_PER_POD: f64 = 0.25;
/// Points with equal dimensions share a document: points in one. Estimate, by kind.
pub const POINTS_PER_DOCUMENT: f64 = 4.0;

// The application and k6.

/// Of an iteration's spans and logs, the part that the frontends send; the backends send the rest. Estimate.
pub const FRONTEND_PART: f64 = 0.6;
/// CPU time of k6 for one request, seconds. Estimate.
pub const K6_CORE_S_PER_REQUEST: f64 = 0.2e-3;
pub const K6_BYTES: f64 = 48.0 * MIB;
/// Memory of a virtual user. Estimate.
pub const K6_BYTES_PER_VU: f64 = 0.22 * MIB;
/// k6's port opens and its first line comes after this time. Measured: 0.4–0.8 s; 1.8 s in 0.49.
pub const K6_LISTEN_MS: Ms = 600;
pub const K6_FIRST_LINE_MS: Ms = 1000;

// Elasticsearch.

/// Between a collector and Elasticsearch, there and back. Estimate.
pub const NETWORK_MS: Ms = 8;
/// A refusal comes back after this time. Measured.
pub const REFUSAL_MS: Ms = 30;
/// Source: `indexing_pressure.memory.limit`, of the heap.
pub const PRESSURE_PART: f64 = 0.10;
/// What a document takes on disk, bytes. Estimate: logsdb, best compression.
pub const STORED_PER_DOCUMENT: f64 = 95.0;
/// Heap at rest, of the whole. Estimate.
pub const ES_HEAP_IDLE: f64 = 0.34;
/// A data stream's new backing index after so many documents. Estimate, so that it is seen at all.
pub const ROLLOVER_DOCUMENTS: u64 = 200_000_000;

pub const MIB: f64 = 1024.0 * 1024.0;
