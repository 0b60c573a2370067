//! What the key `s` does: plan how the load is started (or stopped), and do it. Must not ask the user; that is the screen's
//! part. Each function returns one answer, which also carries what went wrong.
//!
//! A plan goes through the API server as a dry run, so that what is denied, over quota or invalid is shown before anything
//! is changed, above all before a finished Job is deleted.

mod errors;
mod k6_rest;
mod manifest;
mod status;
pub mod testrun;

pub use k6_rest::Running;

use super::client::{ApiClient, Request, found};
use crate::observe::{AnswerSeen, Ask};
use errors::{Doing, sentence};
use kube::Client;
use manifest::{Manifest, Object};
use serde_json::{Value, json};
use status::{JobStatus, Phase};
use std::path::PathBuf;
use std::time::Duration;

/// Which load, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadSettings {
    pub namespace: String,
    pub job: String,
    /// The user's own manifest; None for the built-in one.
    pub manifest: Option<PathBuf>,
    /// Refuse everything.
    pub readonly: bool,
    /// The longest that one request may take.
    pub timeout: Duration,
    /// The longest that an old Job may take to disappear.
    pub patience: Duration,
}

/// How often an old Job is read while it terminates.
const POLL: Duration = Duration::from_millis(500);
const MANAGER: &str = "edot-tui";

/// What starting the load would do, or, when one runs, what stopping it would do. Changes nothing.
pub async fn plan(client: &Client, settings: &LoadSettings) -> AnswerSeen {
    let result = match job_status(client, settings).await {
        Err(why) => Err(why),
        Ok(now) if now.phase == Phase::Running => plan_stop(client, settings, &now).await,
        Ok(now) => plan_start(client, settings, &now).await.map(|(_, answer)| answer),
    };
    result.unwrap_or_else(|why| refuse(Ask::PlanLoad, why))
}

/// Starts the load: deletes a finished Job, waits until it is gone, applies and creates. Takes up to
/// [`LoadSettings::patience`] and a few requests.
pub async fn start(client: &Client, settings: &LoadSettings) -> AnswerSeen {
    match start_steps(client, settings).await {
        Ok(text) => AnswerSeen { to: Ask::StartLoad, ok: true, text, ..AnswerSeen::default() },
        Err(why) => refuse(Ask::StartLoad, why),
    }
}

/// Stops the load by deleting its Job; k6 gets SIGTERM and exits with code 105. Does not wait until it is gone.
pub async fn stop(client: &Client, settings: &LoadSettings) -> AnswerSeen {
    match stop_steps(client, settings).await {
        Ok(text) => AnswerSeen { to: Ask::StopLoad, ok: true, text, ..AnswerSeen::default() },
        Err(why) => refuse(Ask::StopLoad, why),
    }
}

fn refuse(to: Ask, text: String) -> AnswerSeen {
    AnswerSeen { to, ok: false, text, ..AnswerSeen::default() }
}

async fn plan_stop(client: &Client, settings: &LoadSettings, now: &JobStatus) -> Result<AnswerSeen, String> {
    delete(client, settings, now, true).await?;
    let LoadSettings { namespace, job, .. } = settings;
    Ok(AnswerSeen {
        to: Ask::PlanLoad,
        ok: true,
        text: format!("Job {job} in namespace {namespace} {}: stop it?", now.text),
        steps: vec![format!("delete Job {namespace}/{job} and its pods (k6 is asked to end)")],
        stops: true,
    })
}

/// The manifest, tried on the API server as a dry run, and what would be done with it.
async fn plan_start(
    client: &Client,
    settings: &LoadSettings,
    now: &JobStatus,
) -> Result<(Manifest, AnswerSeen), String> {
    let LoadSettings { namespace, job, .. } = settings;
    let mut steps = Vec::new();
    let manifest = read(client, settings, &mut steps).await?;
    for other in &manifest.others {
        apply(client, settings, other, true).await?;
        steps.push(format!("apply {} in {namespace}", other.title()));
    }
    create(client, settings, &manifest.job, Some(now.phase != Phase::None)).await?;
    match now.phase {
        Phase::Finished => {
            delete(client, settings, now, true).await?;
            steps.push(format!("delete the old Job {namespace}/{job} ({}) and wait until it is gone", now.text));
        }
        Phase::Terminating => steps.push(format!("wait until the old Job {namespace}/{job} is gone ({})", now.text)),
        Phase::None | Phase::Running => {}
    }
    steps.push(format!("create Job {namespace}/{job} ({})", manifest.job.images().join(", ")));
    let text = format!("Start the load: Job {job} in namespace {namespace}?");
    Ok((manifest, AnswerSeen { to: Ask::PlanLoad, ok: true, text, steps, stops: false }))
}

async fn start_steps(client: &Client, settings: &LoadSettings) -> Result<String, String> {
    let LoadSettings { namespace, job, .. } = settings;
    let now = job_status(client, settings).await?;
    if now.phase == Phase::Running {
        return Err(format!("Job {job} in namespace {namespace} {} already: stop it first", now.text));
    }
    let (manifest, _) = plan_start(client, settings, &now).await?;
    if now.phase == Phase::Finished {
        delete(client, settings, &now, false).await?;
    }
    if now.phase != Phase::None {
        gone(client, settings, &now).await?;
    }
    for other in &manifest.others {
        apply(client, settings, other, false).await?;
    }
    create(client, settings, &manifest.job, None).await?;
    Ok(format!("load started: Job {job} in namespace {namespace}"))
}

async fn stop_steps(client: &Client, settings: &LoadSettings) -> Result<String, String> {
    let LoadSettings { namespace, job, .. } = settings;
    let now = job_status(client, settings).await?;
    match now.phase {
        Phase::None => Err(format!("there is no Job {job} in namespace {namespace}: nothing to stop")),
        Phase::Finished => Ok(format!("Job {job} in namespace {namespace} {} already", now.text)),
        Phase::Terminating => Ok(format!("Job {job} in namespace {namespace} is being stopped already")),
        Phase::Running => {
            delete(client, settings, &now, false).await?;
            Ok(format!("stopping the load: Job {job} in namespace {namespace} is being deleted"))
        }
    }
}

/// The Job's status; refuses when nothing may be changed.
async fn job_status(client: &Client, settings: &LoadSettings) -> Result<JobStatus, String> {
    if settings.readonly {
        return Err("read-only: --readonly is set, so no load is started or stopped".into());
    }
    let path = format!("/apis/batch/v1/namespaces/{}/jobs/{}", settings.namespace, settings.job);
    let job = get(client, settings, path, job_doing(settings, "get")).await?;
    Ok(JobStatus::of(job.as_ref()))
}

/// The manifest: the user's file, or the built-in one, with the lab's script if there is one.
async fn read(client: &Client, settings: &LoadSettings, steps: &mut Vec<String>) -> Result<Manifest, String> {
    let LoadSettings { namespace, job, .. } = settings;
    if let Some(path) = &settings.manifest {
        let file = path.display().to_string();
        let about = tokio::fs::metadata(path).await.map_err(|e| format!("{file}: {e}"))?;
        if !about.is_file() || about.len() > manifest::LARGEST {
            return Err(format!("{file}: must be a file of at most 1 MiB"));
        }
        let text = tokio::fs::read_to_string(path).await.map_err(|e| format!("{file}: {e}"))?;
        let manifest = manifest::parse(&text, &file, namespace, job)?;
        steps.push(format!("use the manifest {file}"));
        return Ok(manifest);
    }
    let name = manifest::LAB_SCRIPTS;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/{name}");
    let title = format!("ConfigMap {name}");
    let doing = Doing { verb: "get", group: "", resource: "configmaps", title: &title, namespace };
    let Some(found) = get(client, settings, path, doing).await? else {
        let own = manifest::built_in(namespace, job, None)?;
        steps.push("use the built-in scenario: the guide's requests, 200 virtual users, 5 minutes".into());
        return Ok(own);
    };
    let key = manifest::script_key(&found).ok_or_else(|| {
        format!("{title} in namespace {namespace} holds no script (no key that ends in .js): add one, delete it, or pass --load-manifest")
    })?;
    let of_stack =
        found.pointer("/metadata/labels").is_some_and(|labels| labels["app.kubernetes.io/part-of"] == "edot-stack");
    let whose = if of_stack { ", the stack's own" } else { "" };
    steps.push(format!("use the script {key:?} of {title} in {namespace}{whose}"));
    if of_stack {
        steps.extend(frontend(client, settings).await);
    }
    manifest::built_in(namespace, job, Some(&key))
}

/// What to know of the stack's frontend, which the load asks: None where all is well, or it may not be read.
async fn frontend(client: &Client, settings: &LoadSettings) -> Option<String> {
    let namespace = &settings.namespace;
    let frontend =
        api(client, settings).get(&format!("/apis/apps/v1/namespaces/{namespace}/deployments/frontend")).await.ok()?;
    let Some(frontend) = frontend else {
        return Some(format!("there is no Deployment frontend in {namespace}, so its requests will fail"));
    };
    let ready = frontend.pointer("/status/readyReplicas").and_then(Value::as_i64).unwrap_or(0);
    (ready == 0).then(|| format!("no pod of Deployment frontend in {namespace} is ready yet: its requests will fail"))
}

/// Server-side apply. It takes over fields that another manager set, as the plan says.
async fn apply(client: &Client, settings: &LoadSettings, object: &Object, dry: bool) -> Result<(), String> {
    let base = object.collection(&settings.namespace);
    let mut path = format!("{base}/{}?fieldManager={MANAGER}&force=true&fieldValidation=Strict", object.name);
    if dry {
        path.push_str("&dryRun=All");
    }
    send(client, settings, ("PATCH", path, object.body.clone()), object, "patch").await
}

/// Creates the Job. With `dry` only a dry run, under another name if its own is still taken.
async fn create(client: &Client, settings: &LoadSettings, job: &Object, dry: Option<bool>) -> Result<(), String> {
    let mut path = format!("{}?fieldManager={MANAGER}&fieldValidation=Strict", job.collection(&settings.namespace));
    let mut body = job.body.clone();
    if let Some(taken) = dry {
        path.push_str("&dryRun=All");
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut).filter(|_| taken) {
            metadata.remove("name");
            metadata.insert("generateName".into(), json!(format!("{}-", job.name)));
        }
    }
    send(client, settings, ("POST", path, body), job, "create").await
}

async fn send(
    client: &Client,
    settings: &LoadSettings,
    (method, path, body): (&'static str, String, Value),
    object: &Object,
    verb: &'static str,
) -> Result<(), String> {
    let title = object.title();
    let doing =
        Doing { verb, group: object.group, resource: object.resource, title: &title, namespace: &settings.namespace };
    let request = Request { method, path, body: Some(body), attributes: doing.attributes() };
    api(client, settings).send(request).await.map(drop).map_err(|e| sentence(&e, doing))
}

/// An object; None when it does not exist.
async fn get(
    client: &Client,
    settings: &LoadSettings,
    path: String,
    doing: Doing<'_>,
) -> Result<Option<Value>, String> {
    let request = Request { method: "GET", path, body: None, attributes: doing.attributes() };
    found(api(client, settings).send(request).await).map_err(|e| sentence(&e, doing))
}

/// Deletes exactly the Job whose status was read, with its pods. `dryRun` goes into the body: the API server ignores a
/// delete's query when there is a body.
async fn delete(client: &Client, settings: &LoadSettings, now: &JobStatus, dry: bool) -> Result<(), String> {
    let path = format!("/apis/batch/v1/namespaces/{}/jobs/{}", settings.namespace, settings.job);
    let body = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "dryRun": if dry { json!(["All"]) } else { json!([]) },
        "propagationPolicy": "Foreground", "preconditions": {"uid": now.uid},
    });
    let doing = job_doing(settings, "delete");
    let request = Request { method: "DELETE", path, body: Some(body), attributes: doing.attributes() };
    found(api(client, settings).send(request).await).map(drop).map_err(|e| sentence(&e, doing))
}

/// Waits until the Job whose status was read is gone.
async fn gone(client: &Client, settings: &LoadSettings, old: &JobStatus) -> Result<(), String> {
    let path = format!("/apis/batch/v1/namespaces/{}/jobs/{}", settings.namespace, settings.job);
    let wait = async {
        loop {
            let job = get(client, settings, path.clone(), job_doing(settings, "get")).await?;
            if JobStatus::of(job.as_ref()).uid != old.uid {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(settings.patience, wait).await.unwrap_or_else(|_| {
        Err(format!(
            "the old Job {} in namespace {} is still terminating after {}: its pod takes its time, or a finalizer holds it; try again in a moment",
            settings.job,
            settings.namespace,
            humantime::format_duration(settings.patience)
        ))
    })
}

fn job_doing<'a>(settings: &'a LoadSettings, verb: &'static str) -> Doing<'a> {
    Doing { verb, group: "batch", resource: "jobs", title: "the load's Job", namespace: &settings.namespace }
}

fn api(client: &Client, settings: &LoadSettings) -> ApiClient {
    ApiClient { client: client.clone(), timeout: settings.timeout }
}
