//! `edot-tui stack` on the lab's API server, emptied: what it plans, makes, keeps, changes, and removes. The lab has no Kibana, which
//! stands for a kind whose operator is not there.

use crate::it::lab::api::{Cluster, serve};
use chrono::Utc;
use edot_tui::lab::api::kinds::KINDS;
use edot_tui::lab::model::Lab;
use edot_tui::lab::scenario::Scenario;
use edot_tui::source::live::client::{ApiClient, Request};
use edot_tui::stack::api::{Api, Id};
use edot_tui::stack::choice::{Choice, Part};
use edot_tui::stack::inventory::{self, Inventory};
use edot_tui::stack::plan::{self, Plan, Step};
use edot_tui::stack::{apply, down, ready};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Notify;

struct Empty {
    api: Api,
    _lab: Cluster,
}

/// A cluster with nodes and its own namespaces, and nothing in them.
async fn empty() -> Empty {
    with("guide", "").await
}

async fn with(name: &str, more: &str) -> Empty {
    let text = include_str!("../../../assets/scenarios/guide.toml").to_owned() + more;
    let scenario = Scenario::parse(name, name, &text).unwrap();
    let mut lab = Lab::new(&scenario, 1, Utc::now());
    for kind in KINDS.iter().filter(|kind| kind.plural != "nodes") {
        let all = lab.store.list(kind.plural, None).map(Id::of).collect::<Vec<_>>();
        for id in all.iter().filter(|id| !matches!(id.name.as_str(), "default" | "kube-system")) {
            lab.store.delete(kind.plural, &id.namespace, &id.name).unwrap();
        }
    }
    let lab = serve(lab, 1.0).await;
    let api = Api(ApiClient { client: lab.client.clone(), timeout: Duration::from_secs(10) });
    Empty { api, _lab: lab }
}

fn overlay(name: &str) -> Choice {
    Choice { overlay: name.into(), ..Choice::default() }
}

async fn planned(api: &Api, choice: &Choice) -> Plan {
    let before = inventory::read(api).await.unwrap();
    plan::plan(api, choice.objects().unwrap(), before.as_ref()).await.unwrap()
}

fn inventory_of(choice: &Choice) -> Inventory {
    let ids = choice.objects().unwrap().iter().map(Id::of).collect::<Vec<_>>();
    Inventory { choice: choice.clone(), objects: Vec::new() }.with(ids)
}

/// As the command does it, without waiting until all is ready.
async fn up(api: &Api, choice: &Choice) -> Plan {
    let before = inventory::read(api).await.unwrap();
    let plan = planned(api, choice).await;
    apply::apply(api, &plan, &inventory_of(choice), before, |_, _, _| {}).await.unwrap();
    apply::prune(api, &plan, &inventory_of(choice)).await.unwrap();
    plan
}

/// As the command does it: what was left in which namespace.
async fn gone(api: &Api) -> Vec<String> {
    let known = inventory::read(api).await.unwrap();
    let removal = down::plan(api, known.as_ref()).await.unwrap();
    down::objects(api, &removal, |_, _| {}).await.unwrap();
    let mut left = Vec::new();
    for (id, uid) in &removal.namespaces {
        let others = down::others(api, &id.name).await.unwrap();
        match others.is_empty() {
            true => api.delete(id, uid).await.unwrap(),
            false => left.extend(others.iter().map(|other| format!("{}: {other}", id.name))),
        }
    }
    left
}

async fn patch(api: &Api, body: Value) {
    api.apply(&body, false).await.unwrap();
}

/// What is in the cluster besides what it had at first.
async fn rest(api: &Api) -> Vec<String> {
    let mut all = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.rights.verbs().contains(&"watch") && kind.plural != "events") {
        let root =
            if kind.group.is_empty() { "/api/v1".into() } else { format!("/apis/{}/{}", kind.group, kind.versions[0]) };
        let list = api.read(&format!("{root}/{}", kind.plural)).await.unwrap().unwrap();
        all.extend(edot_tui::stack::api::items(list).iter().map(|object| Id::of(object).title()));
    }
    all.retain(|one| !one.starts_with("Node ") && one != "Namespace default" && one != "Namespace kube-system");
    all
}

fn steps(plan: &Plan) -> (usize, usize, usize, usize) {
    (
        plan.count(|step| *step == Step::Create),
        plan.count(|step| matches!(step, Step::Change(_))),
        plan.count(|step| *step == Step::Keep),
        plan.count(|step| *step == Step::Remove),
    )
}

#[tokio::test]
async fn from_nothing_all_is_made_once_and_nothing_is_left_afterwards() {
    let cluster = empty().await;
    let api = &cluster.api;
    let choice = overlay("guide");
    let all = choice.objects().unwrap().len();
    let first = up(api, &choice).await;
    assert_eq!(steps(&first), (all - 1, 0, 0, 0), "{first:#?}");
    let kibana = first.objects.iter().find(|one| one.id.kind == "Kibana").unwrap();
    assert!(matches!(&kibana.step, Step::NoKind { hint } if hint.contains("eck")), "{kibana:?}");
    let again = planned(api, &choice).await;
    assert_eq!(steps(&again), (0, 0, all - 1, 0), "{again:#?}");
    assert!(again.is_empty() && again.objects.iter().all(|one| !one.foreign));
    assert_eq!(inventory::read(api).await.unwrap().unwrap().choice, choice);
    let states = ready::look(api, &inventory_of(&choice).objects).await.unwrap();
    assert!(states.iter().any(|state| state.id.name == "edot-gateway" && state.progress.contains("of")), "{states:?}");
    assert_eq!(gone(api).await, Vec::<String>::new());
    assert_eq!(rest(api).await, Vec::<String>::new());
    assert!(down::plan(api, None).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_changed_by_hand_is_shown_and_set_back() {
    let cluster = empty().await;
    let api = &cluster.api;
    up(api, &overlay("guide")).await;
    let mut gateway =
        api.get(&Id::new("apps/v1", "Deployment", "observability-lab", "edot-gateway")).await.unwrap().unwrap();
    gateway["spec"]["template"]["spec"]["containers"][0]["image"] = json!("mine:1");
    gateway["spec"]["replicas"] = json!(3);
    patch(api, gateway).await;
    let found = planned(api, &overlay("guide")).await;
    let changed: Vec<_> = found
        .objects
        .iter()
        .filter_map(|one| match &one.step {
            Step::Change(differences) => Some((one.id.name.as_str(), differences)),
            _ => None,
        })
        .collect();
    let [("edot-gateway", differences)] = changed.as_slice() else { panic!("{changed:?}") };
    // The replicas are the HPA's.
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert_eq!(differences[0].path, "spec.template.spec.containers[edot-collector].image");
    assert_eq!(differences[0].is, "mine:1");
    up(api, &overlay("guide")).await;
    assert!(planned(api, &overlay("guide")).await.is_empty());
}

#[tokio::test]
async fn what_others_made_stays_and_so_does_its_namespace() {
    let cluster = empty().await;
    let api = &cluster.api;
    // One namespace was there before, and in the other a ConfigMap appears later.
    patch(api, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "observability-lab"}})).await;
    let plan = up(api, &overlay("guide")).await;
    let foreign: Vec<String> = plan.objects.iter().filter(|one| one.foreign).map(|one| one.id.title()).collect();
    assert_eq!(foreign, ["Namespace observability-lab"]);
    let own = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine", "namespace": "demo-app"}, "data": {"a": "b"}});
    patch(api, own).await;
    // A load that `s` started is the program's, too.
    let labels = json!({"app.kubernetes.io/managed-by": "edot-tui"});
    patch(api, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "edot-tui-k6-scenario", "namespace": "demo-app", "labels": labels}})).await;
    assert_eq!(gone(api).await, ["demo-app: configmaps/mine"]);
    let mut left = rest(api).await;
    // Pods take a while to end.
    let ending = ["Pod ", "ReplicaSet ", "ConfigMap observability-lab/edot-tui-stack"];
    left.retain(|one| !ending.iter().any(|of| one.starts_with(of)));
    assert_eq!(left, ["ConfigMap demo-app/mine", "Namespace demo-app", "Namespace observability-lab"]);
}

#[tokio::test]
async fn another_overlay_replaces_the_first_and_its_objects_go() {
    let cluster = empty().await;
    let api = &cluster.api;
    up(api, &overlay("split")).await;
    let without = Choice { without: vec![Part::Load], ..overlay("guide") };
    let plan = up(api, &without).await;
    let removed: Vec<String> =
        plan.objects.iter().filter(|one| one.step == Step::Remove).map(|one| one.id.title()).collect();
    for gone in [
        "Deployment observability-lab/edot-gateway-logs",
        "HorizontalPodAutoscaler observability-lab/edot-gateway-hpa-metrics",
        "ConfigMap demo-app/k6-scripts",
    ] {
        assert!(removed.iter().any(|one| one == gone), "{gone}: {removed:?}");
        assert!(!rest(api).await.iter().any(|one| one == gone));
    }
    assert_eq!(inventory::read(api).await.unwrap().unwrap().choice, without);
    assert!(planned(api, &without).await.is_empty());
}

#[tokio::test]
async fn stopped_at_any_object_it_goes_on_or_is_removed_whole() {
    let choice = overlay("guide");
    for at in [1, 2, 3, 7, 20, 30] {
        let cluster = empty().await;
        let api = &cluster.api;
        let plan = planned(api, &choice).await;
        let (stop, wanted) = (Notify::new(), inventory_of(&choice));
        let stopping = |number: usize, _: usize, _: &plan::Planned| {
            if number == at {
                stop.notify_one()
            }
        };
        tokio::select! {
            biased;
            () = stop.notified() => {}
            ended = apply::apply(api, &plan, &wanted, None, stopping) => panic!("{ended:?}"),
        }
        if at % 2 == 0 {
            assert_eq!(gone(api).await, Vec::<String>::new(), "stopped at {at}");
            assert_eq!(rest(api).await, Vec::<String>::new(), "stopped at {at}");
            continue;
        }
        up(api, &choice).await;
        let again = planned(api, &choice).await;
        assert!(again.is_empty() && again.objects.iter().all(|one| !one.foreign), "stopped at {at}: {again:#?}");
    }
}

#[tokio::test]
async fn what_may_not_be_written_is_said_before_anything_is_changed() {
    let fault =
        "\n[[fault]]\nat = \"0s\"\nkind = \"forbidden\"\nfor = \"9m\"\nverb = \"patch\"\nresource = \"daemonsets\"\n";
    let cluster = with("denied", fault).await;
    let api = &cluster.api;
    let plan = planned(api, &overlay("guide")).await;
    let refused: Vec<String> = plan.refused().map(|one| one.id.title()).collect();
    assert_eq!(refused, ["DaemonSet observability-lab/edot-agent"]);
    let Step::Refused { why, denied, .. } = &plan.refused().next().unwrap().step else { panic!() };
    assert!(*denied && why.contains("may not create"), "{why}");
    assert_eq!(rest(api).await, Vec::<String>::new());
    // The rest can be applied; there the server itself refuses.
    apply::apply(api, &plan, &inventory_of(&overlay("guide")), None, |_, _, _| {}).await.unwrap();
    assert!(planned(api, &overlay("guide")).await.is_empty());
}

#[tokio::test]
async fn an_object_that_the_server_would_refuse_is_named_with_the_reason() {
    let cluster = empty().await;
    let api = &cluster.api;
    patch(api, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "demo-app"}})).await;
    let mut objects = overlay("guide").objects().unwrap();
    let frontend =
        objects.iter_mut().find(|o| o["kind"] == "Deployment" && o["metadata"]["name"] == "frontend").unwrap();
    frontend["spec"]["replicas"] = json!(-1);
    let plan = plan::plan(api, objects, None).await.unwrap();
    let refused: Vec<_> = plan.refused().collect();
    assert!(
        matches!(&refused[..], [one] if matches!(&one.step, Step::Refused { why, denied: false, .. } if why.contains("spec.replicas"))),
        "{refused:?}"
    );
    let request = Request { method: "GET", path: "/api/v1/namespaces/observability-lab".into(), ..Request::default() };
    assert!(api.0.send(request).await.is_err(), "nothing was made");
}
