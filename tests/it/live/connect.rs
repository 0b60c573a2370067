//! Which cluster, as whom: the same as kubectl, and one clear line when that fails.

use crate::it::support::fake_api::{FakeApi, Reply};
use edot_tui::source::live::connect::{Access, ConnectError, Environment, connect, plan};
use edot_tui::source::live::{cluster, list_hpas};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A kubeconfig of one cluster, user and context of this name, with these fields.
fn config(name: &str, cluster: &str, user: &str) -> String {
    format!(
        "current-context: {name}\nclusters: [{{name: {name}, cluster: {{{cluster}}}}}]\n\
         users: [{{name: {name}, user: {{{user}}}}}]\ncontexts: [{{name: {name}, context: {{cluster: {name}, user: {name}}}}}]\n"
    )
}

fn written(dir: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

fn access(path: &Path) -> Access {
    Access { kubeconfig: Some(path.to_owned()), ..Access::new(Environment::default()) }
}

fn listed(paths: &[&Path]) -> Access {
    let list = std::env::join_paths(paths).unwrap();
    Access::new(Environment { kubeconfig: Some(list), ..Environment::default() })
}

fn error(access: &Access) -> ConnectError {
    plan(access).err().expect("no error")
}

/// The error for a kubeconfig with this text, one line.
fn error_of(text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = written(&dir, "config", text);
    let error = error(&access(&path));
    assert!(error.is_usage());
    let line = error.to_string().replace(&path.display().to_string(), "FILE");
    assert!(!line.contains('\n') && !line.is_empty(), "{line:?}");
    line
}

#[test]
fn no_configuration_at_all_is_an_error_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let nowhere = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
    assert_eq!(error(&Access::new(nowhere.clone())), ConnectError::NoConfiguration);
    let empty = Environment { kubeconfig: Some("".into()), ..nowhere.clone() };
    assert_eq!(error(&Access::new(empty)), ConnectError::NoConfiguration, "an empty KUBECONFIG counts as unset");
    let null = Environment { kubeconfig: Some("/dev/null".into()), ..nowhere };
    assert_eq!(error(&Access::new(null)), ConnectError::NoConfiguration, "as does an empty file");
}

#[test]
fn the_home_directorys_file_is_found_and_an_empty_kubeconfig_does_not_hide_it() {
    let home = tempfile::tempdir().unwrap();
    written(&home, ".kube/config", &config("home", "server: 'https://home:6443'", ""));
    for kubeconfig in [None, Some("".into())] {
        let environment = Environment { kubeconfig, home: Some(home.path().to_owned()), ..Environment::default() };
        let plan = plan(&Access::new(environment)).unwrap();
        assert_eq!((plan.context.as_str(), plan.server.as_str()), ("home", "https://home:6443"));
    }
}

#[test]
fn a_list_is_merged_and_missing_files_of_it_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let one = written(&dir, "one", &config("one", "server: 'https://one'", ""));
    let two = written(&dir, "two", &config("two", "server: 'https://two'", ""));
    let missing = dir.path().join("missing");
    assert_eq!(plan(&listed(&[&missing, &one, &two])).unwrap().server, "https://one");
    let other = Access { context: Some("two".into()), ..listed(&[&missing, &one, &two]) };
    assert_eq!(plan(&other).unwrap().server, "https://two");
    let line = error(&listed(&[&missing])).to_string();
    assert!(
        line.starts_with("none of the files that KUBECONFIG names exists: /") && line.contains("missing"),
        "{line}"
    );
}

#[test]
fn a_file_that_cannot_be_read_or_is_no_yaml_is_named_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let error_at = |path: &Path| error(&access(path)).to_string();
    assert!(error_at(&dir.path().join("none")).contains("No such file"));
    assert!(error_at(dir.path()).contains("Is a directory"));
    let line = error_of("clusters: []\nusers:\n  - name: [unclosed\n");
    assert!(line.starts_with("the kubeconfig FILE is not valid (line "), "{line}");
    assert!(error_of("just text").starts_with("the kubeconfig FILE is not valid"));
    assert!(error_of("contexts: 7").starts_with("the kubeconfig FILE is not valid"));
}

#[test]
fn an_unknown_context_is_reported_with_the_known_ones() {
    let dir = tempfile::tempdir().unwrap();
    let path = written(&dir, "config", &config("lab", "server: 'https://lab'", ""));
    let other = Access { context: Some("prod\u{1b}[31m".into()), ..access(&path) };
    assert_eq!(error(&other).to_string(), r#"there is no context "prod" in the kubeconfig; there are: lab"#);
    let text = config("lab", "server: 'https://lab'", "").replace("current-context: lab\n", "");
    assert_eq!(error_of(&text), "the kubeconfig names no current context; pass --context, one of: lab");
    let text = config("lab", "server: 'https://lab'", "").replace("cluster: lab,", "cluster: gone,");
    assert_eq!(error_of(&text), r#"context "lab" names cluster "gone", which is not in the kubeconfig"#);
    assert!(error_of("clusters: [{name: a, cluster: {server: 'https://a'}}]").contains("no context at all"));
}

#[test]
fn what_is_wrong_with_a_cluster_or_user_is_named_by_its_field() {
    let line = |cluster: &str, user: &str| error_of(&config("lab", cluster, user));
    assert!(line("", "").starts_with(r#"server of context "lab" is wrong: it is missing"#));
    assert!(line("server: 'ht tp://x'", "").starts_with(r#"server of context "lab" is wrong"#));
    let bad = line("server: 'https://x', certificate-authority-data: '%%%'", "");
    assert_eq!(bad, r#"certificate-authority of context "lab" is wrong: not valid base64"#);
    let missing = line("server: 'https://x', certificate-authority: gone.crt", "");
    assert!(missing.contains("gone.crt: No such file"), "{missing}");
    assert!(line("server: 'https://x', proxy-url: 'ftp://p'", "").contains("only http, https and socks5"));
}

#[test]
fn a_server_without_a_scheme_gets_kubectls_scheme() {
    let dir = tempfile::tempdir().unwrap();
    let server = |cluster: &str| plan(&access(&written(&dir, "config", &config("a", cluster, "")))).unwrap().server;
    assert_eq!(server("server: '10.0.0.1:8080'"), "http://10.0.0.1:8080");
    assert_eq!(server("server: '10.0.0.1:6443', insecure-skip-tls-verify: true"), "https://10.0.0.1:6443");
}

#[tokio::test]
async fn bad_certificates_and_plugins_fail_when_connecting_without_their_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let fails = async |cluster: &str, user: &str| {
        let path = written(&dir, "config", &config("lab", cluster, user));
        connect(plan(&access(&path)).unwrap(), Default::default()).await.err().expect("no error")
    };
    let bad = fails("server: 'https://x'", "client-certificate-data: aGVsbG8=, client-key-data: c2VjcmV0").await;
    assert!(bad.is_usage() && !bad.to_string().contains("secret"), "{bad}");
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, \
                args: [-c, 'echo sso session expired >&2; exit 4', s3cret]}";
    let bad = fails("server: 'https://x'", exec).await;
    assert_eq!(bad.to_string(), r#"the credential plugin "sh" failed: exit code 4: sso session expired"#);
    assert!(!bad.is_usage());
    let bad = fails("server: 'https://x'", "tokenFile: none").await;
    assert!(bad.to_string().contains("none: No such file") && !bad.is_usage(), "{bad}");
}

/// A certificate authority as base64 in PEM, and a client's certificate of X.509 v1 with its key.
const CA: &str = include_str!("certificates/ca.b64");
const V1: &str = include_str!("certificates/v1.b64");
const V1_KEY: &str = include_str!("certificates/v1-key.b64");

#[tokio::test]
async fn fields_are_read_as_client_go_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    let ca = CA.trim();
    let wrapped: String = ca.as_bytes().chunks(64).map(|l| format!("      {}\n", String::from_utf8_lossy(l))).collect();
    let with_carriage: String =
        ca.as_bytes().chunks(76).map(|l| format!("{}\\r\\n", String::from_utf8_lossy(l))).collect();
    let spaced: String = ca.as_bytes().chunks(60).map(|l| format!("{} ", String::from_utf8_lossy(l))).collect();
    let block = |data: &str| format!("server: 'https://x', certificate-authority-data: {data}");
    let plugin = r#"exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, 'echo "{\"status\":{\"token\":\"t\"}}"']}"#;
    let empty = "token: '', tokenFile: '', username: '', password: '', client-certificate: '', client-certificate-data: '', \
                 client-key: '', client-key-data: ''";
    for (case, cluster, user) in [
        ("one line", block(ca), String::new()),
        ("CR and LF", block(&format!("\"{with_carriage}\"")), String::new()),
        ("spaces", block(&format!("'{spaced}'")), String::new()),
        ("!!binary", block(&format!("!!binary '{ca}'")), String::new()),
        ("empty data", block("''"), String::new()),
        ("empty file", "server: 'https://x', certificate-authority: ''".into(), String::new()),
        ("empty proxy", "server: 'https://x', proxy-url: '', tls-server-name: ''".into(), String::new()),
        ("all empty", block(ca), empty.into()),
        ("all empty beside a plugin", block(ca), format!("{empty}, {plugin}")),
    ] {
        let path = written(&dir, "config", &config("lab", &cluster, &user));
        let connected = match plan(&access(&path)) {
            Ok(plan) => connect(plan, Default::default()).await.map(drop),
            Err(e) => Err(e),
        };
        assert_eq!(connected, Ok(()), "{case}");
    }
    let lines = format!(
        "current-context: lab\nclusters:\n- name: lab\n  cluster:\n    server: https://x\n    certificate-authority-data: |\n{wrapped}\
         contexts: [{{name: lab, context: {{cluster: lab, user: '', namespace: ''}}}}]\n"
    );
    let path = written(&dir, "config", &lines);
    assert!(connect(plan(&access(&path)).unwrap(), Default::default()).await.is_ok(), "a block of lines");
}

#[tokio::test]
async fn a_client_certificate_that_cannot_be_used_is_named_with_the_fix() {
    let dir = tempfile::tempdir().unwrap();
    let fails = async |user: &str| {
        let path = written(&dir, "config", &config("lab", "server: 'https://x'", user));
        let error = connect(plan(&access(&path)).unwrap(), Default::default()).await.err().expect("no error");
        let debug = ["Error(", "Other(", "{ "];
        assert!(!debug.iter().any(|form| error.to_string().contains(form)), "{error}");
        error.to_string()
    };
    let (v1, key) = (V1.trim(), V1_KEY.trim());
    let line = fails(&format!("client-certificate-data: {v1}, client-key-data: {key}")).await;
    assert!(line.contains(r#"the client certificate of context "lab" is X.509 v1"#) && line.contains("v3"), "{line}");
    use base64::Engine;
    let pem = base64::engine::general_purpose::STANDARD.decode(v1).unwrap();
    written(&dir, "mine.crt", std::str::from_utf8(&pem).unwrap());
    let line = fails(&format!("client-certificate: mine.crt, client-key-data: {key}")).await;
    assert!(line.contains("mine.crt is X.509 v1"), "{line}");
    let line = fails(&format!("client-certificate-data: {}, client-key-data: {key}", CA.trim())).await;
    assert!(line.contains("does not belong to its client-key"), "{line}");
}

#[test]
fn a_kubeconfig_in_utf16_that_is_cut_is_an_error_with_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let text = config("lab", "server: 'https://x'", "");
    for (mark, bytes) in [
        ([0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
        ([0xfe, 0xff], text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ] {
        let path = dir.path().join("config");
        let whole = [&mark[..], &bytes].concat();
        std::fs::write(&path, &whole).unwrap();
        assert!(plan(&access(&path)).is_ok());
        for cut in [3, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let error = error(&access(&path));
            assert!(error.is_usage() && error.to_string().contains("UTF-16"), "{error}");
        }
        // Half of a pair.
        std::fs::write(&path, [&mark[..], &[0xd8, 0xd8]].concat()).unwrap();
        assert!(error(&access(&path)).is_usage());
    }
}

#[test]
fn a_password_in_the_servers_address_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let path = written(&dir, "config", &config("lab", "server: 'https://me:hunter2@x:6443'", ""));
    assert_eq!(plan(&access(&path)).unwrap().server, "https://***@x:6443");
}

#[tokio::test]
async fn a_plugin_runs_once_for_all_requests_and_again_when_its_token_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let runs = dir.path().join("runs");
    // The token is the number of the run.
    let script = format!(
        "echo x >> {0}; echo \"{{\\\"status\\\":{{\\\"token\\\":\\\"$(wc -l < {0} | tr -d ' ')\\\"}}}}\"",
        runs.display()
    );
    let plugin = written(&dir, "plugin.sh", &script);
    let api =
        FakeApi::secure(|r| (r.token == "1" && r.nth > 1).then(|| Reply::status(401, "Unauthorized", "no"))).await;
    let user =
        format!("exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: ['{}']}}", plugin.display());
    let path = written(&dir, "config", &config("fake", &api.cluster_fields(), &user));
    let cluster = cluster::open(access(&path)).await.unwrap();
    for _ in 0..3 {
        list_hpas(&cluster, "lab").await.unwrap();
    }
    let tokens: Vec<String> = api.requests(|_| true).into_iter().map(|r| r.token).collect();
    assert_eq!(tokens, ["1", "1", "1", "2"]);
    assert_eq!(std::fs::read_to_string(runs).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn the_environments_proxy_is_not_used_for_loopback() {
    let api = FakeApi::start(|_| None).await;
    let environment = Environment { http_proxy: Some("127.0.0.1:1".into()), ..Environment::default() };
    let cluster = cluster::open(Access { environment, ..api.access() }).await.unwrap();
    assert!(list_hpas(&cluster, "lab").await.is_ok());
}

#[tokio::test]
async fn another_user_can_be_impersonated() {
    let api = FakeApi::start(|_| None).await;
    let cluster = cluster::open(Access { as_user: Some("jane".into()), ..api.access() }).await.unwrap();
    list_hpas(&cluster, "lab").await.unwrap();
    let request = &api.requests(|_| true)[0];
    assert_eq!(request.user, "jane");
    assert!(request.agent.starts_with("edot-tui/"), "an audit log tells who asked: {}", request.agent);
}

#[tokio::test]
async fn credentials_are_sent_over_tls_only_and_no_plugin_runs_for_plain_http() {
    let dir = tempfile::tempdir().unwrap();
    written(&dir, "token", "file-token");
    let ran = dir.path().join("ran");
    let script = format!("touch {}; echo '{{\"status\":{{\"token\":\"exec-token\"}}}}'", ran.display());
    let plugin = written(&dir, "plugin.sh", &script);
    let exec =
        format!("exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: ['{}']}}", plugin.display());
    for (user, token) in [
        ("token: plain-token", "bearer plain-token"),
        ("tokenFile: token", "bearer file-token"),
        (exec.as_str(), "bearer exec-token"),
        ("username: me, password: pw", "basic bwu6chc="),
    ] {
        for secure in [true, false] {
            let refuse = |_: &_| Some(Reply::status(401, "Unauthorized", "no"));
            let api = if secure { FakeApi::secure(refuse).await } else { FakeApi::start(refuse).await };
            let path = written(&dir, "config", &config("fake", &api.cluster_fields(), &format!("{user}, as: jane")));
            let _ = std::fs::remove_file(&ran);
            let cluster = cluster::open(access(&path)).await.unwrap();
            let error = list_hpas(&cluster, "lab").await.unwrap_err();
            let hint = error.hint.unwrap_or_default();
            assert_eq!(
                (cluster.withholds(), hint.contains("no credentials are sent, as with kubectl")),
                (!secure, !secure),
                "{user}: {hint}"
            );
            assert_eq!(ran.exists(), secure && token == "bearer exec-token");
            let sent = if secure { token } else { "" };
            assert!(api.requests(|_| true).iter().all(|r| r.authorization == sent && r.user == "jane"), "{user}");
        }
    }
}

#[tokio::test]
async fn a_server_over_http_without_credentials_needs_no_note() {
    let api = FakeApi::start(|_| Some(Reply::status(403, "Forbidden", "no"))).await;
    let dir = tempfile::tempdir().unwrap();
    let path = written(&dir, "config", &config("fake", &api.cluster_fields(), ""));
    let cluster = cluster::open(access(&path)).await.unwrap();
    let hint = list_hpas(&cluster, "lab").await.unwrap_err().hint.unwrap_or_default();
    assert!(!cluster.withholds() && hint.starts_with("add to a Role"), "{hint}");
}
