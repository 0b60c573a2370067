//! Observations of every kind, with whatever may stand in them.

use chrono::{DateTime, Utc};
use edot_tui::observe::*;
use proptest::prelude::*;

type Str = BoxedStrategy<String>;

pub fn text() -> Str {
    prop_oneof![Just("a".to_string()), Just("b".to_string()), "\\PC{0,12}"].prop_map(cleaned).boxed()
}

/// As a source cleans what it reads.
fn cleaned(text: String) -> String {
    text::clean(&text, 200)
}

fn quantity() -> Str {
    let odd = "\\PC{0,6}".prop_map(cleaned);
    prop_oneof![Just("50m".to_string()), Just("1Gi".into()), Just("-1".into()), Just("9e99".into()), odd].boxed()
}

/// With all digits that a time can have.
pub fn time() -> BoxedStrategy<Time> {
    (any::<i32>(), 0u32..1_000_000_000)
        .prop_map(|(s, ns)| DateTime::<Utc>::from_timestamp(i64::from(s), ns).unwrap_or_default())
        .boxed()
}

fn when() -> BoxedStrategy<Option<Time>> {
    prop::option::of(time()).boxed()
}

fn resources() -> BoxedStrategy<Resources> {
    prop::collection::btree_map(text(), quantity(), 0..3).boxed()
}

fn condition() -> BoxedStrategy<Condition> {
    (text(), text(), text(), text(), when())
        .prop_map(|(kind, status, reason, message, since)| Condition { kind, status, reason, message, since })
        .boxed()
}

fn metric() -> BoxedStrategy<Metric> {
    let kind = prop_oneof![
        Just(MetricKind::Resource),
        Just(MetricKind::ContainerResource),
        Just(MetricKind::Pods),
        Just(MetricKind::Object),
        Just(MetricKind::External),
        Just(MetricKind::Unknown)
    ];
    let value = (any::<Option<i32>>(), prop::option::of(quantity()), prop::option::of(quantity()))
        .prop_map(|(utilization, average_value, value)| MetricValue { utilization, average_value, value });
    let some = || prop::option::of(text());
    (kind, prop_oneof![Just("cpu".to_string()), text()], some(), some(), some(), value)
        .prop_map(|(kind, name, container, object, selector, value)| Metric {
            kind,
            name,
            container,
            object,
            selector,
            value,
        })
        .boxed()
}

fn rules() -> BoxedStrategy<Rules> {
    let policy =
        (text(), any::<i32>(), any::<i32>()).prop_map(|(kind, value, period_s)| Policy { kind, value, period_s });
    let policies = prop::option::of(prop::collection::vec(policy, 0..3));
    (any::<Option<i32>>(), prop::option::of(text()), policies, prop::option::of(quantity()))
        .prop_map(|(window_s, select, policies, tolerance)| Rules { window_s, select, policies, tolerance })
        .boxed()
}

fn hpa() -> BoxedStrategy<HpaSeen> {
    let names = (text(), text(), text(), text(), when(), any::<Option<i64>>());
    let behavior = prop::option::of(
        (prop::option::of(rules()), prop::option::of(rules()))
            .prop_map(|(scale_up, scale_down)| Behavior { scale_up, scale_down }),
    );
    let metrics = || prop::collection::vec(metric(), 0..3);
    let spec = (any::<Option<i32>>(), any::<i32>(), metrics(), behavior);
    let status = (any::<Option<i32>>(), any::<i32>(), when(), metrics(), prop::collection::vec(condition(), 0..3));
    (names, spec, status)
        .prop_map(|((namespace, name, uid, version, created, generation), spec, status)| HpaSeen {
            target: TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: name.clone() },
            namespace,
            name,
            uid,
            resource_version: version,
            created,
            generation,
            edited: generation.map(|_| WriterSeen {
                manager: "editor".into(),
                subresource: String::new(),
                at: created,
            }),
            min_replicas: spec.0,
            max_replicas: spec.1,
            metrics: spec.2,
            behavior: spec.3,
            sync_period_s: spec.0,
            status: HpaStatus {
                current_replicas: status.0,
                desired_replicas: status.1,
                last_scale: status.2,
                metrics: status.3,
                conditions: status.4,
                observed_generation: generation,
            },
        })
        .boxed()
}

fn container() -> BoxedStrategy<ContainerSeen> {
    let exit = || {
        prop::option::of((any::<i32>(), text(), when(), when()).prop_map(|(code, reason, started, finished)| Exit {
            code,
            reason,
            started,
            finished,
        }))
    };
    let state =
        (any::<bool>(), any::<i32>(), prop::option::of(text()), prop::option::of(text()), when(), exit(), exit());
    ((text(), text(), any::<bool>(), resources(), resources()), state)
        .prop_map(|((name, image, sidecar, requests, limits), s)| ContainerSeen {
            name,
            image,
            sidecar,
            actual: s.0.then(|| limits.clone()),
            requests,
            limits,
            ready: s.0,
            restarts: s.1,
            waiting: s.2,
            waiting_message: s.3,
            running: s.4,
            terminated: s.5,
            last_terminated: s.6,
        })
        .boxed()
}

pub fn pod() -> BoxedStrategy<PodSeen> {
    let some = || prop::option::of(text());
    let ready = prop::option::of((text(), when()).prop_map(|(status, since)| ReadySeen { status, since }));
    let names = (text(), text(), some(), some(), prop_oneof![Just("Running".to_string()), text()]);
    let rest = (ready, some(), some(), prop::collection::vec(container(), 0..3), resources());
    (names, (when(), when(), when(), when()), rest)
        .prop_map(|((namespace, name, owner, node, phase), t, rest)| PodSeen {
            namespace,
            uid: name.clone(),
            name,
            owner,
            node,
            phase,
            created: t.0,
            started: t.1,
            deleted: t.2,
            scheduled: t.3,
            ready: rest.0,
            reason: rest.1,
            message: rest.2,
            containers: rest.3,
            requests: rest.4,
        })
        .boxed()
}

fn usage() -> BoxedStrategy<UsageSeen> {
    let one = (text(), time(), -1e9f64..1e9, prop::collection::vec((text(), resources()), 0..3))
        .prop_map(|(pod, at, window_s, containers)| PodUsage { pod, at, window_s, containers });
    prop::collection::vec(one, 0..4).prop_map(|pods| UsageSeen { pods }).boxed()
}

fn event() -> BoxedStrategy<EventSeen> {
    let object = (prop_oneof![Just("HorizontalPodAutoscaler".to_string()), text()], text(), text())
        .prop_map(|(kind, name, uid)| ObjectRef { kind, name, uid });
    let reason = prop_oneof![Just("SuccessfulRescale".to_string()), Just("ScalingReplicaSet".into()), text()];
    let message = prop_oneof![
        (any::<i8>(), text()).prop_map(|(n, t)| format!("New size: {n}; reason: {t}")),
        "\\PC{0,40}".prop_map(cleaned)
    ];
    ((text(), text(), when(), when(), any::<i32>()), text(), reason, message, text(), object)
        .prop_map(|((uid, namespace, first, last, count), kind, reason, message, source, object)| EventSeen {
            uid,
            namespace,
            first,
            last,
            count,
            kind,
            reason,
            message,
            source,
            object,
        })
        .boxed()
}

fn link() -> BoxedStrategy<FeedStatus> {
    let feed = prop::sample::select(Feed::ALL.to_vec());
    let state = prop::sample::select(vec![
        FeedState::Connecting,
        FeedState::Up,
        FeedState::Retrying,
        FeedState::Denied,
        FeedState::Absent,
        FeedState::Stale,
        FeedState::Unknown,
    ]);
    let rule = (text(), text(), text(), text()).prop_map(|(verb, group, resource, namespace)| Rule {
        verb,
        group,
        resource,
        namespace,
    });
    let some = || prop::option::of(text());
    (feed, state, some(), some(), any::<u32>(), when(), prop::option::of(rule))
        .prop_map(|(feed, state, reason, hint, attempt, retry_at, rule)| FeedStatus {
            feed,
            state,
            reason,
            hint,
            attempt,
            retry_at,
            rule,
        })
        .boxed()
}

fn target() -> BoxedStrategy<TargetSeen> {
    let counts = (any::<Option<i32>>(), any::<Option<i32>>(), any::<Option<i32>>(), any::<Option<i32>>());
    let lists = (prop::collection::vec(container(), 0..2), prop::collection::vec(condition(), 0..2));
    ((text(), text(), text(), when()), counts, any::<Option<i32>>(), text(), lists)
        .prop_map(|((kind, namespace, name, created), c, available, selector, lists)| TargetSeen {
            api_version: "apps/v1".into(),
            kind,
            namespace,
            uid: name.clone(),
            name,
            created,
            spec_replicas: c.0,
            scaled: c.3.map(|_| WriterSeen { manager: selector.clone(), subresource: "scale".into(), at: created }),
            stable_only: c.2.is_some(),
            replicas: c.1,
            ready: c.2,
            updated: c.3,
            available,
            selector,
            containers: lists.0,
            conditions: lists.1,
        })
        .boxed()
}

fn scaled_object() -> BoxedStrategy<ScaledObjectSeen> {
    let trigger =
        (text(), text(), any::<Option<bool>>()).prop_map(|(kind, name, active)| TriggerSeen { kind, name, active });
    let counts = (any::<Option<i32>>(), any::<Option<i32>>(), any::<Option<i32>>());
    let key = prop_oneof![Just("paused".to_string()), Just("paused-replicas".into())];
    let annotations = prop::collection::btree_map(key, prop_oneof![Just("true".to_string()), text()], 0..3);
    let failing = (text(), any::<i64>()).prop_map(|(metric, failures)| FailingSeen { metric, failures });
    let failing = prop::collection::vec(failing, 0..3);
    let lists = (prop::collection::vec(trigger, 0..3), prop::collection::vec(condition(), 0..3));
    ((text(), text(), when()), counts, annotations, failing, lists, prop::option::of(text()))
        .prop_map(|((name, uid, last_active), c, annotations, failing, lists, formula)| ScaledObjectSeen {
            name,
            uid,
            min_replicas: c.0,
            max_replicas: c.1,
            idle_replicas: c.2,
            cooldown_s: c.0,
            polling_s: c.1,
            annotations,
            triggers: lists.0,
            formula,
            fallback: c.2.map(|n| FallbackSeen { replicas: Some(n), failures: c.0 }),
            conditions: lists.1,
            failing,
            last_active,
        })
        .boxed()
}

fn vpa() -> BoxedStrategy<VpaSeen> {
    let policy = (text(), prop::option::of(text()), prop::option::of(prop::collection::vec(text(), 0..3)))
        .prop_map(|(container, mode, resources)| VpaPolicySeen { container, mode, resources });
    let recommended = (text(), resources()).prop_map(|(container, requests)| RecommendedSeen { container, requests });
    let recommended = prop::collection::vec(recommended, 0..3);
    ((text(), text(), text()), prop::option::of(text()), prop::collection::vec(policy, 0..3), recommended)
        .prop_map(|((name, uid, kind), mode, policies, recommended)| VpaSeen {
            target: TargetRef { api_version: "apps/v1".into(), kind, name: name.clone() },
            name,
            uid,
            mode,
            policies,
            recommended,
        })
        .boxed()
}

fn job() -> BoxedStrategy<JobSeen> {
    let counts = (any::<i32>(), any::<i32>(), any::<i32>(), any::<i32>(), any::<i32>());
    (
        (text(), text(), text()),
        (when(), when(), when(), when()),
        any::<bool>(),
        counts,
        prop::collection::vec(condition(), 0..3),
    )
        .prop_map(|((namespace, name, uid), t, suspended, c, conditions)| JobSeen {
            kind: String::new(),
            namespace,
            name,
            uid,
            created: t.0,
            deleted: t.1,
            started: t.2,
            completed: t.3,
            suspended,
            active: c.0,
            ready: c.1,
            succeeded: c.2,
            failed: c.3,
            completions: c.4,
            image: "k6".into(),
            conditions,
        })
        .boxed()
}

fn watching() -> BoxedStrategy<WatchingSeen> {
    (
        text(),
        prop_oneof![Just("v1.36.3".to_string()), text()],
        text(),
        any::<bool>(),
        prop::collection::vec(text(), 0..2),
    )
        .prop_map(|(context, server_version, hpa, lab, notes)| WatchingSeen {
            context,
            server_version,
            hpa,
            lab,
            notes,
            ..Default::default()
        })
        .boxed()
}

fn answer() -> BoxedStrategy<AnswerSeen> {
    let to = prop::sample::select(vec![Ask::PlanLoad, Ask::StartLoad, Ask::StopLoad, Ask::Unknown]);
    (to, any::<bool>(), text(), prop::collection::vec(text(), 0..3), any::<bool>())
        .prop_map(|(to, ok, text, steps, stops)| AnswerSeen { to, ok, text, steps, stops })
        .boxed()
}

fn cost() -> BoxedStrategy<CostSeen> {
    let some = || any::<Option<u64>>();
    (any::<u64>(), some(), some(), some(), any::<u64>(), any::<u64>(), any::<bool>())
        .prop_map(|(up_ms, cpu_ms, resident, highest, api, elastic, lab)| CostSeen {
            up_ms,
            cpu_ms,
            resident,
            highest,
            api,
            elastic,
            lab,
        })
        .boxed()
}

fn lease() -> BoxedStrategy<LeaseSeen> {
    (text(), when(), any::<i32>(), when())
        .prop_map(|(holder, acquired, transitions, lapsed)| LeaseSeen { holder, acquired, transitions, lapsed })
        .boxed()
}

/// Shadows, most of which fit no HPA.
pub fn shadows() -> BoxedStrategy<Vec<ShadowSeen>> {
    let spec = hpa().prop_map(|spec| ShadowSeen {
        file: "a/new.yaml".into(),
        spec: Some(Box::new(spec)),
        ..Default::default()
    });
    let flags = prop_oneof![Just("--max 3".to_owned()), Just("--target cpu=50".to_owned()), text()];
    let flags = flags.prop_map(|flags| ShadowSeen { flags, ..Default::default() });
    prop::collection::vec(prop_oneof![spec, flags], 0..3).boxed()
}

/// An observation of any kind that this version writes.
pub fn observation() -> BoxedStrategy<Observation> {
    prop_oneof![
        3 => Just(Observation::Tick),
        1 => watching().prop_map(Observation::Watching),
        2 => link().prop_map(Observation::FeedStatus),
        3 => hpa().prop_map(|h| Observation::Hpa(Box::new(h))),
        1 => Just(Observation::HpaGone),
        1 => target().prop_map(|t| Observation::Target(Box::new(t))),
        1 => Just(Observation::TargetGone),
        1 => (metric(), prop::collection::vec(quantity(), 0..3)).prop_map(|(m, values)| {
            let Metric { kind, name, selector, .. } = m;
            Observation::MetricValues(Box::new(MetricValuesSeen { kind, name, selector, values }))
        }),
        1 => scaled_object().prop_map(|s| Observation::ScaledObject(Box::new(s))),
        1 => Just(Observation::ScaledObjectGone),
        1 => vpa().prop_map(|v| Observation::Vpa(Box::new(v))),
        1 => text().prop_map(|uid| Observation::VpaGone { uid }),
        1 => lease().prop_map(Observation::Lease),
        1 => Just(Observation::OtherSynced),
        3 => pod().prop_map(|p| Observation::Pod(Box::new(p))),
        1 => text().prop_map(|n| Observation::PodGone(PodGone { uid: n.clone(), name: n })),
        3 => usage().prop_map(Observation::Usage),
        2 => event().prop_map(|e| Observation::Event(Box::new(e))),
        1 => job().prop_map(|j| Observation::Job(Box::new(j))),
        1 => text().prop_map(|name| Observation::JobGone { name }),
        1 => pod().prop_map(|p| Observation::LoadPod(Box::new(p))),
        4 => crate::it::support::any_inside::observation(),
        1 => cost().prop_map(Observation::Cost),
        1 => answer().prop_map(Observation::Answer),
        1 => text().prop_map(|text| Observation::Note { text }),
        1 => shadows().prop_map(|all| Observation::Shadows { all }),
        1 => Just(Observation::Unknown),
    ]
    .boxed()
}

/// Some of them, at any times.
pub fn stamped(most: usize) -> BoxedStrategy<Vec<Stamped>> {
    prop::collection::vec((time(), observation()).prop_map(|(at, what)| Stamped { at, what }), 0..most).boxed()
}
