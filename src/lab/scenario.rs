//! Scenarios in TOML: the lab's settings and its faults. The shipped ones are embedded, and their comments document each
//! key. Only data and its checks; the model decides what follows from them.

mod fault;
mod read;
mod settings;
mod values;

pub use fault::{Fault, FaultKind};
#[cfg(test)]
pub use settings::MemoryLimiter;
pub use settings::{
    Agents, App, Batch, Connections, Elasticsearch, GatewaySettings, Hpa, Load, Logs, Metrics, Nodes, Policy,
    PolicyType, Queue, Rules, Select, Shard, Stage,
};
pub use values::Dur;
#[cfg(test)]
pub use values::{Quantity, Share};

use serde::Deserialize;

/// One scenario. The defaults of its keys are documented in `assets/scenarios/guide.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// The name for `--scenario`; not in the file.
    #[serde(skip)]
    pub name: String,
    /// One line for `lab --list`.
    pub about: String,
    /// The default for `--seed`.
    #[serde(default = "one")]
    pub seed: u64,
    /// How long it takes from the start of the load, in lab time.
    pub length: Dur,
    #[serde(default)]
    pub load: Load,
    #[serde(default)]
    pub nodes: Nodes,
    #[serde(default)]
    pub app: App,
    #[serde(default)]
    pub logs: Logs,
    #[serde(default)]
    pub agents: Agents,
    #[serde(default)]
    pub gateway: GatewaySettings,
    #[serde(default)]
    pub hpa: Hpa,
    #[serde(default)]
    pub metrics: Metrics,
    #[serde(default)]
    pub elasticsearch: Elasticsearch,
    /// Gateways of other environments.
    #[serde(default, rename = "shard")]
    pub shards: Vec<Shard>,
    /// Ordered by time.
    #[serde(default, rename = "fault")]
    pub faults: Vec<Fault>,
}

fn one() -> u64 {
    1
}

/// The shipped scenarios: name and text, the default one first.
pub const SHIPPED: &[(&str, &str)] = &[
    ("guide", include_str!("../../assets/scenarios/guide.toml")),
    ("production", include_str!("../../assets/scenarios/production.toml")),
    ("lab", include_str!("../../assets/scenarios/lab.toml")),
    ("sticky", include_str!("../../assets/scenarios/sticky.toml")),
    ("memory-hold", include_str!("../../assets/scenarios/memory-hold.toml")),
    ("backpressure", include_str!("../../assets/scenarios/backpressure.toml")),
    ("metrics-outage", include_str!("../../assets/scenarios/metrics-outage.toml")),
    ("oom", include_str!("../../assets/scenarios/oom.toml")),
    ("flapping", include_str!("../../assets/scenarios/flapping.toml")),
    ("shards", include_str!("../../assets/scenarios/shards.toml")),
    ("hostile", include_str!("../../assets/scenarios/hostile.toml")),
];

impl Scenario {
    /// A shipped scenario by its name.
    pub fn shipped(name: &str) -> Option<Self> {
        let (name, text) = SHIPPED.iter().find(|(each, _)| *each == name)?;
        Self::parse(name, name, text).ok()
    }

    /// Parse a scenario; errors name it `file`.
    ///
    /// # Errors
    /// One sentence: file, line, key, and what is allowed.
    pub fn parse(name: &str, file: &str, text: &str) -> Result<Self, String> {
        read::scenario(name, file, text)
    }
}

#[cfg(test)]
mod tests;
