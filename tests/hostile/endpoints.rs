//! Elasticsearch and collector endpoints that send too much, the wrong thing, or elsewhere. The cluster beside them is the
//! embedded lab's shape: an API server with one HPA that is at rest.

use crate::process::{Family, edot_tui, run, together};
use crate::server::{Answer, Request, json, kubeconfig, start};
use std::time::Duration;

const ASKED: Duration = Duration::from_secs(4);
const SECRET: &str = "ap1-k3y-s3cr3t";

/// One HPA, one pod; watches are silent.
fn cluster(request: &Request) -> Answer {
    let item = match &request.path {
        p if p.contains("watch=1") => return Answer::Silent,
        p if p.contains("horizontalpodautoscalers") => {
            r#"{"metadata":{"name":"edot-gateway-hpa","namespace":"observability-lab","uid":"h"},"spec":{"minReplicas":1,"maxReplicas":4,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"edot-gateway"},"metrics":[]},"status":{"currentReplicas":1,"desiredReplicas":1}}"#
        }
        p if p.contains("deployments") => {
            r#"{"metadata":{"name":"edot-gateway","namespace":"observability-lab","uid":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"gw"}}},"status":{"replicas":1}}"#
        }
        p if p.contains("observability-lab/pods") && !p.contains("metrics.k8s.io") => {
            r#"{"metadata":{"name":"edot-gateway-1","namespace":"observability-lab","uid":"p","labels":{"app":"gw"}},"spec":{"containers":[{"name":"app"}]},"status":{"phase":"Running","podIP":"127.0.0.1","conditions":[{"type":"Ready","status":"True"}]}}"#
        }
        p if p.contains("version") => return json(r#"{"gitVersion":"v1.36.3"}"#),
        _ => "",
    };
    json(format!("{{\"metadata\":{{\"resourceVersion\":\"7\"}},\"items\":[{item}]}}"))
}

fn hold(family: &Family, case: &str, flag: &str, answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) {
    let (api, bad) = (start(cluster), start(answer));
    let (_folder, config) = kubeconfig(&api.url, "none");
    let url = if flag == "--collector-metrics" { format!("{}/metrics", bad.url) } else { bad.url.clone() };
    let mut command = edot_tui(&["status", "-o", "json", "--wait", "4s", "--request-timeout", "2s", flag, &url]);
    command.env("KUBECONFIG", &config).env("EDOT_TUI_ES_API_KEY", SECRET);
    let ended = run(command, ASKED);
    let case = format!("{flag}: {case}");
    family.hold(&case, &ended, ASKED);
    let text = format!("{}{}", ended.stderr, String::from_utf8_lossy(&ended.stdout));
    family.expect(!text.contains(SECRET), || format!("{case}: the API key is shown"));
    family.expect(ended.code == Some(0), || format!("{case}: exit code {:?}: {}", ended.code, ended.stderr));
    family.expect(!bad.seen.lock().unwrap().is_empty(), || format!("{case}: it was never asked"));
    family.expect(serde_json::from_slice::<serde_json::Value>(&ended.stdout).is_ok(), || {
        format!("{case}: stdout is no JSON")
    });
}

fn metrics(text: String) -> Answer {
    Answer::Whole(200, vec!["content-type: text/plain".into()], text.into_bytes())
}

/// Its name, and what it sends.
type BadConnection = (&'static str, fn() -> Answer);

/// Answers of a server that is slow, stops, or speaks something else.
fn bad_connections() -> Vec<BadConnection> {
    vec![
        ("nothing", || Answer::Raw(vec![])),
        ("half an answer", || Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"a\":".to_vec())),
        ("no HTTP", || Answer::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())),
        ("endless headers", || {
            Answer::Raw([b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: aaaaaaaa\r\n".repeat(400_000)].concat())
        }),
        ("a byte at a time", || Answer::Slow(b"{\"a\":1}".to_vec(), Duration::from_millis(400))),
        ("a body that never comes", || Answer::Silent),
        ("429 for a day", || Answer::Whole(429, vec!["retry-after: 86400".into()], b"slow down".to_vec())),
        ("a gzip bomb", || {
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            for _ in 0..400 {
                std::io::Write::write_all(&mut gz, &[b' '; 1 << 20]).unwrap();
            }
            Answer::Whole(200, vec!["content-encoding: gzip".into()], gz.finish().unwrap())
        }),
    ]
}

fn series(count: usize) -> String {
    (0..count).map(|n| format!("otelcol_exporter_sent_spans{{exporter=\"e{n}\"}} {n}\n")).collect()
}

fn collector(many: usize) {
    let family = Family::new("collector endpoint");
    const FLAG: &str = "--collector-metrics";
    let text = series(many);
    hold(&family, "many series", FLAG, move |_| metrics(text.clone()));
    hold(&family, "one endless line", FLAG, |_| Answer::Endless(vec![], b"otelcol_x{a=\"".to_vec(), b"a".to_vec()));
    hold(&family, "endless lines", FLAG, |_| Answer::Endless(vec![], vec![], b"otelcol_process_uptime 1\n".to_vec()));
    hold(&family, "brackets", FLAG, |_| metrics("{".repeat(100_000)));
    for value in ["NaN", "+Inf", "-Inf", "-1", "1e400", "0x10", "", "9".repeat(400).as_str()] {
        let text = format!(
            "# TYPE otelcol_exporter_sent_spans counter\notelcol_exporter_sent_spans{{exporter=\"elasticsearch\"}} {value}\n\
             otelcol_exporter_queue_size {value}\notelcol_process_uptime {value}\n"
        );
        hold(&family, &format!("value {value:.20}"), FLAG, move |_| metrics(text.clone()));
    }
    for (case, answer) in bad_connections() {
        hold(&family, case, FLAG, move |_| answer());
    }
    let labels = (0..many).map(|n| format!("l{n}=\"{n}\",")).collect::<String>();
    hold(&family, "many labels", FLAG, move |_| metrics(format!("otelcol_x{{{labels}}} 1\n")));
    hold(&family, "HTML", FLAG, |_| metrics("<html>no</html>".into()));
    hold(&family, "binary", FLAG, |_| metrics((0..50_000u32).map(|n| char::from(n as u8)).collect()));
    family.end();
}

/// What Elasticsearch says it is.
const ROOT: &str = r#"{"name":"n","cluster_name":"c","cluster_uuid":"u","version":{"number":"8.19.0"},"tagline":"You Know, for Search"}"#;

/// The headers of its answers.
fn head() -> Vec<String> {
    vec!["content-type: application/json".to_owned(), "x-elastic-product: Elasticsearch".to_owned()]
}

fn elasticsearch(all: bool) {
    let family = Family::new("Elasticsearch endpoint");
    const FLAG: &str = "--es-url";
    let rest = move |bad: Answer, r: &Request| match r.path.as_str() {
        "/" => Answer::Whole(200, head(), ROOT.into()),
        _ => bad,
    };
    hold(&family, "endless", FLAG, move |r| rest(Answer::Endless(head(), b"{\"a\":[".to_vec(), b"{},".to_vec()), r));
    hold(&family, "deep", FLAG, move |r| rest(Answer::Whole(200, head(), "[".repeat(100_000).into()), r));
    if all {
        for (case, answer) in bad_connections() {
            hold(&family, case, FLAG, move |_| answer());
            hold(&family, &format!("{case}, after it was found"), FLAG, move |r| rest(answer(), r));
        }
        hold(&family, "endless at once", FLAG, |_| Answer::Endless(vec![], vec![], b" ".to_vec()));
        for body in ["null", "[]", "\"x\"", "{\"indices\":7,\"nodes\":[],\"status\":{}}", "{\"indices\":{\"a\":null}}"]
        {
            hold(&family, body, FLAG, move |r| rest(Answer::Whole(200, head(), body.into()), r));
        }
        for code in [400, 401, 403, 404, 429, 500, 503] {
            let echo =
                format!("{{\"error\":{{\"reason\":\"bad header Authorization: ApiKey {SECRET}\"}},\"status\":{code}}}");
            hold(&family, &format!("{code} that echoes the key"), FLAG, move |_| {
                Answer::Whole(code, head(), echo.clone().into())
            });
        }
    }
    family.end();
}

#[test]
#[ignore = "long"]
fn collector_long() {
    collector(1_000_000);
}

#[test]
#[ignore = "long"]
fn elasticsearch_long() {
    elasticsearch(true);
}

#[test]
fn collector_in_short() {
    let family = Family::new("collector endpoint, in short");
    const FLAG: &str = "--collector-metrics";
    let text = series(50_000);
    hold(&family, "many series", FLAG, move |_| metrics(text.clone()));
    hold(&family, "one endless line", FLAG, |_| Answer::Endless(vec![], b"otelcol_x{a=\"".to_vec(), b"a".to_vec()));
    family.end();
}

#[test]
fn elasticsearch_in_short() {
    elasticsearch(false);
}

/// What the recorder writes its reader takes, however much Elasticsearch says at once.
#[test]
fn many_backing_indices_are_read_back() {
    let family = Family::new("Elasticsearch, many backing indices");
    together([3_000_u32, 8_000], |count| {
        let index = |n: u32| {
            format!(
                "\".ds-logs-generic.otel-namespace-with-a-long-name-{n}-2026.11.20-000001\":{{\"uuid\":\"u{n}\",\
                 \"primaries\":{{\"docs\":{{\"count\":5}},\"indexing\":{{\"index_total\":5,\"index_failed\":0}}}},\
                 \"shards\":{{\"0\":[{{\"routing\":{{\"state\":\"STARTED\",\"primary\":true,\"node\":\"N\"}},\"seq_no\":{{\"max_seq_no\":4}}}}]}}}}"
            )
        };
        let all = (0..count).map(index).collect::<Vec<_>>().join(",");
        let stats =
            format!("{{\"_shards\":{{\"total\":{count},\"successful\":{count},\"failed\":0}},\"indices\":{{{all}}}}}");
        let elastic = start(move |r| match r.path.as_str() {
            "/" => Answer::Whole(200, head(), ROOT.into()),
            p if p.contains("_stats") && !p.contains("_nodes") => Answer::Whole(200, head(), stats.clone().into()),
            _ => Answer::Whole(200, head(), b"{}".to_vec()),
        });
        let api = start(cluster);
        let (folder, config) = kubeconfig(&api.url, "none");
        let file = folder.path().join("run.jsonl");
        let mut record = edot_tui(&["record", "--for", "6s", "--es-url", &elastic.url, "-o"]);
        record.arg(&file).env("KUBECONFIG", &config);
        let case = format!("{count} backing indices");
        let asked = Duration::from_secs(6);
        family.hold(&case, &run(record, asked), asked);
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        family.expect(text.contains("otel-namespace-with-a-long-name"), || format!("{case}: none were recorded"));
        let mut report = edot_tui(&["report", "-o", "json"]);
        report.arg(&file);
        let ended = run(report, Duration::ZERO);
        family.hold(&case, &ended, Duration::ZERO);
        let said = serde_json::from_slice::<serde_json::Value>(&ended.stdout).unwrap_or_default();
        family.expect(ended.code == Some(0) && said["damage"] == serde_json::json!([]), || {
            format!("{case}: the report ends with {:?}, damage {}: {}", ended.code, said["damage"], ended.stderr)
        });
    });
    family.end();
}

#[test]
fn elasticsearch_that_redirects_is_not_followed() {
    let family = Family::new("Elasticsearch, redirects");
    together([302, 307], |code| {
        let elsewhere = start(|_| Answer::Endless(vec![], b"{".to_vec(), b" ".to_vec()));
        let to = elsewhere.url.clone();
        hold(&family, &format!("redirect {code}"), "--es-url", move |r| {
            Answer::Whole(code, vec![format!("location: {to}{}", r.path)], vec![])
        });
        let seen = elsewhere.seen.lock().unwrap().len();
        family.expect(seen == 0, || format!("redirect {code}: followed {seen} times"));
    });
    family.end();
}
