//! Where secrets come from, and where they must not go: every source against every sink, with the program as a process.

use crate::it::support::program;
use crate::it::support::stub_api::{listen, listen_secure, status};
use crate::it::support::tls::client_identity;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A setup in which secrets have come in, and what each is called.
struct Source {
    name: &'static str,
    kubeconfig: Value,
    environment: Vec<(&'static str, String)>,
    arguments: Vec<String>,
    secrets: Vec<String>,
    folder: TempDir,
}

impl Source {
    fn new(name: &'static str, cluster: Value, user: Value) -> Source {
        let kubeconfig = json!({"apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]});
        let folder = tempfile::tempdir().unwrap();
        Source { name, kubeconfig, environment: vec![], arguments: vec![], secrets: vec![], folder }
    }

    fn secret(mut self, secret: &str) -> Source {
        self.secrets.push(secret.to_owned());
        self
    }

    fn with(mut self, arguments: &[&str]) -> Source {
        self.arguments.extend(arguments.iter().map(|a| (*a).to_owned()));
        self
    }

    fn variable(mut self, name: &'static str, value: &str) -> Source {
        self.environment.push((name, value.to_owned()));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).args(&self.arguments).envs(self.environment.iter().cloned());
        command.env("KUBECONFIG", self.path("config")).env("XDG_CONFIG_HOME", self.folder.path());
        command.args(["--log-level", "trace", "--log-file"]).arg(self.path("log"));
        command
    }

    /// The text that the command gave to each sink, by the sink's name; the command lines of its children among them.
    fn run(&self, arguments: &[&str]) -> Vec<(String, Vec<u8>)> {
        let command = self.command(arguments);
        let mut child = { command }.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut children = Vec::new();
        let (out, err) = (drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap()));
        while child.try_wait().unwrap().is_none() {
            of_children(child.id(), &mut children);
            std::thread::sleep(Duration::from_millis(10));
        }
        let named = |sink: &str| format!("{sink} of {}", arguments.join(" "));
        vec![
            (named("stdout"), out.join().unwrap()),
            (named("stderr"), err.join().unwrap()),
            (named("children"), children),
        ]
    }

    /// Everything that any sink got.
    fn sinks(&self) -> Vec<(String, Vec<u8>)> {
        std::fs::write(self.path("config"), self.kubeconfig.to_string()).unwrap();
        let recording = self.path("run.jsonl").display().to_string();
        let mut all = Vec::new();
        for arguments in [
            &["--print-config"][..],
            &["status", "-o", "json", "--wait", "3s"],
            &["status", "-o", "text", "--wait", "1s"],
            &["doctor"],
            &["doctor", "-o", "json"],
            &["record", "--for", "3s", "-o", &recording],
        ] {
            all.extend(self.run(arguments));
        }
        if Path::new(&recording).exists() {
            for form in ["text", "markdown", "json", "csv", "html", "junit", "svg", "cast"] {
                let done = Command::new(program()).args(["report", &recording, "-o", form]).output().unwrap();
                assert!(!done.stdout.is_empty() || form == "csv", "{}: report {form}: {done:?}", self.name);
                all.push((format!("report {form}"), [done.stdout, done.stderr].concat()));
            }
            all.push(("recording".into(), std::fs::read(&recording).unwrap()));
        }
        all.push(("log".into(), std::fs::read(self.path("log")).unwrap_or_default()));
        // Written by the plugins.
        all.push(("environment of a plugin".into(), std::fs::read(self.path("environ")).unwrap_or_default()));
        all
    }
}

/// Read to the end, so that the child never waits for it.
fn drain(mut from: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        let _ = from.read_to_end(&mut all);
        all
    })
}

/// The command lines of the children of all its threads, now.
fn of_children(pid: u32, to: &mut Vec<u8>) {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for thread in threads {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let line = std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            // Between fork and exec it is still the program itself.
            if !to.ends_with(&line) {
                to.extend(line);
            }
        }
    }
}

/// Every secret of the source against everything that any sink got; how many cells were tried.
fn tried(source: &Source) -> usize {
    let sinks = source.sinks();
    for (sink, text) in &sinks {
        let text = String::from_utf8_lossy(text);
        for secret in &source.secrets {
            let encoded = BASE64_STANDARD.encode(secret);
            for form in [secret.as_str(), encoded.trim_end_matches('=')] {
                let at = text.find(form);
                let near = at.map(|at| text.get(at.saturating_sub(120)..at).unwrap_or_default());
                assert!(at.is_none(), "{}: {sink} shows {secret} after {near:?}", source.name);
            }
        }
    }
    sinks.len() * source.secrets.len()
}

/// All sources at once: most of the time they wait.
fn try_all(sources: Vec<Source>) {
    let running: Vec<_> = sources.into_iter().map(|source| std::thread::spawn(move || tried(&source))).collect();
    let cells: usize = running.into_iter().map(|one| one.join().unwrap_or_else(|e| std::panic::resume_unwind(e))).sum();
    println!("{cells} cells tried");
}

fn exec(script: &str, environment: Value) -> Value {
    json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "sh", "args": [script], "env": environment}})
}

/// The lab as another process, which serves a cluster with Secrets, ConfigMaps, collectors and Elasticsearch over TLS.
struct Lab {
    child: Child,
    kubeconfig: Value,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lab() -> Lab {
    let mut child = Command::new(program())
        .args(["lab", "--serve", "--speed", "20"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let path = line.split_whitespace().find(|w| w.starts_with('/')).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    Lab { child, kubeconfig: serde_saphyr::from_str(&text).unwrap() }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_a_cluster_that_works_reach_no_sink() {
    let lab = lab();
    let cluster = lab.kubeconfig["clusters"][0]["cluster"].clone();
    let token = lab.kubeconfig["users"][0]["user"]["token"].as_str().unwrap().to_owned();
    let (server, client) = (
        cluster["server"].as_str().unwrap().to_owned(),
        reqwest::Client::builder().danger_accept_invalid_certs(true).build().unwrap(),
    );
    let at = |path: &str| format!("{server}/api/v1/namespaces/observability-lab/{path}");
    let got = |path: &str| client.get(at(path)).bearer_auth(&token).send();
    let secrets: Value = got("secrets").await.unwrap().json().await.unwrap();
    let passwords: Vec<String> = secrets["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|s| s["data"].as_object().cloned().unwrap_or_default())
        .filter_map(|(_, v)| String::from_utf8(BASE64_STANDARD.decode(v.as_str()?).ok()?).ok())
        .filter(|password| password.len() >= 8)
        .collect();
    assert!(!passwords.is_empty(), "{secrets}");
    let maps: Value = got("configmaps").await.unwrap().json().await.unwrap();
    let mut changed = 0;
    for map in maps["items"].as_array().unwrap() {
        let name = map["metadata"]["name"].as_str().unwrap();
        for (key, text) in map["data"].as_object().unwrap() {
            let text = text.as_str().unwrap();
            let hidden = text.replacen("exporters:", "extensions:\n  bearertokenauth: {token: map-s3cret-1}\nexporters:\n  otlphttp/x: {endpoint: 'https://me:map-s3cret-2@x', headers: {Authorization: 'ApiKey map-s3cret-3'}}", 1);
            changed += usize::from(hidden != text);
            let patch = json!({"data": {key: hidden}}).to_string();
            let sent = client.patch(at(&format!("configmaps/{name}"))).bearer_auth(&token);
            let sent = sent.header("content-type", "application/merge-patch+json").body(patch).send().await.unwrap();
            assert!(sent.status().is_success(), "{:?}", sent.text().await);
        }
    }
    assert!(changed > 0, "a collector's configuration holds secrets: {maps}");
    let (certificate, key) = client_identity();
    let key_text = String::from_utf8(BASE64_STANDARD.decode(&key).unwrap()).unwrap();
    let user = json!({"token": token, "client-certificate-data": certificate, "client-key-data": key});
    let es = |source: Source| {
        source
            .variable("EDOT_TUI_ES_PASSWORD", "env-passw0rd-1")
            .secret("env-passw0rd-1")
            .variable("EDOT_TUI_ES_API_KEY", "env-ap1-key-2")
            .secret("env-ap1-key-2")
    };
    let with_token = Source::new("token, key, Secret, ConfigMap", cluster.clone(), user)
        .secret(&token)
        .secret(key_text.lines().nth(1).unwrap())
        .variable("HTTPS_PROXY", "http://me:pr0xy-env-secret@127.0.0.1:1")
        .secret("pr0xy-env-secret");
    let with_token = passwords.iter().fold(with_token, |source, password| source.secret(password));
    let with_token = (1..=3).fold(with_token, |source, n| source.secret(&format!("map-s3cret-{n}")));
    let mut by_plugin = es(Source::new("a plugin that works", cluster.clone(), Value::Null))
        .with(&["--es-url", "http://127.0.0.1:1"])
        .secret(&token);
    let environ = by_plugin.path("environ").display().to_string();
    let script = by_plugin.file(
        "plugin.sh",
        &format!(
            "env | grep -v ^PLUGIN_TOKEN > {environ}; echo noise eyJwbHVnaW4tbm9pc2Ui.eyJwbHVnaW4tbm9pc2Ui >&2; \
             echo \"{{\\\"status\\\":{{\\\"token\\\":\\\"{token}\\\"}}}}\"; sleep 0.1"
        ),
    );
    by_plugin.kubeconfig["users"][0]["user"] =
        exec(&script, json!([{"name": "PLUGIN_TOKEN", "value": "exec-env-s3cret"}]));
    let by_plugin = by_plugin.secret("exec-env-s3cret").secret("eyJwbHVnaW4tbm9pc2Ui");
    try_all(vec![with_token, by_plugin]);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_a_cluster_that_fails_reach_no_sink() {
    let echo = |code| {
        move |asked: &crate::it::support::stub_api::Asked| {
            let given = asked.authorization.clone();
            let bare = given.split(' ').next_back().unwrap_or_default().to_owned();
            status(code, "Unauthorized", &format!("got Authorization: {given} but cannot use {bare}; raw({bare})"))
        }
    };
    let mut sources = Vec::new();
    for code in [401, 403, 404, 500, 503] {
        let (cluster, _) = listen_secure(echo(code)).await;
        sources.push(Source::new("an echo of the token", cluster, json!({"token": "tok-s3cret"})).secret("tok-s3cret"));
        let (cluster, _) = listen_secure(echo(code)).await;
        let user = json!({"username": "me", "password": "basic-s3cret"});
        sources.push(
            Source::new("an echo of the password", cluster, user).secret("basic-s3cret").secret("me:basic-s3cret"),
        );
    }
    let (cluster, _) = listen_secure(echo(403)).await;
    let mut failing = Source::new("a plugin that fails", cluster, Value::Null);
    let environ = failing.path("environ").display().to_string();
    let script = failing.file(
        "plugin.sh",
        &format!(
            "env | grep -v ^CLIENT_SECRET > {environ}; echo '{{\"status\":{{\"token\":\"out-s3cret\"}}}}'; \
             echo \"invalid client_secret=err-s3cret; password: err-passw0rd; $CLIENT_SECRET; \
             Bearer err-t0ken https://me:err-url-s3cret@x eyJhbGciOiJub25l.eyJzdWIiOiJtZSJ9\" >&2; exit 1"
        ),
    );
    failing.kubeconfig["users"][0]["user"] =
        exec(&script, json!([{"name": "CLIENT_SECRET", "value": "exec-env-s3cret"}]));
    let secrets = [
        "out-s3cret",
        "err-s3cret",
        "err-passw0rd",
        "err-t0ken",
        "err-url-s3cret",
        "exec-env-s3cret",
        "eyJzdWIiOiJtZSJ9",
    ];
    let failing = secrets.iter().fold(failing, |source, secret| source.secret(secret));
    let failing = failing.variable("EDOT_TUI_ES_PASSWORD", "env-passw0rd-1").secret("env-passw0rd-1");
    sources.push(failing);
    let odd = Source::new("a plugin that prints no credential", json!({"server": "https://127.0.0.1:1"}), Value::Null);
    let script = odd.file("plugin.sh", "echo 'token: odd-s3cret: ]'; echo odd-err-s3cret | base64 >&2");
    let mut odd = odd.secret("odd-s3cret");
    odd.kubeconfig["users"][0]["user"] = exec(&script, json!([]));
    sources.push(odd);
    let provider = json!({"auth-provider": {"name": "gcp", "config": {"access-token": "old-s3cret", "expiry": "2001-01-01T00:00:00Z",
        "cmd-path": "sh", "cmd-args": "-c printf${IFS}out-s3cret;exit${IFS}1"}}});
    sources.push(
        Source::new("a helper that fails", json!({"server": "https://127.0.0.1:1"}), provider).secret("old-s3cret"),
    );
    for (name, cluster) in [
        ("server", json!({"server": "https://me:addr-s3cret@127.0.0.1:1"})),
        ("server over http", json!({"server": "http://me:addr-s3cret@127.0.0.1:1"})),
        ("server without a scheme", json!({"server": "me:addr-s3cret@127.0.0.1:1"})),
        ("server that is no address", json!({"server": "https://me:addr-s3cret@ x"})),
        ("proxy", json!({"server": "https://127.0.0.2:1", "proxy-url": "http://me:addr-s3cret@127.0.0.1:1"})),
        (
            "proxy of an unknown kind",
            json!({"server": "https://127.0.0.2:1", "proxy-url": "ftp://me:addr-s3cret@127.0.0.1:1"}),
        ),
        (
            "proxy that is no address",
            json!({"server": "https://127.0.0.2:1", "proxy-url": "http://me:addr-s3cret@:x:y"}),
        ),
    ] {
        sources.push(
            Source::new(name, cluster, json!({"token": "tok-s3cret"})).secret("addr-s3cret").secret("tok-s3cret"),
        );
    }
    try_all(sources);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_elasticsearch_and_in_addresses_reach_no_sink() {
    let mut sources = Vec::new();
    let (server, _) = listen(|_| status(404, "NotFound", "not here")).await;
    for code in [401, 403, 429, 500] {
        let (url, _) = listen(move |asked| {
            let given = &asked.authorization;
            let bare = given.split(' ').next_back().unwrap_or_default();
            let reason = format!("unable to use [{given}], header Authorization: {given}, raw {bare}");
            (code, json!({"error": {"type": "security_exception", "reason": reason}, "status": code}))
        })
        .await;
        for (variable, value, more) in [
            ("EDOT_TUI_ES_PASSWORD", "es-passw0rd", &["--es-user", "watcher"][..]),
            ("EDOT_TUI_ES_API_KEY", "es-ap1-key-s3cret", &[]),
        ] {
            let source = Source::new("Elasticsearch's echo", json!({"server": server}), Value::Null);
            sources.push(
                source
                    .variable(variable, value)
                    .secret(value)
                    .secret(&format!("watcher:{value}"))
                    .with(&["--es-url", &url])
                    .with(more),
            );
        }
        let source = Source::new("a key in a file", json!({"server": server}), Value::Null);
        let file = source.file("key", "es-file-s3cret\n");
        sources.push(source.secret("es-file-s3cret").with(&["--es-url", &url, "--es-api-key-file", &file]));
    }
    for arguments in [
        &["--collector-metrics", "http://me:addr-s3cret@127.0.0.1:1/metrics"][..],
        &["--collector-metrics", "me:addr-s3cret@127.0.0.1:1"],
        &["--collector-metrics", "http://127.0.0.1:1/metrics?token=addr-s3cret"],
        &["--collector-metrics", "ftp://127.0.0.1:1/metrics?password=addr-s3cret"],
        &["--es-url", "http://me:addr-s3cret@127.0.0.1:1"],
        &["--es-url", "http://me:addr/addr-s3cret@127.0.0.1:1"],
        &["--es-url", "http://127.0.0.1:1/?api_key=addr-s3cret"],
        &["--kibana-url", "https://me:addr-s3cret@127.0.0.1:1"],
    ] {
        sources.push(
            Source::new("an address", json!({"server": server}), Value::Null).secret("addr-s3cret").with(arguments),
        );
    }
    try_all(sources);
}
