//! No error is printed as the Debug form of a Rust value: broken kubeconfigs, servers and files against every command
//! that meets them.

use crate::it::support::fake_api::{FakeApi, Reply, world};
use crate::it::support::program;
use crate::it::support::tls::{Tls, client_identity, self_signed, tls, tls_with};
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

/// What Rust writes of a value, and no sentence holds.
const FORMS: [&str; 16] = [
    "Error(",
    "Other(",
    "{ ",
    "Some(",
    "Err(",
    "Ok(",
    "Os {",
    "Kind(",
    "Custom {",
    "Error {",
    "panicked",
    "RUST_BACKTRACE",
    "expected struct",
    "::",
    "InvalidCertificate",
    "UnknownIssuer",
];

/// The first form of Rust's in the text; a path of the program itself may hold one.
fn rusts_form(text: &str) -> Option<&'static str> {
    // IPv6, and a module path that the user typed.
    let text = text.replace("[::1]", "").replace("system::", "");
    FORMS.into_iter().find(|form| text.contains(form))
}

fn run(kubeconfig: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).env("KUBECONFIG", kubeconfig).env("XDG_CONFIG_HOME", kubeconfig.parent().unwrap());
    command.env("HOME", kubeconfig.parent().unwrap()).stdin(Stdio::null()).output().unwrap()
}

/// The case's outputs, checked; the sentence on stderr, or what the doctor found wrong.
fn plain(case: &str, kubeconfig: &Path, arguments: &[&str], faults: &Mutex<Vec<String>>) {
    let done = run(kubeconfig, arguments);
    let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let fault = |what: String| faults.lock().unwrap().push(format!("{case}, {arguments:?}: {what}\n{text}"));
    if let Some(form) = rusts_form(&text) {
        fault(format!("holds {form:?}"));
    }
    if !matches!(done.status.code(), Some(0..=6)) {
        fault(format!("exit {:?}", done.status));
    }
    if text.trim().is_empty() {
        fault("says nothing".into());
    }
}

const COMMANDS: [&[&str]; 4] = [
    &["status", "-o", "text", "--wait", "1s"],
    &["doctor", "--request-timeout", "1s"],
    &["doctor", "-o", "json", "--request-timeout", "1s"],
    &["record", "--for", "1s", "-o", "-"],
];

/// Every case with every command, a few at a time.
fn all_plain(cases: Vec<(String, String)>, commands: &[&[&str]]) {
    let (faults, cases) = (Mutex::new(Vec::new()), Mutex::new(cases));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let next = cases.lock().unwrap().pop();
                    let Some((case, kubeconfig)) = next else { break };
                    let folder = tempfile::tempdir().unwrap();
                    let path = folder.path().join("config");
                    std::fs::write(&path, kubeconfig).unwrap();
                    commands.iter().for_each(|command| plain(&case, &path, command, &faults));
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn kubeconfig(cluster: Value, user: Value) -> String {
    json!({"apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]})
    .to_string()
}

#[test]
fn broken_kubeconfigs() {
    let (certificate, key) = client_identity();
    let (_, other_key) = client_identity();
    let closed = "https://127.0.0.1:1";
    let mut cases: Vec<(String, String)> = [
        "",
        "[]",
        "7",
        "just text",
        "contexts: 7",
        "clusters: [\n: :",
        "users: [{name: 1}]",
        "{",
        "\u{0}",
        "a: &a [*a]",
        "current-context: c\ncontexts: [{name: c, context: {cluster: gone, user: gone}}]",
        "current-context: gone\ncontexts: [{name: c, context: {cluster: c, user: u}}]",
        "contexts: [{name: c, context: {cluster: c, user: u}}]",
        "contexts: [{name: c}]",
        "contexts: [{}]",
        "kind: Secret\napiVersion: v1\ndata: {a: b}",
    ]
    .iter()
    .map(|text| (format!("kubeconfig {text:?}"), (*text).to_owned()))
    .collect();
    let odd = [
        json!(null),
        json!(""),
        json!(" "),
        json!("%%%"),
        json!("\n"),
        json!(7),
        json!([]),
        json!({}),
        json!("aGVsbG8="),
    ];
    for field in [
        "server",
        "certificate-authority",
        "certificate-authority-data",
        "proxy-url",
        "tls-server-name",
        "insecure-skip-tls-verify",
    ] {
        for value in &odd {
            let mut cluster = json!({"server": closed});
            cluster[field] = value.clone();
            cases.push((format!("cluster {field}: {value}"), kubeconfig(cluster, json!({"token": "t"}))));
        }
    }
    for field in [
        "token",
        "tokenFile",
        "username",
        "password",
        "client-certificate",
        "client-certificate-data",
        "client-key",
        "client-key-data",
        "exec",
        "auth-provider",
        "as",
        "as-groups",
        "as-user-extra",
        "as-uid",
    ] {
        for value in &odd {
            let mut user = json!({});
            user[field] = value.clone();
            cases.push((format!("user {field}: {value}"), kubeconfig(json!({"server": closed}), user)));
        }
    }
    let exec = |fields: Value| {
        let mut exec =
            json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "Never"});
        exec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"exec": exec})
    };
    for (case, user) in [
        ("a key of another certificate", json!({"client-certificate-data": certificate, "client-key-data": other_key})),
        ("a certificate for a key", json!({"client-certificate-data": key, "client-key-data": certificate})),
        ("a certificate without a key", json!({"client-certificate-data": certificate})),
        ("a key without a certificate", json!({"client-key-data": key})),
        ("no such plugin", exec(json!({"command": "/no/such/plugin", "installHint": "install it"}))),
        ("a plugin that may not run", exec(json!({"command": "/dev/null"}))),
        ("a plugin that is a folder", exec(json!({"command": "/"}))),
        ("a plugin that fails", exec(json!({"args": ["-c", "exit 7"]}))),
        ("a plugin that is killed", exec(json!({"args": ["-c", "kill -9 $$"]}))),
        ("a plugin that prints nothing", exec(json!({"args": ["-c", "true"]}))),
        ("a plugin that prints rubbish", exec(json!({"args": ["-c", "printf '\\377\\000{['"]}))),
        ("a plugin with a strange answer", exec(json!({"args": ["-c", "echo '{\"status\":{\"token\":7}}'"]}))),
        (
            "a plugin with a wrong certificate",
            exec(
                json!({"args": ["-c", "echo '{\"status\":{\"clientCertificateData\":\"x\",\"clientKeyData\":\"y\"}}'"]}),
            ),
        ),
        ("a plugin that asks", exec(json!({"interactiveMode": "Always"}))),
        ("a plugin of no version", exec(json!({"apiVersion": "x/v0", "args": ["-c", "echo '{}'"]}))),
        ("a token of two lines", json!({"token": "a\nb"})),
        ("a token file that is a folder", json!({"tokenFile": "/"})),
        ("a token file that is missing", json!({"tokenFile": "/no/such/file"})),
    ] {
        cases.push((case.into(), kubeconfig(json!({"server": closed}), user)));
    }
    for (case, cluster) in [
        ("an authority that is missing", json!({"server": closed, "certificate-authority": "/no/such/file"})),
        ("an authority that is a folder", json!({"server": closed, "certificate-authority": "/"})),
        ("an authority that is a key", json!({"server": closed, "certificate-authority-data": key})),
        ("a proxy that is closed", json!({"server": "https://127.0.0.2:1", "proxy-url": "http://127.0.0.1:1"})),
        ("a socks proxy that is closed", json!({"server": "https://127.0.0.2:1", "proxy-url": "socks5://127.0.0.1:1"})),
        ("a port that is none", json!({"server": "https://127.0.0.1:99999"})),
        ("a scheme that is none", json!({"server": "unix:///var/run/x"})),
        ("a host that is none", json!({"server": "https://"})),
        ("a name that does not resolve", json!({"server": "https://no-such-host.invalid:6443"})),
        ("a server name that is none", json!({"server": closed, "tls-server-name": "a b"})),
    ] {
        cases.push((case.into(), kubeconfig(cluster, json!({"token": "t"}))));
    }
    all_plain(cases, &COMMANDS[..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_whose_certificates_cannot_be_used() {
    let (mut cases, mut servers) = (Vec::new(), Vec::new());
    let (v1, v1_key) = (include_str!("../live/certificates/v1.b64"), include_str!("../live/certificates/v1-key.b64"));
    let expired = |p: &mut rcgen::CertificateParams| {
        (p.not_before, p.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1));
    };
    let early = |p: &mut rcgen::CertificateParams| p.not_before = date_time_ymd(3000, 1, 1);
    let client_only =
        |p: &mut rcgen::CertificateParams| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let ca = |p: &mut rcgen::CertificateParams| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let well = tls();
    let others: [(&str, Tls, String); 10] = [
        ("of an unknown authority", well.clone(), tls().authority),
        ("without any name", tls_with(&[], |_| {}), String::new()),
        ("for another name", tls_with(&["elsewhere.example"], |_| {}), String::new()),
        ("that has expired", tls_with(&["127.0.0.1"], expired), String::new()),
        ("that is not valid yet", tls_with(&["127.0.0.1"], early), String::new()),
        ("for clients only", tls_with(&["127.0.0.1"], client_only), String::new()),
        ("that is an authority's", self_signed(&["127.0.0.1"], ca), String::new()),
        ("that has expired, given as the authority", self_signed(&["127.0.0.1"], expired), String::new()),
        ("of the system's authorities", well.clone(), "none".into()),
        ("with an authority of X.509 version 1", well.clone(), v1.trim().to_owned()),
    ];
    for (case, tls, authority) in others {
        let given = match authority.as_str() {
            "" => tls.authority.clone(),
            _ => authority.clone(),
        };
        let api = FakeApi::over(Some(tls), |_| None).await;
        let mut cluster = json!({"server": format!("https://{}", api.address)});
        if authority != "none" {
            cluster["certificate-authority-data"] = json!(given);
        }
        servers.push(api);
        cases.push((format!("a certificate {case}"), kubeconfig(cluster, json!({"token": "t"}))));
    }
    let http = FakeApi::start(|_| None).await;
    let cluster = json!({"server": format!("https://{}", http.address), "certificate-authority-data": well.authority});
    cases.push(("TLS to a server that speaks http".into(), kubeconfig(cluster, json!({"token": "t"}))));
    let https = FakeApi::secure(|_| None).await;
    let cluster = json!({"server": format!("http://{}", https.address)});
    cases.push(("http to a server that speaks TLS".into(), kubeconfig(cluster, json!({"token": "t"}))));
    let user = json!({"client-certificate-data": v1.trim(), "client-key-data": v1_key.trim()});
    let cluster = json!({"server": format!("https://{}", https.address), "certificate-authority-data": well.authority});
    cases.push(("a client certificate of X.509 version 1".into(), kubeconfig(cluster, user)));
    tokio::task::spawn_blocking(move || all_plain(cases, &COMMANDS)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_answer_what_they_should_not() {
    let (mut cases, mut servers) = (Vec::new(), Vec::new());
    let whole = |code, kind, body: &[u8]| Some(Reply::Whole(code, kind, body.to_vec()));
    for case in 0..12 {
        let api = FakeApi::start(move |r| match case {
            0 => whole(200, "text/html", b"<html><body>Welcome</body></html>"),
            1 => whole(200, "application/json", b"{\"items\": ["),
            2 => whole(200, "application/json", b"[]"),
            3 => whole(200, "application/json", b"null"),
            4 => whole(200, "application/json", b"{\"items\": [7, null, {\"metadata\": 3}]}"),
            5 => whole(502, "text/html", b"<h1>Bad Gateway</h1>"),
            6 => whole(302, "text/html", b"elsewhere"),
            7 => Some(Reply::Cut),
            8 => Some(Reply::Torn(b"{\"items\"".to_vec())),
            9 => whole(200, "application/octet-stream", &[0xff, 0xfe, 0, 1]),
            10 if r.is_watch() => Some(Reply::end([json!({"type": "ERROR", "object": {"code": 500}}), json!(7)])),
            11 if r.of("metrics.k8s.io") => whole(200, "application/json", b"[7]"),
            _ => Some(world::answer(r)),
        })
        .await;
        cases.push((
            format!("answer {case}"),
            kubeconfig(json!({"server": format!("http://{}", api.address)}), json!({})),
        ));
        servers.push(api);
    }
    tokio::task::spawn_blocking(move || all_plain(cases, &COMMANDS)).await.unwrap();
}

#[test]
fn broken_files() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("kubeconfig");
    std::fs::write(&config, "").unwrap();
    let faults = Mutex::new(Vec::new());
    let texts: [(&str, &[u8]); 10] = [
        ("empty", b""),
        ("text", b"hello\n"),
        ("json", b"{}"),
        ("later", b"{\"edot_tui_recording\":99}\n"),
        ("binary", &[0xff, 0x00, 0x9f, 0x92]),
        ("gzip", &[0x1f, 0x8b, 8, 0, 0, 0]),
        ("toml", b"a = [1,"),
        ("toml-types", b"[[expect]]\nid = 7\nkind = \"no-such\"\n"),
        ("yaml", b"a: [b"),
        ("manifest", b"kind: Pod\nspec: 7\n"),
    ];
    let (recording, nowhere) = ("tests/data/recordings/v1/cycle.jsonl.gz", "/no/such/file");
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join(recording).display().to_string();
    let mut files: Vec<String> = vec!["/".into(), "/dev/null".into(), nowhere.into()];
    for (name, text) in texts {
        let path = folder.path().join(format!("{name}.toml"));
        std::fs::write(&path, text).unwrap();
        files.push(path.display().to_string());
    }
    for file in &files {
        let file = file.as_str();
        for arguments in [
            &["report", file][..],
            &["compare", file, &recording],
            &["what-if", file, "--min", "2"],
            &["report", &recording, "--expectations", file],
            &["status", "--config", file, "--wait", "1s"],
            &["lab", "--serve", "--scenario", file],
            &["report", &recording, "-o", "svg", "--theme", file],
            &["record", "--load-manifest", file, "--for", "1s", "-o", "/no/such/folder/x"],
        ] {
            // These are right for some command.
            if arguments[0] == "lab" && file == "/dev/null" {
                continue;
            }
            plain(file, &config, arguments, &faults);
        }
    }
    for arguments in [
        &["what-if", &recording, "--target", "cpu=x"][..],
        &["what-if", &recording, "--min", "-1"],
        &["report", &recording, "--at", "yesterday"],
        &["report", &recording, "-o", "pdf"],
        &["status", "--fps", "0"],
        &["status", "--request-timeout", "1y"],
        &["replay", nowhere],
        &["no-such-command"],
    ] {
        plain("arguments", &config, arguments, &faults);
    }
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
