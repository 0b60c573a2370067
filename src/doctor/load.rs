//! Rules about the load that `s` starts. Pure: facts in, checks out.

use super::access::see;
use super::check::Check;
use super::facts::Facts;
use crate::observe::Feed;
use serde_json::Value;

/// The load's namespace, Job and script.
pub fn all(facts: &Facts) -> Vec<Check> {
    let namespace = &facts.load_namespace;
    let what = format!("load namespace {namespace}");
    let namespace_exists = match &facts.load_namespace_object {
        Ok(Some(_)) => Check::ok("load", what, "is there"),
        Ok(None) => {
            let hint =
                format!("create it (kubectl create namespace {namespace}), or name another with --load-namespace");
            return vec![Check::warn("load", what, "does not exist: s has nowhere to start the load", hint)];
        }
        Err(e) if e.denied() => Check::skip("load", what, "may not be looked up"),
        Err(e) => Check::fail("load", what, e.to_string(), "try again"),
    };
    vec![namespace_exists, job(facts), scripts(facts)]
}

fn job(facts: &Facts) -> Check {
    let what = format!("load Job {}", facts.load_job);
    match &facts.job {
        Ok(None) => Check::ok("job", what, "not there: s creates it"),
        Ok(Some(job)) => {
            let conditions = job.pointer("/status/conditions").and_then(Value::as_array);
            let ended =
                |kind: &str| conditions.into_iter().flatten().any(|c| c["type"] == kind && c["status"] == "True");
            let detail = match (ended("Complete"), ended("Failed")) {
                (true, _) => "has completed: s replaces it",
                (_, true) => "has failed: s replaces it",
                _ => "is there and has not ended: s stops it",
            };
            Check::ok("job", what, detail)
        }
        Err(e) if e.denied() => Check::skip("job", what, format!("may not be read: {}", see(Feed::Load))),
        Err(e) => Check::fail("job", what, e.to_string(), "try again"),
    }
}

fn scripts(facts: &Facts) -> Check {
    let what = "ConfigMap k6-scripts";
    match &facts.scripts {
        Ok(Some(map)) => {
            let keys = map["data"].as_object().into_iter().flatten().filter(|(k, _)| k.ends_with(".js")).count();
            match keys {
                0 => Check::warn("scripts", what, "holds no script", "add a key that ends in .js, or delete it"),
                _ => Check::ok("scripts", what, "is there: s runs its script"),
            }
        }
        Ok(None) => Check::ok("scripts", what, "not there: s brings the built-in scenario"),
        Err(e) if e.denied() => Check::skip("scripts", what, "may not be read"),
        Err(e) => Check::fail("scripts", what, e.to_string(), "try again"),
    }
}
