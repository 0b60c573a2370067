//! Rules over what flows through: idle replicas, queues, losses, the load.

use super::flow::{Flow, k6};
use super::world::{World, at};
use super::{finding, found};
use edot_tui::advise::Severity;
use edot_tui::observe::{Condition, ContainerSeen, Exit, JobSeen, Observation, PodSeen, Stamped};
use edot_tui::session::Session;

fn session(pods: usize, flows: &[Flow]) -> Session {
    let mut w = World::new(pods);
    w.extra = flows.iter().flat_map(|f| f.scrapes(w.seconds)).collect();
    w.session()
}

/// The session of a gateway with one pod, after `change`.
fn one(change: impl FnOnce(&mut Flow)) -> Session {
    let mut flow = Flow::gateway(0, 100.0);
    change(&mut flow);
    session(1, &[flow])
}

#[test]
fn a_new_replica_that_gets_nothing() {
    let mut w = World::new(2);
    w.pods[1].ready.as_mut().unwrap().since = Some(at(60));
    w.extra = [Flow::gateway(0, 300.0), Flow::gateway(1, 0.0)].iter().flat_map(|f| f.scrapes(w.seconds)).collect();
    let f = finding(&w.session(), "idle-replica");
    assert!(f.text.starts_with("gateway-1 is Ready but idle: senders keep"), "{f:?}");
    assert!(f.evidence.contains("gateway-0 accepts 900 items/s, 100 % of all"), "{f:?}");
    assert!(f.hint.contains("max_connection_age"));
    w.pods[1].ready.as_mut().unwrap().since = Some(at(100));
    assert_eq!(found(&w.session()), Vec::<&str>::new(), "20 s are too short to judge");
}

#[test]
fn an_even_load_has_no_findings() {
    let even: Vec<Flow> = (0..4).map(|n| Flow::gateway(n, 80.0 + n as f64 * 10.0)).collect();
    assert_eq!(found(&session(4, &even)), Vec::<&str>::new());
}

#[test]
fn one_replica_that_gets_most_of_the_load() {
    let rates = [400.0, 30.0, 30.0, 30.0];
    let flows: Vec<Flow> = rates.iter().enumerate().map(|(n, r)| Flow::gateway(n, *r)).collect();
    let f = finding(&session(4, &flows), "uneven-load");
    assert!(f.text.contains("3.3 times its even share"), "{f:?}");
}

#[test]
fn without_counters_cpu_use_decides() {
    use edot_tui::observe::Observation;
    let mut w = World::new(2);
    let s = w.session();
    assert_eq!(found(&s), Vec::<&str>::new());
    w.seconds = 150;
    // The second pod uses a tenth from the beginning.
    let mut s = Session::default();
    for mut seen in w.observations() {
        if let Observation::Usage(usage) = &mut seen.what {
            usage.pods[1].containers[0].1.insert("cpu".into(), "12m".into());
        }
        s.apply(&seen);
    }
    let f = finding(&s, "idle-replica");
    assert!(f.text.contains("gateway-1 seems idle") && f.evidence.contains("160m against at most 12m"), "{f:?}");
}

#[test]
fn a_full_queue_is_reported_with_its_cause() {
    let f = finding(&one(|f| f.queue = |_| 10.0), "queue-full");
    assert!(f.text.contains("full for 120 s") && f.evidence.starts_with("10 of 10"), "{f:?}");
    let slow = one(|f| (f.queue, f.latency_s) = (|_| 10.0, Some(8.0)));
    assert!(finding(&slow, "elasticsearch-limits").evidence.contains("a bulk request takes 8 s"));
    let hangs = one(|f| (f.queue, f.latency_s) = (|_| 10.0, None));
    assert!(finding(&hangs, "elasticsearch-limits").evidence.contains("none comes back"));
    let refuses = one(|f| (f.queue, f.documents) = (|_| 10.0, vec![("too_many", "429", "", 5.0)]));
    assert!(finding(&refuses, "elasticsearch-limits").hint.contains("not the gateway"));
}

#[test]
fn ten_slots_are_full_now_and_then() {
    assert_eq!(found(&one(|f| f.queue = |s| if s % 30 < 20 { 10.0 } else { 3.0 })), Vec::<&str>::new());
    let large = |queue: fn(i64) -> f64| one(move |f| (f.queue, f.capacity) = (queue, 1000.0));
    assert_eq!(found(&large(|s| if s < 90 { 100.0 } else { 900.0 })), Vec::<&str>::new(), "not for long enough");
    assert_eq!(found(&large(|_| 800.0)), ["queue-full"]);
}

#[test]
fn agents_whose_queues_grow() {
    let agents = |queue: fn(i64) -> f64| {
        let mut agent = Flow::agent(0, 100.0);
        agent.queue = queue;
        let mut gateway = Flow::gateway(0, 100.0);
        gateway.queue = |_| 10.0;
        session(1, &[gateway, agent])
    };
    let f = finding(&agents(|s| s as f64), "agents-wait");
    assert!(f.text.contains("through the gateway's full queue") && f.evidence.contains("120 of 1000"), "{f:?}");
    assert!(!found(&agents(|s| if s < 110 { 0.0 } else { 3.0 })).contains(&"agents-wait"), "one step");
    assert!(!found(&agents(|s| if s < 80 { s as f64 } else { 160.0 - s as f64 })).contains(&"agents-wait"));
}

#[test]
fn lost_is_not_the_same_as_refused() {
    let f = finding(&one(|f| (f.sent, f.send_failed) = (60.0, 40.0)), "send-failed");
    assert_eq!(f.severity, Severity::Critical);
    assert!(
        f.text.contains("given up") && f.text.contains("lost") && f.evidence.contains("traces, metrics, logs"),
        "{f:?}"
    );
    let f = finding(&one(|f| f.enqueue_failed = 3.0), "enqueue-failed");
    assert!(f.text.contains("lost 1080 items: no room in the queue"), "{f:?}");
    let conflict = ("failed_client", "409", "version_conflict_engine_exception", 2.0);
    let f = finding(&one(|f| f.documents = vec![conflict]), "documents-rejected");
    assert!(f.text.contains("240 documents one by one: lost, though counted as sent"), "{f:?}");
    let f = finding(&one(|f| f.refused = 50.0), "memory-limiter-refuses");
    assert_eq!(f.severity, Severity::Warning);
    assert!(f.text.contains("senders may try again") && !f.text.contains("lost"), "{f:?}");
}

#[test]
fn what_agents_lose_the_gateway_never_sees() {
    let mut agent = Flow::agent(0, 100.0);
    (agent.sent, agent.enqueue_failed) = (80.0, 20.0);
    let f = finding(&session(1, &[Flow::gateway(0, 80.0), agent]), "enqueue-failed");
    assert!(f.text.starts_with("the agents lost") && f.text.ends_with("no room in the queue"), "{f:?}");
}

#[test]
fn more_comes_in_than_goes_out() {
    let f = finding(&one(|f| f.sent = 50.0), "backlog");
    assert!(f.evidence.contains("100/s accepted, 50/s sent"), "{f:?}");
    assert_eq!(found(&one(|f| f.sent = 95.0)), Vec::<&str>::new());
    assert_eq!(found(&one(|f| (f.sent, f.queue) = (50.0, |_| 10.0))), ["queue-full"], "it stays in the queue");
    assert_eq!(found(&one(|f| (f.sent, f.send_failed) = (50.0, 50.0))), ["send-failed"], "the loss explains it");
}

#[test]
fn requests_that_came_twice() {
    let twice = |sent: f64, queue: fn(i64) -> f64| {
        let mut agent = Flow::agent(0, 100.0);
        agent.sent = sent;
        agent.queue = queue;
        session(1, &[Flow::gateway(0, 100.0), agent])
    };
    let waited = |s| if s < 60 { 40.0 } else { 0.0 };
    assert!(finding(&twice(60.0, waited), "sent-twice").text.contains("about 4800"));
    assert_eq!(found(&twice(99.0, waited)), Vec::<&str>::new());
    assert_eq!(found(&twice(60.0, |_| 0.0)), Vec::<&str>::new(), "others may send past the agents");
}

#[test]
fn a_load_whose_requests_fail() {
    let load = |failed: f64| {
        let mut w = World::new(1);
        w.extra = k6(w.seconds, failed);
        w.session()
    };
    let f = finding(&load(0.714), "load-requests-fail");
    assert!(f.text.starts_with("71 % of k6's requests fail"), "{f:?}");
    assert_eq!(found(&load(0.01)), Vec::<&str>::new());
}

#[test]
fn a_load_that_cannot_start_or_ended_badly() {
    let load = |condition: &str, change: &dyn Fn(&mut ContainerSeen)| {
        let mut container = ContainerSeen { name: "k6".into(), image: "grafana/k6:0".into(), ..Default::default() };
        change(&mut container);
        let over = Condition { kind: condition.into(), status: "True".into(), ..Default::default() };
        let job = JobSeen { name: "k6-load".into(), conditions: vec![over], ..Default::default() };
        let pod =
            PodSeen { uid: "k6".into(), phase: "Pending".into(), containers: vec![container], ..Default::default() };
        let seen = [Observation::Job(Box::new(job)), Observation::LoadPod(Box::new(pod))];
        let mut w = World::new(1);
        w.extra = seen.into_iter().map(|what| Stamped { at: at(60), what }).collect();
        w.session()
    };
    let exit = |code: i32| move |c: &mut ContainerSeen| c.terminated = Some(Exit { code, ..Default::default() });
    let waits = |why: &'static str| move |c: &mut ContainerSeen| c.waiting = Some(why.into());
    let f = finding(&load("", &waits("ImagePullBackOff")), "load-stuck");
    assert!(f.text.contains("its image grafana/k6:0 cannot be pulled") && f.evidence == "Job k6-load", "{f:?}");
    assert_eq!(found(&load("", &waits("ContainerCreating"))), Vec::<&str>::new());
    let f = finding(&load("Failed", &exit(99)), "load-failed");
    assert!(f.text.contains("99: thresholds crossed"), "{f:?}");
    assert_eq!(found(&load("Complete", &exit(0))), Vec::<&str>::new());
}

#[test]
fn a_pod_that_leaves_with_a_full_queue() {
    let mut w = World::new(2);
    w.pods[1].deleted = Some(at(110));
    let mut leaving = Flow::gateway(1, 100.0);
    leaving.queue = |_| 7.0;
    w.extra = [Flow::gateway(0, 100.0), leaving].iter().flat_map(|f| f.scrapes(w.seconds)).collect();
    assert!(finding(&w.session(), "queue-leaves").text.contains("gateway-1 is being removed while its queue holds 7"));
    w.pods[1].deleted = None;
    assert_eq!(found(&w.session()), Vec::<&str>::new());
}
