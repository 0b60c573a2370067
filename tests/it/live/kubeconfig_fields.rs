//! Every field of a kubeconfig in every form that is met: absent, null, empty, white space, over several lines, `!!binary`, a
//! file in place of data. client-go takes an empty field for one that is not set.

use crate::it::support::tls::{client_identity, tls};
use base64::{Engine, prelude::BASE64_STANDARD};
use edot_tui::source::live::connect::{Access, ConnectError, Environment, connect, plan};
use std::fmt::Write;
use std::path::PathBuf;
use tempfile::TempDir;

/// A folder with a certificate authority, a client's certificate and its key as files, and the same as base64 of PEM.
struct Files {
    folder: TempDir,
    authority: String,
    certificate: String,
    key: String,
}

fn files() -> Files {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = client_identity();
    let authority = tls().authority;
    for (name, data) in [("ca.crt", &authority), ("me.crt", &certificate), ("me.key", &key)] {
        std::fs::write(folder.path().join(name), BASE64_STANDARD.decode(data).unwrap()).unwrap();
    }
    std::fs::write(folder.path().join("token"), "from-file\n").unwrap();
    Files { folder, authority, certificate, key }
}

/// A kubeconfig in block style, with these lines more for the cluster, the user and the context.
fn text(cluster: &str, user: &str, context: &str) -> String {
    let mut out = String::from(
        "apiVersion: v1\nkind: Config\npreferences: {}\ncurrent-context: c\nclusters:\n- name: c\n  cluster:\n",
    );
    let mut lines = |all: &str, indent: usize| {
        all.lines().for_each(|line| writeln!(out, "{:indent$}{line}", "").unwrap());
    };
    lines(if cluster.contains("server:") { "" } else { "server: https://127.0.0.1:1" }, 4);
    lines(cluster, 4);
    out.push_str("users:\n- name: u\n  user:\n");
    let mut lines = |all: &str, indent: usize| {
        all.lines().for_each(|line| writeln!(out, "{:indent$}{line}", "").unwrap());
    };
    lines(if user.is_empty() { "{}" } else { user }, 4);
    out.push_str("contexts:\n- name: c\n  context:\n    cluster: c\n    user: u\n");
    context.lines().for_each(|line| writeln!(out, "    {line}").unwrap());
    out
}

async fn connected(files: &Files, text: &str) -> Result<(), ConnectError> {
    let path: PathBuf = files.folder.path().join("config");
    std::fs::write(&path, text).unwrap();
    let access = Access { kubeconfig: Some(path), ..Access::new(Environment::default()) };
    connect(plan(&access)?, Default::default()).await.map(drop)
}

#[tokio::test]
async fn a_field_that_is_null_or_empty_is_one_that_is_not_set() {
    let files = files();
    let mut wrong = Vec::new();
    let mut expect = async |case: String, text: String| {
        if let Err(error) = connected(&files, &text).await {
            wrong.push(format!("{case}: {error}"));
        }
    };
    for field in ["certificate-authority", "certificate-authority-data", "proxy-url", "tls-server-name"] {
        for value in ["", "null", "~", "''", "\"\""] {
            expect(format!("cluster {field}: {value}"), text(&format!("{field}: {value}"), "token: t", "")).await;
        }
    }
    for field in ["insecure-skip-tls-verify", "disable-compression", "extensions"] {
        for value in ["", "null"] {
            expect(format!("cluster {field}: {value}"), text(&format!("{field}: {value}"), "token: t", "")).await;
        }
    }
    let strings = [
        "token",
        "tokenFile",
        "username",
        "password",
        "client-certificate",
        "client-certificate-data",
        "client-key",
        "client-key-data",
        "as",
        "as-uid",
    ];
    for field in strings {
        for value in ["", "null", "~", "''", "\"\""] {
            for beside in ["", "username: me\npassword: p", "client-certificate: me.crt\nclient-key: me.key"] {
                if beside.contains(&format!("{field}:")) {
                    continue;
                }
                let user = format!("{beside}\n{field}: {value}");
                expect(format!("user {user}"), text("", user.trim(), "")).await;
            }
        }
    }
    for field in ["as-groups", "as-user-extra", "exec", "auth-provider", "extensions"] {
        expect(format!("user {field}: null"), text("", &format!("token: t\n{field}: null"), "")).await;
    }
    for line in ["as-groups: []", "as-user-extra: {}"] {
        expect(format!("user {line}"), text("", &format!("token: t\n{line}"), "")).await;
    }
    let exec = "exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: sh\n  args: [-c, 'echo \"{\\\"status\\\":{\\\"token\\\":\\\"t\\\"}}\"']\n";
    for line in [
        "env: null",
        "env: []",
        "installHint: null",
        "installHint: ''",
        "interactiveMode: null",
        "provideClusterInfo: null",
        "provideClusterInfo:",
        "interactiveMode: IfAvailable",
        "cluster: null",
    ] {
        expect(format!("exec {line}"), text("", &format!("{exec}  {line}"), "")).await;
    }
    for line in ["namespace: null", "namespace: ''", "namespace:", "extensions: null"] {
        expect(format!("context {line}"), text("", "token: t", line)).await;
    }
    for (case, text) in [
        ("CRLF", text("", "token: t", "").replace('\n', "\r\n")),
        ("a mark of the byte order", format!("\u{feff}{}", text("", "token: t", ""))),
        ("no user of the context", text("", "token: t", "").replace("    user: u\n", "")),
        ("a context with an empty user", text("", "token: t", "").replace("user: u\n", "user: ''\n")),
        (
            "null for users",
            text("", "", "")
                .replace("users:\n- name: u\n  user:\n    {}\n", "users: null\n")
                .replace("    user: u\n", "    user: ''\n"),
        ),
        ("an unknown field", text("color: red", "token: t\ncolor: red", "color: red")),
    ] {
        expect(case.into(), text).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn data_and_files_are_taken_in_every_form_that_go_takes() {
    let files = files();
    let wrapped = |data: &str, indent: usize, end: &str| {
        let lines = data.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
        lines.fold(String::new(), |out, line| format!("{out}{:indent$}{line}{end}\n", ""))
    };
    let decoded = |data: &str| String::from_utf8(BASE64_STANDARD.decode(data).unwrap()).unwrap();
    let forms = |field: &str, data: &str| {
        vec![
            format!("{field}: {data}"),
            format!("{field}: \"{data}\""),
            format!("{field}: |\n{}", wrapped(data, 2, "")),
            format!("{field}: |-\n{}", wrapped(data, 2, "")),
            format!("{field}: >\n{}", wrapped(data, 2, "")),
            format!("{field}: '\n{}  '", wrapped(data, 2, "")),
            format!("{field}: \"{}\"", wrapped(data, 0, "").replace('\n', "\\r\\n")),
            format!("{field}: !!binary {data}"),
            format!("{field}: !!binary |\n{}", wrapped(data, 2, "")),
        ]
    };
    let mut wrong = Vec::new();
    let mut cases: Vec<(String, String)> = Vec::new();
    for form in forms("certificate-authority-data", &files.authority) {
        cases.push((form.clone(), text(&form, "token: t", "")));
    }
    for form in forms("client-certificate-data", &files.certificate) {
        cases.push((form.clone(), text("", &format!("{form}\nclient-key-data: {}", files.key), "")));
        cases.push((form.clone(), text("", &format!("{form}\nclient-key: me.key"), "")));
    }
    for form in forms("client-key-data", &files.key) {
        cases.push((form.clone(), text("", &format!("{form}\nclient-certificate-data: {}", files.certificate), "")));
        cases.push((form.clone(), text("", &format!("{form}\nclient-certificate: me.crt"), "")));
    }
    for path in ["ca.crt".to_owned(), "./ca.crt".into(), files.folder.path().join("ca.crt").display().to_string()] {
        cases.push((path.clone(), text(&format!("certificate-authority: {path}"), "token: t", "")));
        let both = format!("certificate-authority: gone.crt\ncertificate-authority-data: {}", files.authority);
        cases.push(("data before a file that is missing".into(), text(&both, "token: t", "")));
    }
    // What is in the file beside: lines before PEM, and several certificates.
    let commented = format!("subject: CN = x\n{}{}", decoded(&files.authority), decoded(&files.authority));
    std::fs::write(files.folder.path().join("bundle.crt"), commented).unwrap();
    cases.push(("a bundle with comments".into(), text("certificate-authority: bundle.crt", "token: t", "")));
    for token in [
        "token: ' t '",
        "token: |\n  t",
        "token: !!binary dG9rZW4=",
        "tokenFile: token",
        "token: t\ntokenFile: token",
        "token: t\ntokenFile: gone",
    ] {
        cases.push((token.into(), text("", token, "")));
    }
    for (case, text) in cases {
        if let Err(error) = connected(&files, &text).await {
            wrong.push(format!("{case}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_is_wrong_in_a_field_is_said_with_its_name() {
    let files = files();
    for (cluster, user, words) in [
        ("server: ' '", "token: t", &["server", "context \"c\""][..]),
        ("server: null", "token: t", &["server", "missing"]),
        ("certificate-authority-data: 'a b'", "token: t", &["certificate-authority", "base64"]),
        ("certificate-authority-data: aGVsbG8=", "token: t", &["certificate-authority"]),
        ("certificate-authority: gone.crt", "token: t", &["certificate-authority", "gone.crt"]),
        ("proxy-url: ' '", "token: t", &["proxy"]),
        ("", "token: ' '", &["token"]),
        ("", "token: \"a\\nb\"", &["token"]),
        ("", "tokenFile: gone", &["token file", "gone"]),
        ("", "client-certificate: gone.crt\nclient-key: me.key", &["client-certificate", "gone.crt"]),
        ("", "client-certificate: me.crt\nclient-key: gone.key", &["client-key", "gone.key"]),
        ("", "client-certificate: me.crt\nclient-key-data: '%'", &["client-key", "base64"]),
        ("", "client-certificate: me.crt\nclient-key: me.crt", &["client"]),
        ("", "exec:\n  command: ''", &["command"]),
    ] {
        let error = connected(&files, &text(cluster, user, "")).await.err().map(|e| e.to_string()).unwrap_or_default();
        for word in words {
            assert!(error.contains(word), "{cluster} {user}: {error:?} does not name {word}");
        }
    }
}
