//! The watch of every HPA of several clusters: what it asks for, and that a cluster that is down, hangs or refuses is a row
//! that says so and delays no other.

use crate::it::support::fake_api::{FakeApi, Reply, timing, world};
use edot_tui::observe::{FeedState, Stamped};
use edot_tui::session::{Fleet, Session};
use edot_tui::source::live::connect::{Access, Environment};
use edot_tui::source::live::fleet::{FleetSource, Member, Scope, open};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The source, what it has seen so far, and what ends it.
struct Watched {
    source: FleetSource,
    session: Session,
    _stop: DropGuard,
}

impl Watched {
    fn new(members: Vec<Member>, scope: Scope) -> Watched {
        let stop = CancellationToken::new();
        let (source, driver) = open(members, scope, timing(), stop.clone());
        tokio::spawn(driver);
        Watched { source, session: Session::default(), _stop: stop.drop_guard() }
    }

    fn fleet(&self) -> Fleet {
        self.session.fleet.as_deref().cloned().unwrap_or_default()
    }

    /// Folds until it holds, for five seconds at most.
    async fn until(&mut self, holds: impl Fn(&Fleet) -> bool) -> Duration {
        let begun = Instant::now();
        while !holds(&self.fleet()) {
            let next = tokio::time::timeout(Duration::from_secs(5), self.source.observations.recv());
            let Ok(Some(Stamped { at, what })) = next.await else { panic!("{:#?}", self.fleet().clusters()) };
            self.session.apply(&Stamped { at, what });
            assert!(begun.elapsed() < Duration::from_secs(5), "{:#?}", self.fleet().clusters());
        }
        begun.elapsed()
    }

    fn state(&self, context: &str) -> (FeedState, String) {
        let fleet = self.fleet();
        let cluster = fleet.clusters().iter().find(|c| c.context == context).unwrap();
        (cluster.status.state, cluster.status.reason.clone().unwrap_or_default())
    }
}

fn hpa(namespace: &str, version: u32) -> Value {
    let mut hpa = world::hpa(&version.to_string());
    hpa["metadata"]["namespace"] = json!(namespace);
    hpa["metadata"]["uid"] = json!(namespace);
    hpa["metadata"]["labels"] = json!({"team": namespace});
    hpa["metadata"]["ownerReferences"] =
        json!([{"kind": "ScaledObject", "name": "web", "uid": "s", "controller": true}]);
    hpa
}

/// A cluster with an HPA in each of three namespaces.
fn three(request: &crate::it::support::fake_api::Request) -> Option<Reply> {
    let collection = request.of("/horizontalpodautoscalers?") && !request.is_watch();
    collection.then(|| world::list(7, ["a", "b", "c"].map(|namespace| hpa(namespace, 1))))
}

fn named(name: &str, api: &FakeApi) -> Member {
    Member::Named(name.into(), Box::new(api.access()))
}

#[tokio::test]
async fn one_list_and_one_watch_tell_of_every_hpa() {
    let api = FakeApi::start(three).await;
    let mut watched = Watched::new(vec![named("x", &api)], Scope::default());
    watched.until(|fleet| fleet.len() == 3 && fleet.dark().count() == 0).await;
    api.wait_for(2, |request| request.is_watch()).await;
    let asked = api.requests(|_| true);
    let paths: Vec<&str> = asked.iter().map(|r| r.path.split('?').next().unwrap()).collect();
    let count = |path: &str| paths.iter().filter(|p| **p == path).count();
    assert_eq!(count("/apis/autoscaling/v2/horizontalpodautoscalers"), 2, "{paths:?}");
    assert_eq!(count("/api/v1/events"), 2, "{paths:?}");
    assert_eq!(paths.len(), 5, "the version, and nothing of pods or usage: {paths:?}");
    let fleet = watched.fleet();
    let row = fleet.rows().next().unwrap();
    assert_eq!((row.owner.as_deref(), row.labels["team"].as_str()), (Some("ScaledObject/web"), "a"));
    assert_eq!(fleet.clusters()[0].version, "v1.36.3");
    assert!(watched.source.clusters.borrow().contains_key("x"));
}

#[tokio::test]
async fn a_namespace_and_a_selector_are_asked_of_the_server() {
    let api = FakeApi::start(three).await;
    let scope = Scope { namespace: Some("shop".into()), selector: Some("tier in (a,b)".into()) };
    let mut watched = Watched::new(vec![named("x", &api)], scope);
    watched.until(|fleet| fleet.len() == 3).await;
    let lists = api.requests(|request| request.of("/horizontalpodautoscalers?"));
    assert!(lists[0].path.starts_with("/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers?"));
    assert_eq!(lists[0].query("labelSelector"), Some("tier in (a,b)"));
}

#[tokio::test]
async fn changes_and_deletions_reach_their_rows() {
    let script = |request: &crate::it::support::fake_api::Request| {
        if request.is_watch() && request.of("/horizontalpodautoscalers?") {
            let mut changed = hpa("b", 9);
            changed["spec"]["maxReplicas"] = json!(40);
            let lines = [world::event("MODIFIED", changed), world::event("DELETED", hpa("c", 10))];
            return Some(Reply::hold(lines));
        }
        three(request)
    };
    let api = FakeApi::start(script).await;
    let mut watched = Watched::new(vec![named("x", &api)], Scope::default());
    watched.until(|fleet| fleet.len() == 2 && fleet.rows().any(|row| row.hpa.max_replicas == 40)).await;
}

#[tokio::test]
async fn a_cluster_that_is_down_hangs_or_refuses_says_so_and_delays_no_other() {
    let fine = FakeApi::start(three).await;
    let refuses = FakeApi::start(|request| Some(Reply::forbidden("list", &request.path))).await;
    let hangs = FakeApi::start(|_| Some(Reply::Hang)).await;
    let old = FakeApi::start(|_| Some(Reply::status(404, "NotFound", "404 page not found"))).await;
    let mut down = FakeApi::start(three).await;
    down.stop().await;
    let nowhere = Access { kubeconfig: Some("/nowhere/config".into()), ..Access::new(Environment::default()) };
    let members = vec![
        named("down", &down),
        named("hangs", &hangs),
        named("refuses", &refuses),
        named("old", &old),
        Member::Named("broken".into(), Box::new(nowhere)),
        named("fine", &fine),
    ];
    let mut watched = Watched::new(members, Scope::default());
    let took = watched.until(|fleet| fleet.len() == 3).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    watched
        .until(|fleet| {
            let known = |state| !matches!(state, FeedState::Connecting);
            fleet.clusters().iter().filter(|c| known(c.status.state)).count() == 5
        })
        .await;
    let order: Vec<String> = watched.fleet().clusters().iter().map(|c| c.context.clone()).collect();
    assert_eq!(order, ["down", "hangs", "refuses", "old", "broken", "fine"], "as they were named");
    assert_eq!(watched.state("hangs").0, FeedState::Connecting);
    assert_eq!(watched.state("refuses").0, FeedState::Denied);
    assert_eq!(watched.state("down").0, FeedState::Retrying);
    assert_eq!(watched.state("fine").0, FeedState::Up);
    let (state, why) = watched.state("old");
    assert!(state == FeedState::Absent && why.contains("autoscaling/v2 is not served"), "{why}");
    let (state, why) = watched.state("broken");
    assert!(state == FeedState::Retrying && why.contains("/nowhere/config"), "{why}");
}

#[tokio::test]
async fn nothing_is_left_running_once_it_is_stopped() {
    let api = FakeApi::start(three).await;
    let stop = CancellationToken::new();
    let (source, driver) = open(vec![named("x", &api)], Scope::default(), timing(), stop.clone());
    let driver = tokio::spawn(driver);
    api.wait_for(1, |request| request.is_watch()).await;
    stop.cancel();
    driver.await.unwrap().unwrap();
    let FleetSource { mut observations, .. } = source;
    // What was on its way is delivered, and then the channel is closed: no task holds it any more.
    let closed = async { while observations.recv().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(2), closed).await.unwrap();
}
