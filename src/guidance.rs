//! What the guide, Elastic and OpenTelemetry advise for production, as one table of rules: over a collector, and over the objects
//! around all of them. Pure. Must not fetch, and never quote a configuration's values, which may be secret.
//!
//! `doctor --production` makes a check of every rule. Those over a collector's configuration by which telemetry is lost or wrong
//! ([`Rule::harm`]) are evaluated by the live feed, too, and become findings.

mod collector;
mod objects;
mod parts;

use crate::observe::Role;
use serde_json::Value;

/// A collector: its workload's container, and its whole configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collector {
    pub role: Role,
    /// `Deployment edot-gateway`.
    pub name: String,
    /// Its pods' labels.
    pub labels: Value,
    /// Of the workload's template.
    pub container: Value,
    /// `spec.replicas`; None where something else decides.
    pub replicas: Option<i64>,
    /// Rules of the ClusterRoles that its service account has; None where they may not be read.
    pub rights: Option<Vec<Value>>,
    pub config: Value,
}

/// Everything that the rules look at. A list is empty where there is none of the kind, or where it may not be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    pub collectors: Vec<Collector>,
    /// The HPA that is watched.
    pub hpa: Option<Value>,
    pub services: Vec<Value>,
    pub budgets: Vec<Value>,
    /// ECK's, in the gateway's namespace.
    pub elasticsearches: Vec<Value>,
    /// Deployments of the application's namespace.
    pub apps: Vec<Value>,
    /// The last lines that the application's pods wrote to stdout, by Deployment.
    pub app_logs: Vec<(String, Vec<String>)>,
    /// The ConfigMap with the load's script.
    pub scripts: Option<Value>,
    pub metrics_server: Option<Value>,
}

impl Setup {
    /// The collectors of a role.
    fn of(&self, role: Role) -> impl Iterator<Item = &Collector> {
        self.collectors.iter().filter(move |collector| collector.role == role)
    }
}

/// What a rule says of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// As advised; what was seen.
    Fine(String),
    /// Not as advised; what was seen.
    Against(String),
    /// It is not known, and why.
    Unknown(String),
}

impl Judged {
    /// Against if anything was found, and else fine.
    fn none_of(found: Vec<String>, fine: &str) -> Judged {
        if found.is_empty() { Judged::Fine(fine.to_owned()) } else { Judged::Against(found.join("; ")) }
    }
}

/// What a rule looks at.
#[derive(Clone, Copy)]
pub enum Over {
    /// One collector at a time; None where the rule says nothing of it.
    Collector(fn(&Collector) -> Option<Judged>),
    Objects(fn(&Setup) -> Option<Judged>),
}

/// A piece of advice.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Stable, for scripts; also the finding's.
    pub id: &'static str,
    /// What is advised, in a few words.
    pub advice: &'static str,
    pub hint: &'static str,
    /// Who advises it, and where.
    pub source: &'static str,
    /// Without it telemetry is lost or wrong: when that is so. Such a rule is a finding, too, from the configuration alone.
    pub harm: Option<&'static str>,
    pub over: Over,
}

/// All of them: over each collector, then over the objects.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    collector::RULES.iter().chain(objects::RULES)
}

/// Those by which telemetry is lost or wrong.
pub const HARMS: [Rule; 5] =
    [collector::OTLP_LOGS, collector::CONTAINER_LOGS, collector::OWN_LOGS, collector::LOG_LEVEL, collector::ELASTICAPM];

/// The rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.id == id)
}

/// What is harmful in a configuration: the rules' ids, and what was seen.
pub fn harms(role: Role, config: &Value) -> Vec<(&'static str, String)> {
    let collector = Collector { role, config: config.clone(), ..Collector::default() };
    let against = |rule: &'static Rule| match rule.over {
        Over::Collector(judge) if rule.harm.is_some() => match judge(&collector)? {
            Judged::Against(seen) => Some((rule.id, seen)),
            _ => None,
        },
        _ => None,
    };
    rules().filter_map(against).collect()
}

/// A rule's answer for all that it looks at: against if any of them is; None where it concerns nothing here.
pub fn judge(rule: &Rule, setup: &Setup) -> Option<Judged> {
    let judge = match rule.over {
        Over::Objects(judge) => return judge(setup),
        Over::Collector(judge) => judge,
    };
    let (mut fine, mut against, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for collector in &setup.collectors {
        match judge(collector) {
            Some(Judged::Fine(seen)) => fine.push(format!("{}: {seen}", collector.name)),
            Some(Judged::Against(seen)) => against.push(format!("{}: {seen}", collector.name)),
            Some(Judged::Unknown(seen)) => unknown.push(format!("{}: {seen}", collector.name)),
            None => {}
        }
    }
    match (against.is_empty(), unknown.is_empty(), fine.is_empty()) {
        (false, ..) => Some(Judged::Against(against.join("; "))),
        (true, false, _) => Some(Judged::Unknown(unknown.join("; "))),
        (true, true, false) => Some(Judged::Fine(fine.join("; "))),
        (true, true, true) => None,
    }
}
