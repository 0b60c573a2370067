//! Runs exec credential plugins by client-go's protocol: once, without a terminal, for a limited time.

use super::{ConnectError, error};
use crate::observe::text::clean;
use kube::config::{ExecConfig, ExecInteractiveMode};
use secrecy::SecretString;
use serde::Deserialize;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The longest that a plugin may take; it may have to ask another server.
const LIMIT: Duration = Duration::from_secs(60);
/// The most that is read of what it prints, in bytes.
const MOST: u64 = 1 << 20;

/// What a plugin yields.
pub enum Credential {
    Token(SecretString),
    /// PEM.
    Certificate {
        certificate: String,
        key: SecretString,
    },
}

#[derive(Deserialize)]
struct Answer {
    status: Option<AnswerStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerStatus {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Run the plugin and read its answer. Blocks.
///
/// # Errors
/// [`ConnectError::Exec`].
pub fn run(plugin: &ExecConfig) -> Result<Credential, ConnectError> {
    let named = plugin.command.clone().unwrap_or_default();
    let failed = |cause: String| ConnectError::Exec { command: clean(&named, 200), cause };
    if plugin.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(failed("it wants to ask on the terminal; log in with kubectl first".into()));
    }
    let mut command = Command::new(&named);
    command.args(plugin.args.iter().flatten());
    let pairs = plugin.env.iter().flatten().filter_map(|e| Some((e.get("name")?, e.get("value")?)));
    command.envs(pairs).env("KUBERNETES_EXEC_INFO", info(plugin));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(|e| {
        let hint = plugin.install_hint.as_deref().map(|hint| format!("; {}", clean(hint, 300))).unwrap_or_default();
        failed(format!("{e}{hint}"))
    })?;
    let (status, out, err) = finish(child, LIMIT).map_err(&failed)?;
    if !status.success() {
        let stderr = clean(String::from_utf8_lossy(&err).trim(), 300);
        let how = status.code().map_or_else(|| "ended by a signal".to_owned(), |code| format!("exit code {code}"));
        return Err(failed(if stderr.is_empty() { how } else { format!("{how}: {stderr}") }));
    }
    // JSON is YAML, and some plugins print YAML. The parser's error is not shown, since it may hold the token.
    let answer: Option<serde_json::Value> = serde_saphyr::from_slice(&out).ok();
    let answer = answer.and_then(|a| serde_json::from_value::<Answer>(a).ok());
    let answer = answer.ok_or_else(|| failed("it printed no ExecCredential".into()))?;
    let status = answer.status.ok_or_else(|| failed("its ExecCredential has no status".into()))?;
    match (status.client_certificate_data, status.client_key_data, status.token) {
        (_, _, Some(token)) => Ok(Credential::Token(token.into())),
        (Some(certificate), Some(key), None) => Ok(Credential::Certificate { certificate, key: key.into() }),
        _ => Err(failed("its ExecCredential holds neither a token nor a certificate with its key".into())),
    }
}

/// What the protocol passes to the plugin.
fn info(plugin: &ExecConfig) -> String {
    let mut spec = serde_json::json!({ "interactive": false });
    if let Some(cluster) = plugin.cluster.as_ref().filter(|_| plugin.provide_cluster_info) {
        spec["cluster"] = serde_json::to_value(cluster).unwrap_or_default();
    }
    let version = plugin.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
    serde_json::json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec }).to_string()
}

/// Wait for the child and take what it prints; kill it when it takes too long.
fn finish(mut child: Child, limit: Duration) -> Result<(ExitStatus, Vec<u8>, Vec<u8>), String> {
    let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() < limit => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                // It may have ended just now.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no answer within {} s", limit.as_secs()));
            }
            Err(e) => return Err(error::cause(&e)),
        }
    };
    // Its own children may keep the pipes open.
    let rest = |pipe: mpsc::Receiver<Vec<u8>>| pipe.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
    Ok((status, rest(out), rest(err)))
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    if let Some(pipe) = pipe {
        std::thread::spawn(move || {
            let mut all = Vec::new();
            // What was read up to an error is enough; the receiver may be gone.
            let _ = pipe.take(MOST).read_to_end(&mut all);
            let _ = send.send(all);
        });
    }
    receive
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn plugin(script: &str) -> ExecConfig {
        ExecConfig {
            command: Some("/bin/sh".into()),
            args: Some(vec!["-c".into(), script.into()]),
            ..ExecConfig::default()
        }
    }

    fn cause(script: &str) -> String {
        run(&plugin(script)).err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_plugins_token_is_taken_and_it_runs_as_not_interactive() {
        let script = r#"case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) ;; *) exit 9;; esac
            echo noise >&2; echo '{"kind":"ExecCredential","status":{"token":"abc"}}'"#;
        match run(&plugin(script)) {
            Ok(Credential::Token(token)) => assert_eq!(token.expose_secret(), "abc"),
            _ => panic!("no token"),
        }
    }

    #[test]
    fn a_failing_plugin_is_reported_with_its_code_and_output_on_one_line() {
        let error = cause(r#"printf 'token expired\n\033[31mrun: login\n' >&2; exit 3"#);
        assert!(error.ends_with("exit code 3: token expired run: login"), "{error}");
        assert!(cause("echo secret-rubbish").ends_with("it printed no ExecCredential"));
        assert!(cause("echo '{\"status\":{}}'").contains("neither a token nor a certificate"));
    }

    #[test]
    fn a_plugin_that_is_not_there_comes_with_its_hint() {
        let missing = ExecConfig {
            command: Some("/no/such/plugin".into()),
            install_hint: Some("install\nit".into()),
            ..ExecConfig::default()
        };
        let error = run(&missing).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("No such file") && error.ends_with("install it"), "{error}");
    }

    #[test]
    fn a_plugin_that_hangs_is_ended() {
        let child = Command::new("sleep").arg("100").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        assert!(finish(child, Duration::from_millis(20)).unwrap_err().contains("no answer"));
    }
}
