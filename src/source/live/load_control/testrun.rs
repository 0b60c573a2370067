//! Stops a run of the k6 operator by deleting its TestRun, and with it its Jobs and pods: for a k6 that cannot be stopped
//! through its REST API. Must not start one: that takes a manifest of the user's own.

use super::errors::{Doing, sentence};
use super::{LoadSettings, api, refuse};
use crate::observe::{AnswerSeen, Ask};
use crate::source::live::client::Request;
use kube::Client;
use serde_json::json;

/// What stopping the TestRun named in the settings would do. Changes nothing.
pub async fn plan(client: &Client, settings: &LoadSettings) -> AnswerSeen {
    let LoadSettings { namespace, job: name, .. } = settings;
    match delete(client, settings, true).await {
        Ok(()) => AnswerSeen {
            to: Ask::PlanLoad,
            ok: true,
            text: format!("TestRun {name} in namespace {namespace} runs: stop it?"),
            steps: vec![format!("delete TestRun {namespace}/{name}, its Jobs and pods (k6 is asked to end)")],
            stops: true,
        },
        Err(why) => refuse(Ask::PlanLoad, why),
    }
}

/// Deletes it; does not wait until it is gone.
pub async fn stop(client: &Client, settings: &LoadSettings) -> AnswerSeen {
    let LoadSettings { namespace, job: name, .. } = settings;
    let text = format!("stopping the load: TestRun {name} in namespace {namespace} is being deleted");
    match delete(client, settings, false).await {
        Ok(()) => AnswerSeen { to: Ask::StopLoad, ok: true, text, ..AnswerSeen::default() },
        Err(why) => refuse(Ask::StopLoad, why),
    }
}

async fn delete(client: &Client, settings: &LoadSettings, dry: bool) -> Result<(), String> {
    let LoadSettings { namespace, job: name, .. } = settings;
    let path = format!("/apis/k6.io/v1alpha1/namespaces/{namespace}/testruns/{name}");
    let body = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "dryRun": if dry { json!(["All"]) } else { json!([]) },
        "propagationPolicy": "Foreground",
    });
    let title = format!("TestRun {name}");
    let doing = Doing { verb: "delete", group: "k6.io", resource: "testruns", title: &title, namespace };
    let request = Request { method: "DELETE", path, body: Some(body), attributes: doing.attributes() };
    api(client, settings).send(request).await.map(drop).map_err(|e| sentence(&e, doing))
}
