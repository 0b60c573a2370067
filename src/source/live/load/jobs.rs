//! Chooses which of a namespace's Jobs is the load: the one of the given name, else one that runs k6. Pure.

use super::super::convert;
use super::super::wire::Job;
use crate::observe::{Condition, ContainerSeen, JobSeen};
use std::collections::BTreeMap;

/// A Job, with what the choice depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownJob {
    pub seen: JobSeen,
    /// The TestRun of the k6 operator that it belongs to.
    run: Option<Run>,
    /// It is one of the TestRun's runners, and not its initializer or starter, which generate no load.
    is_runner: bool,
    /// `backoffLimit` is not 0: the Job starts k6 again after a failure.
    retries: bool,
}

/// A TestRun; one that is created again has another uid.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    name: String,
    /// Empty if the Job does not name its owner.
    uid: String,
}

impl KnownJob {
    pub fn of(job: &Job) -> KnownJob {
        let (labels, owners) = (&job.metadata.labels, &job.metadata.owner_references);
        let is_runner = labels.get("runner").is_some_and(|r| r == "true");
        let owner = owners.iter().find(|o| matches!(&*o.kind, "TestRun" | "K6"));
        let uid = owner.map(|o| convert::name(&o.uid)).unwrap_or_default();
        let run = labels.get("k6_cr").map(|name| Run { name: convert::name(name), uid });
        KnownJob { seen: convert::job(job), run, is_runner, retries: job.spec.backoff_limit != Some(0) }
    }

    /// Whether it may be the load.
    fn is_load(&self) -> bool {
        self.run.is_none() || self.is_runner
    }

    fn is_k6(&self) -> bool {
        self.run.is_some() || is_k6_image(&self.seen.image)
    }
}

/// The Job or TestRun that was chosen as the load.
#[derive(Clone, Debug, PartialEq)]
pub struct ChosenLoad {
    pub seen: JobSeen,
    /// Its own uid; empty for a TestRun whose uid is not known.
    pub uid: String,
    /// The Job, or a TestRun's runners: names by uid.
    pub jobs: BTreeMap<String, String>,
    /// The label selector of its pods.
    pub selector: String,
    pub retries: bool,
}

/// The Job called `named`; else the newest that runs k6 and is not over; else the newest that ran k6.
pub fn choose<'a>(all: impl Iterator<Item = &'a KnownJob> + Clone, named: &str) -> Option<ChosenLoad> {
    let all = all.filter(|k| k.is_load());
    if let Some(known) = all.clone().find(|k| k.seen.name == named) {
        return Some(single(known));
    }
    let mut runs: BTreeMap<&Run, Vec<&KnownJob>> = BTreeMap::new();
    let mut singles = Vec::new();
    for known in all.filter(|k| k.is_k6()) {
        match &known.run {
            Some(run) => runs.entry(run).or_default().push(known),
            None => singles.push(single(known)),
        }
    }
    let runs = runs.into_iter().map(|(run, jobs)| ChosenLoad {
        retries: jobs.iter().any(|k| k.retries),
        seen: merged(run, &jobs.iter().map(|k| &k.seen).collect::<Vec<_>>()),
        uid: run.uid.clone(),
        jobs: jobs.iter().map(|k| (k.seen.uid.clone(), k.seen.name.clone())).collect(),
        selector: format!("k6_cr={},runner=true", run.name),
    });
    let newest = |c: &ChosenLoad| (!is_over(&c.seen), c.seen.created, c.seen.name.clone());
    singles.into_iter().chain(runs).max_by_key(newest)
}

fn single(known: &KnownJob) -> ChosenLoad {
    let job = &known.seen;
    ChosenLoad {
        seen: job.clone(),
        uid: job.uid.clone(),
        jobs: BTreeMap::from([(job.uid.clone(), job.name.clone())]),
        // All versions of the Job controller set this label; newer ones also set `batch.kubernetes.io/job-name`.
        selector: format!("job-name={}", job.name),
        retries: known.retries,
    }
}

fn is_over(job: &JobSeen) -> bool {
    job.conditions.iter().any(|c| c.status == "True" && matches!(&*c.kind, "Complete" | "Failed"))
}

/// The runners of one TestRun as one Job: running while any of them is, failed when any has failed.
fn merged(run: &Run, jobs: &[&JobSeen]) -> JobSeen {
    let sum = |of: fn(&JobSeen) -> i32| jobs.iter().map(|j| of(j)).fold(0, i32::saturating_add);
    let has = |job: &JobSeen, kind: &str| job.conditions.iter().find(|c| c.kind == kind && c.status == "True").cloned();
    // It must not change when further runners come.
    let first = || jobs.iter().min_by_key(|j| (j.created, &j.name)).map(|j| j.uid.clone()).unwrap_or_default();
    let uid = if run.uid.is_empty() { first() } else { run.uid.clone() };
    let failed = jobs.iter().find_map(|j| has(j, "Failed"));
    let complete: Option<Vec<Condition>> = jobs.iter().map(|j| has(j, "Complete")).collect();
    let over = jobs.iter().all(|j| is_over(j));
    let condition = failed.or(complete.and_then(|all| all.into_iter().max_by_key(|c| c.since)));
    JobSeen {
        kind: "TestRun".into(),
        namespace: jobs.first().map(|j| j.namespace.clone()).unwrap_or_default(),
        name: run.name.clone(),
        uid,
        created: jobs.iter().filter_map(|j| j.created).min(),
        deleted: jobs.iter().filter_map(|j| j.deleted).max(),
        started: jobs.iter().filter_map(|j| j.started).min(),
        completed: jobs.iter().filter_map(|j| j.completed).max().filter(|_| over),
        suspended: jobs.iter().all(|j| j.suspended),
        active: sum(|j| j.active),
        ready: sum(|j| j.ready),
        succeeded: sum(|j| j.succeeded),
        failed: sum(|j| j.failed),
        completions: sum(|j| j.completions),
        image: jobs.first().map(|j| j.image.clone()).unwrap_or_default(),
        conditions: condition.into_iter().filter(|_| over).collect(),
    }
}

/// Whether a container is k6, and not a sidecar of it.
pub fn is_k6(container: &ContainerSeen) -> bool {
    is_k6_image(&container.image) || container.name.contains("k6")
}

/// Whether an image is k6's: `grafana/k6:0.49`, `registry/team/xk6-kafka@sha256:…`; not the operator's `k6-operator`.
fn is_k6_image(image: &str) -> bool {
    let last = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let name = last.split(':').next().unwrap_or_default();
    let mut parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    parts.clone().any(|part| part == "k6" || part == "xk6") && !parts.any(|part| part == "operator")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn known(name: &str, created: &str, labels: Value, image: &str, status: Value) -> KnownJob {
        let job = json!({
            "metadata": {"name": name, "uid": name, "creationTimestamp": created, "labels": labels},
            "spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}},
            "status": status,
        });
        KnownJob::of(&serde_json::from_value(job).unwrap())
    }

    fn over(kind: &str) -> Value {
        json!({"conditions": [{"type": kind, "status": "True"}]})
    }

    #[test]
    fn the_named_job_comes_first_then_jobs_that_run_k6() {
        let all = [
            known("other", "2026-01-01T00:00:09Z", json!({}), "busybox", json!({"active": 1})),
            known("old", "2026-01-01T00:00:03Z", json!({}), "grafana/k6:1.8", over("Complete")),
            known("runs", "2026-01-01T00:00:01Z", json!({}), "reg/xk6-kafka@sha256:1", json!({"active": 1})),
        ];
        let chosen = |named: &str, n: usize| choose(all[..n].iter(), named).map(|c| c.seen.name);
        assert_eq!(chosen("other", 3).as_deref(), Some("other"));
        assert_eq!(chosen("k6-load", 3).as_deref(), Some("runs"));
        assert_eq!(chosen("k6-load", 2).as_deref(), Some("old"));
        assert_eq!(chosen("k6-load", 1), None);
        assert!(!is_k6_image("registry/k6s-tool:1") && is_k6_image("k6") && !is_k6_image(""));
    }

    #[test]
    fn the_operators_own_jobs_are_never_the_load() {
        let of = |name: &str, labels: Value, image: &str| {
            known(name, "2026-01-01T00:00:09Z", labels, image, json!({"active": 1}))
        };
        let helper = || json!({"app": "k6", "k6_cr": "run"});
        let starter = of("run-starter", helper(), "ghcr.io/grafana/k6-operator:latest-starter");
        let initializer = of("run-initializer", helper(), "grafana/k6:latest");
        let renamed = of("run-starter", json!({"k6_cr": "run", "runner": "false"}), "mirror.local/k6:1");
        for (what, job) in [("starter", starter), ("initializer", initializer.clone()), ("mirrored", renamed)] {
            assert_eq!(choose([job].iter(), "k6-load"), None, "{what}");
        }
        assert_eq!(choose([initializer.clone()].iter(), "run-initializer"), None, "not by name either");
        let mut runner = of("run-1", json!({"k6_cr": "run", "runner": "true"}), "mirror.local/perf:1");
        runner.seen.conditions =
            vec![Condition { kind: "Complete".into(), status: "True".into(), ..Condition::default() }];
        assert_eq!(choose([initializer, runner].iter(), "k6-load").unwrap().seen.name, "run");
        for (image, is) in [
            ("ghcr.io/grafana/k6-operator:controller-v0.0.14", false),
            ("ghcr.io/grafana/k6-operator:latest-runner", false),
            ("mirror/k6-operator-starter@sha256:1", false),
            ("grafana/k6-with-browser:1", true),
        ] {
            assert_eq!(is_k6_image(image), is, "{image}");
        }
    }

    #[test]
    fn a_test_run_created_again_is_another_load_and_a_further_runner_is_not() {
        let runner = |name: &str, uid: &str, run: &str, created: &str, status: Value| {
            let job = json!({"metadata": {"name": name, "uid": uid, "creationTimestamp": created,
                "labels": {"k6_cr": "big", "runner": "true"},
                "ownerReferences": [{"kind": "TestRun", "name": "big", "uid": run, "controller": true}]}, "status": status});
            KnownJob::of(&serde_json::from_value(job).unwrap())
        };
        let second = [
            runner("big-1", "z1", "run-2", "2026-01-01T00:01:00Z", json!({"active": 1})),
            runner("big-1", "a1", "run-1", "2026-01-01T00:00:00Z", over("Complete")),
            runner("big-2", "b2", "run-2", "2026-01-01T00:01:01Z", json!({"active": 1})),
        ];
        let chosen = |n: usize| choose(second[..n].iter(), "k6-load").unwrap();
        assert_eq!((chosen(1).seen.uid, chosen(3).seen.uid.as_str()), ("run-2".into(), "run-2"));
        assert_eq!(chosen(3).jobs.keys().collect::<Vec<_>>(), ["b2", "z1"]);
        assert_eq!(choose(second[1..2].iter(), "k6-load").unwrap().seen.uid, "run-1");
    }

    #[test]
    fn the_runners_of_a_test_run_are_one_load() {
        let label = |runner: &str| json!({"app": "k6", "k6_cr": "big", "runner": runner});
        let mut all = [
            known("big-1", "2026-01-01T00:00:01Z", label("true"), "grafana/k6", json!({"active": 1, "ready": 1})),
            known("big-2", "2026-01-01T00:00:02Z", label("true"), "grafana/k6", over("Complete")),
            known("big-starter", "2026-01-01T00:00:01Z", label("false"), "curl", json!({})),
        ];
        let chosen = choose(all.iter(), "k6-load").unwrap();
        assert_eq!((&*chosen.seen.name, &*chosen.seen.kind, chosen.seen.active), ("big", "TestRun", 1));
        assert_eq!(chosen.selector, "k6_cr=big,runner=true");
        assert!(chosen.seen.conditions.is_empty(), "one runner is not done");
        all[0] = known("big-1", "2026-01-01T00:00:01Z", label("true"), "grafana/k6", over("Failed"));
        assert_eq!(choose(all.iter(), "k6-load").unwrap().seen.conditions[0].kind, "Failed");
    }
}
