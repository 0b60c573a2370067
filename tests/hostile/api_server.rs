//! An API server that sends too much, too little, too slowly, elsewhere, or from another time.

use crate::process::{Family, HANGS, MEMORY, edot_tui, ended_child, peak, run, terminate, together};
use crate::server::{Answer, Request, json, kubeconfig, start};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TOKEN: &str = "s3cr3t-t0ken";
const ASKED: Duration = Duration::from_secs(3);

fn hold(family: &Family, case: &str, answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) {
    let server = start(answer);
    let (_folder, config) = kubeconfig(&server.url, TOKEN);
    for args in [&["status", "--wait", "3s", "--request-timeout", "2s"][..], &["doctor", "--request-timeout", "2s"]] {
        let mut command = edot_tui(args);
        command.env("KUBECONFIG", &config);
        let ended = run(command, ASKED);
        family.hold(&format!("{case}, {}", args[0]), &ended, ASKED);
        let text = format!("{}{}", ended.stderr, String::from_utf8_lossy(&ended.stdout));
        family.expect(!text.contains(TOKEN), || format!("{case}: the token is shown"));
    }
    // As kubectl, it sends none where the address is http.
    let sent = server.seen.lock().unwrap().iter().any(|r| r.headers.iter().any(|h| h.contains(TOKEN)));
    family.expect(!sent, || format!("{case}: the token was sent in the clear"));
}

fn list(request: &Request, items: impl Into<Vec<u8>>) -> Option<Answer> {
    let items = items.into();
    if request.path.contains("watch=1") {
        return Some(Answer::Silent);
    }
    let is_list =
        ["horizontalpodautoscalers", "pods", "events", "jobs", "deployments"].iter().any(|k| request.path.contains(k));
    is_list.then(|| json([br#"{"metadata":{"resourceVersion":"7"},"items":["#, &items[..], b"]}"].concat()))
}

fn version() -> Answer {
    json(r#"{"gitVersion":"v1.36.3"}"#)
}

/// Lists of many small objects take far more memory than they have bytes.
fn many_objects(count: usize) -> Vec<u8> {
    let mut items = b"{},".repeat(count);
    items.pop();
    items
}

fn cases(objects: usize, bytes: usize) {
    let family = Family::new("API server");
    let items = many_objects(objects);
    hold(&family, "empty objects without end", move |r| list(r, items.clone()).unwrap_or_else(version));
    let filler =
        format!("{{\"metadata\":{{\"name\":\"a\",\"uid\":\"a\"}},\"x\":\"{}\"}}", "a".repeat(bytes)).into_bytes();
    hold(&family, "a list of many bytes", move |r| list(r, filler.clone()).unwrap_or_else(version));
    hold(&family, "endless pages", |r| match list(r, "") {
        Some(Answer::Whole(..)) => json(
            r#"{"metadata":{"resourceVersion":"7","continue":"more"},"items":[{"metadata":{"name":"a","uid":"a"}}]}"#,
        ),
        Some(other) => other,
        None => version(),
    });
    hold(&family, "an answer without end", |_| {
        Answer::Endless(
            vec!["content-type: application/json".into()],
            br#"{"items":["#.to_vec(),
            b"{\"metadata\":{}},".to_vec(),
        )
    });
    hold(&family, "brackets without end", |_| {
        Answer::Endless(vec!["content-type: application/json".into()], vec![], b"[".to_vec())
    });
    hold(&family, "half an answer", |_| {
        Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"items\":[".to_vec())
    });
    hold(&family, "no HTTP", |_| Answer::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()));
    hold(&family, "nothing", |_| Answer::Raw(vec![]));
    hold(&family, "endless headers", |_| {
        Answer::Raw(
            [b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(100_000)].concat(),
        )
    });
    hold(&family, "a byte at a time", |_| Answer::Slow(b"{\"items\":[]}".to_vec(), Duration::from_millis(300)));
    hold(&family, "429 for ever", |_| Answer::Whole(429, vec!["retry-after: 86400".into()], b"slow down".to_vec()));
    hold(&family, "429 with nonsense", |_| Answer::Whole(429, vec!["retry-after: -1".into()], b"{}".to_vec()));
    for (case, body) in [
        ("a string", r#""yes""#.to_owned()),
        ("a number", "1e999".into()),
        ("null", "null".into()),
        ("HTML", "<html><body>Sign in</body></html>".into()),
        ("deep JSON", "[".repeat(100_000)),
        ("items is no list", r#"{"items":{"a":1}}"#.into()),
        ("wrong types", r#"{"metadata":7,"items":[{"metadata":{"name":[],"uid":{}},"spec":"x","status":3}]}"#.into()),
        (
            "control characters",
            "{\"kind\":\"Status\",\"message\":\"\\u001b[2J\\u0007owned\\u202e\",\"code\":403}".into(),
        ),
    ] {
        let (first, second) = (body.clone(), body);
        hold(&family, case, move |_| json(first.clone()));
        hold(&family, &format!("500 with {case}"), move |_| Answer::Whole(500, vec![], second.clone().into_bytes()));
    }
    let years = ["0000", "0001", "9999", "-0001", "99999"].map(|year| format!("{year}-12-31T23:59:59Z"));
    let days = [-1, 1].map(|days| (chrono::Utc::now() + chrono::TimeDelta::days(days)).to_rfc3339());
    for time in years.into_iter().chain(days) {
        hold(&family, &format!("the time {time}"), move |r| {
            let object = format!(
                "{{\"metadata\":{{\"name\":\"edot-gateway-hpa\",\"uid\":\"u\",\"creationTimestamp\":\"{time}\"}},\
                 \"spec\":{{\"minReplicas\":1,\"maxReplicas\":4,\"scaleTargetRef\":{{\"kind\":\"Deployment\",\"name\":\"d\"}}}},\
                 \"status\":{{\"lastScaleTime\":\"{time}\",\"currentReplicas\":1,\"startTime\":\"{time}\",\"conditions\":[{{\"type\":\"Ready\",\
                 \"status\":\"True\",\"lastTransitionTime\":\"{time}\"}}]}},\"timestamp\":\"{time}\",\"window\":\"15s\",\
                 \"lastTimestamp\":\"{time}\",\"firstTimestamp\":\"{time}\",\"count\":2147483647}}"
            );
            list(r, object).unwrap_or_else(version)
        });
    }
    hold(&family, "a Date of another century", |_| {
        Answer::Whole(200, vec!["date: Fri, 01 Jan 1999 00:00:00 GMT".into()], br#"{"items":[]}"#.to_vec())
    });
    family.end();
}

#[test]
#[ignore = "long"]
fn answers() {
    cases(4_000_000, 200 << 20);
}

/// A cluster at rest with a load, whose events and logs come as fast as it likes.
fn busy(events: u64, log: &'static [u8]) -> impl Fn(&Request) -> Answer + Send + Sync + 'static {
    move |r| {
        let item = match r.path.as_str() {
            p if p.contains("watch=1") && p.contains("/events") => {
                let event = |n: u64| {
                    format!(
                        "{{\"type\":\"ADDED\",\"object\":{{\"metadata\":{{\"name\":\"e{n}\",\"namespace\":\"observability-lab\",\"uid\":\"e{n}\",\
                         \"resourceVersion\":\"{}\"}},\"involvedObject\":{{\"kind\":\"HorizontalPodAutoscaler\",\"name\":\"edot-gateway-hpa\",\
                         \"namespace\":\"observability-lab\",\"uid\":\"h\"}},\"reason\":\"R{n}\",\"message\":\"message {n}\",\"type\":\"Normal\",\
                         \"lastTimestamp\":\"2026-11-24T00:00:00Z\",\"count\":1}}}}\n",
                        n + 10
                    )
                };
                return Answer::Pieces(Arc::new(move |n| event(n).into_bytes()), events);
            }
            p if p.contains("watch=1") => return Answer::Silent,
            p if p.contains("/log?") => return Answer::Endless(vec![], vec![], log.to_vec()),
            p if p.contains("horizontalpodautoscalers") => {
                r#"{"metadata":{"name":"edot-gateway-hpa","namespace":"observability-lab","uid":"h"},"spec":{"minReplicas":1,"maxReplicas":4,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"edot-gateway"},"metrics":[]},"status":{"currentReplicas":1,"desiredReplicas":1}}"#
            }
            p if p.contains("/jobs") => {
                r#"{"metadata":{"name":"k6-load","namespace":"demo-app","uid":"j"},"spec":{"template":{"spec":{"containers":[{"name":"k6","image":"grafana/k6"}]}}},"status":{"active":1,"startTime":"2026-11-24T00:00:00Z"}}"#
            }
            p if p.contains("demo-app/pods") => {
                r#"{"metadata":{"name":"k6-load-1","namespace":"demo-app","uid":"p","labels":{"job-name":"k6-load"}},"spec":{"containers":[{"name":"k6","image":"grafana/k6"}]},"status":{"phase":"Running","podIP":"127.0.0.1","containerStatuses":[{"name":"k6","state":{"running":{"startedAt":"2026-11-24T00:00:00Z"}},"ready":true}]}}"#
            }
            p if p.contains("version") => return version(),
            _ => "",
        };
        json(format!("{{\"metadata\":{{\"resourceVersion\":\"7\"}},\"items\":[{item}]}}"))
    }
}

/// What comes as fast as it can keeps neither a recording from its end nor the program from a signal.
fn floods(seconds: u64) {
    let family = Family::new("API server that floods");
    let lasts = format!("{seconds}s");
    let asked = Duration::from_secs(seconds);
    let cases = [
        ("50,000 events a second", 50_000, &b""[..]),
        ("a log of newlines", 1, b"\n"),
        ("a log of short lines", 1, b"x\n"),
        ("a log of progress lines", 1, b"running (0m37.0s), 200/200 VUs, 1234 complete and 0 interrupted iterations\n"),
        ("a log without a line end", 1, b"a"),
    ];
    together(cases, |(case, events, log)| {
        let server = start(busy(events, log));
        let (folder, config) = kubeconfig(&server.url, TOKEN);
        let file = folder.path().join("run.jsonl.gz");
        let mut command = edot_tui(&["record", "--for", &lasts, "-o"]);
        command.arg(&file).env("KUBECONFIG", &config);
        let ended = run(command, asked);
        family.hold(case, &ended, asked);
        family.expect(ended.code == Some(0), || format!("{case}: exit code {:?}: {}", ended.code, ended.stderr));
        let asked_for = |what: &str| server.seen.lock().unwrap().iter().any(|r| r.path.contains(what));
        family.expect(asked_for("/events") && asked_for("/log?"), || format!("{case}: it was never asked"));
        let began = Instant::now();
        let mut command = edot_tui(&["record", "-o", "-"]);
        let mut child = command.env("KUBECONFIG", &config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(asked);
        let memory = peak(&child);
        terminate(&child);
        let code = ended_child(&mut child, HANGS);
        family.expect(code == Some(143), || format!("{case}: SIGTERM: exit code {code:?}"));
        family.expect(memory < MEMORY, || format!("{case}: {} MB", memory >> 20));
        family.note(memory, began.elapsed());
    });
    family.end();
}

#[test]
fn floods_in_short() {
    floods(2);
}

#[test]
#[ignore = "long"]
fn floods_long() {
    floods(20);
}

/// The worst of them, in every run of the tests.
#[test]
fn answers_in_short() {
    let family = Family::new("API server, in short");
    let items = many_objects(2_000_000);
    hold(&family, "empty objects without end", move |r| list(r, items.clone()).unwrap_or_else(version));
    hold(&family, "deep JSON", |_| json("[".repeat(100_000)));
    hold(&family, "nothing", |_| Answer::Raw(vec![]));
    family.end();
}

/// A server that sends elsewhere must not be followed, and nothing secret may arrive there.
#[test]
fn a_redirect_takes_no_credentials_along() {
    let family = Family::new("API server, redirects");
    for code in [301, 302, 307, 308] {
        let elsewhere = start(|_| json(r#"{"items":[],"gitVersion":"v1.36.3"}"#));
        let to = elsewhere.url.clone();
        hold(&family, &format!("redirect {code}"), move |r| {
            Answer::Whole(code, vec![format!("location: {to}{}", r.path)], vec![])
        });
        let seen = elsewhere.seen.lock().unwrap();
        let leaked = seen.iter().any(|r| r.headers.iter().any(|h| h.contains(TOKEN)));
        family.expect(!leaked, || format!("redirect {code}: the token went elsewhere"));
    }
    family.end();
}
