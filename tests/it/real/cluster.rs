//! The live feeds against a real cluster that holds the lab's gateway: `KUBECONFIG=… cargo test -- --ignored real_cluster`.
//! They take the metrics API away and give it back, so one test at a time: `--test-threads 1`.

use crate::it::support::fake_api::world;
use crate::it::support::seen::{Seen, watch};
use edot_tui::observe::{Feed, FeedState, HpaSeen, Observation, PodSeen, TargetSeen};
use edot_tui::source::live::cluster::{self, Cluster};
use edot_tui::source::live::connect::{Access, Environment};
use edot_tui::source::live::{Timing, convert, wire};
use http::Request;
use serde_json::Value;
use std::time::Duration;

async fn cluster() -> Cluster {
    let environment = Environment::read();
    assert!(environment.kubeconfig.is_some(), "KUBECONFIG names the cluster");
    cluster::open(Access::new(environment)).await.unwrap()
}

async fn ask(cluster: &Cluster, request: Request<Vec<u8>>) -> Value {
    cluster.client().1.request(request).await.unwrap()
}

async fn get(cluster: &Cluster, path: &str) -> Value {
    ask(cluster, Request::get(path).body(Vec::new()).unwrap()).await
}

async fn live() -> (Cluster, Seen) {
    let cluster = cluster().await;
    let mut seen = watch(cluster.clone(), Timing::default(), world::HPA);
    seen.patience = Duration::from_secs(90);
    seen.all_up().await;
    (cluster, seen)
}

fn last<T>(seen: &Seen, pick: impl Fn(&Observation) -> Option<T>) -> T {
    seen.all.iter().rev().find_map(|s| pick(&s.what)).expect("never seen")
}

fn version(hpa: &HpaSeen) -> u64 {
    hpa.resource_version.parse().unwrap()
}

#[tokio::test]
#[ignore = "needs a real cluster"]
async fn every_feed_comes_up_and_says_what_the_api_says() {
    let (cluster, mut seen) = live().await;
    assert_eq!(seen.standing(Feed::Load).map(|s| s != FeedState::Denied), Some(true));
    let path = format!("/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers/{}", world::NAMESPACE, world::HPA);
    let object: wire::Hpa = serde_json::from_value(get(&cluster, &path).await).unwrap();
    let wanted = convert::hpa(&object);
    // The controller may write between the two readings.
    let same = |o: &Observation| match o {
        Observation::Hpa(hpa) if version(hpa) >= version(&wanted) => Some(hpa.clone()),
        _ => None,
    };
    let hpa: Box<HpaSeen> = match seen.all.iter().rev().find_map(|s| same(&s.what)) {
        Some(hpa) => hpa,
        None => seen.next("the same HPA", same).await,
    };
    assert_eq!(
        (&hpa.metrics, &hpa.behavior, hpa.max_replicas),
        (&wanted.metrics, &wanted.behavior, wanted.max_replicas)
    );
    let target: Box<TargetSeen> = last(&seen, |o| match o {
        Observation::Target(target) => Some(target.clone()),
        _ => None,
    });
    let path = format!("/apis/apps/v1/namespaces/{}/deployments/{}/scale", world::NAMESPACE, target.name);
    let scale = get(&cluster, &path).await;
    assert_eq!(Some(target.selector.as_str()), scale["status"]["selector"].as_str());
    assert_eq!(target.spec_replicas.map(i64::from), scale["spec"]["replicas"].as_i64());
    let pod: Box<PodSeen> = last(&seen, |o| match o {
        Observation::Pod(pod) if pod.ready.as_ref().is_some_and(|r| r.status == "True") => Some(pod.clone()),
        _ => None,
    });
    assert_eq!((&pod.containers[0].requests, pod.phase.as_str()), (&target.containers[0].requests, "Running"));
}

#[tokio::test]
#[ignore = "needs a real cluster"]
async fn a_metrics_api_that_is_taken_away_and_given_back_is_absent_and_up_again() {
    const SERVICE: &str = "/apis/apiregistration.k8s.io/v1/apiservices";
    let (cluster, mut seen) = live().await;
    let name = format!("{SERVICE}/v1beta1.metrics.k8s.io");
    let mut service = get(&cluster, &name).await;
    ask(&cluster, Request::delete(&name).body(Vec::new()).unwrap()).await;
    let gone = seen.link(Feed::Usage, FeedState::Absent).await;
    service["metadata"] = serde_json::json!({"name": "v1beta1.metrics.k8s.io"});
    let request = Request::post(SERVICE).header("content-type", "application/json");
    ask(&cluster, request.body(service.to_string().into_bytes()).unwrap()).await;
    assert!(gone.reason.unwrap().contains("is not served"));
    seen.patience = Duration::from_secs(20);
    seen.link(Feed::Usage, FeedState::Up).await;
}
