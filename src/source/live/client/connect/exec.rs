//! Runs exec credential plugins by client-go's protocol: once, without a terminal, for a limited time.

use super::{ConnectError, error};
use crate::observe::mask;
use crate::observe::text::clean;
use kube::config::{ExecConfig, ExecInteractiveMode};
use secrecy::SecretString;
use serde::Deserialize;
use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The longest that a plugin may take, unless the caller has less time; it may have to ask another server.
pub const LIMIT: Duration = Duration::from_secs(60);
/// How long nothing may come through a pipe before what came counts as all.
const QUIET: Duration = Duration::from_millis(300);
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

/// Run the plugin and read its answer. Blocks, at most for `limit`.
///
/// # Errors
/// [`ConnectError::Exec`].
pub fn run(plugin: &ExecConfig, limit: Duration) -> Result<Credential, ConnectError> {
    let named = plugin.command.clone().unwrap_or_default();
    let failed = |cause: String| ConnectError::Exec { command: clean(&named, 200), cause };
    if plugin.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(failed("it wants to ask on the terminal; log in with kubectl first".into()));
    }
    if named.is_empty() {
        return Err(failed("the kubeconfig names no command".into()));
    }
    let mut command = Command::new(&named);
    command.args(plugin.args.iter().flatten());
    let pairs = plugin.env.iter().flatten().filter_map(|e| Some((e.get("name")?, e.get("value")?)));
    command.envs(pairs).env("KUBERNETES_EXEC_INFO", info(plugin));
    let variables = plugin.env.iter().flatten().filter_map(|e| Some((e.get("name")?, e.get("value")?)));
    let values = variables.filter(|(name, _)| mask::names_a_secret(name)).map(|(_, value)| value.as_str());
    let enough = |out: &[u8]| answer(out).is_some_and(|a| a.status.is_some());
    let out = output(command, limit, enough, values).map_err(|failure| {
        let install = plugin.install_hint.as_deref().filter(|_| failure.not_started);
        failed(failure.text + &install.map(|hint| format!("; {}", clean(hint, 300))).unwrap_or_default())
    })?;
    let answer = answer(&out).ok_or_else(|| failed("it printed no ExecCredential".into()))?;
    let status = answer.status.ok_or_else(|| failed("its ExecCredential has no status".into()))?;
    let set = |value: Option<String>| value.filter(|value| !value.is_empty());
    match (set(status.client_certificate_data), set(status.client_key_data), set(status.token)) {
        (_, _, Some(token)) => Ok(Credential::Token(token.into())),
        (Some(certificate), Some(key), None) => Ok(Credential::Certificate { certificate, key: key.into() }),
        _ => Err(failed("its ExecCredential holds neither a token nor a certificate with its key".into())),
    }
}

/// JSON is YAML, and some plugins print YAML. The parser's error is not shown, since it may hold the token.
fn answer(out: &[u8]) -> Option<Answer> {
    let answer: serde_json::Value = serde_saphyr::from_slice(out).ok()?;
    serde_json::from_value(answer).ok()
}

/// Why a plugin or helper gave no output.
pub struct Failure {
    pub text: String,
    /// There is no such program, or it may not be run.
    pub not_started: bool,
}

/// What the program prints on stdout, if it succeeds. Of a failure only the exit code and the last line of stderr are
/// quoted, without `secrets` and what else looks like a credential. Blocks, at most for `limit`. Its output ends with the
/// pipe, which children that it leaves behind may keep open: then it ends when nothing more comes and it is `enough`.
pub fn output<'a>(
    mut command: Command,
    limit: Duration,
    enough: fn(&[u8]) -> bool,
    secrets: impl Iterator<Item = &'a str>,
) -> Result<Vec<u8>, Failure> {
    let failure = |text: String, not_started: bool| Failure { text, not_started };
    // Elasticsearch's password may be among them, which is nothing to a plugin for another server.
    std::env::vars_os().filter(|(name, _)| is_ours(name)).for_each(|(name, _)| _ = command.env_remove(name));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(|e| failure(e.to_string(), true))?;
    let (status, out, err) = finish(child, limit, enough).map_err(|text| failure(text, false))?;
    if status.success() {
        return Ok(out);
    }
    let how = status.code().map_or_else(|| "ended by a signal".to_owned(), |code| format!("exit code {code}"));
    let err = String::from_utf8_lossy(&err);
    let last = err.lines().map(|line| clean(line.trim(), 4096)).rfind(|line| !line.is_empty()).unwrap_or_default();
    let last = clean(&mask::credentials(&mask::known(&last, secrets)), 300);
    Err(failure(if last.is_empty() { how } else { format!("{how}: {last}") }, false))
}

/// Whether it is a variable of this program.
fn is_ours(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("EDOT_TUI_"))
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
fn finish(
    mut child: Child,
    limit: Duration,
    enough: fn(&[u8]) -> bool,
) -> Result<(ExitStatus, Vec<u8>, Vec<u8>), String> {
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
                return Err(format!("no answer within {}", humantime::format_duration(limit)));
            }
            Err(e) => return Err(error::cause(&e)),
        }
    };
    // What failed prints nothing that is waited for.
    let until = if status.success() { begun + limit } else { begun };
    Ok((status, all(&out, until, enough), all(&err, begun, |_| true)))
}

/// What came through the pipe: up to its end, or until nothing more comes and it is `enough`, or the time is over.
fn all(pipe: &mpsc::Receiver<Vec<u8>>, until: Instant, enough: fn(&[u8]) -> bool) -> Vec<u8> {
    let mut all = Vec::new();
    while (all.len() as u64) < MOST {
        match pipe.recv_timeout(QUIET) {
            Ok(part) => all.extend(part),
            Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() < until && !enough(&all) => {}
            Err(_) => break,
        }
    }
    all
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    if let Some(pipe) = pipe {
        std::thread::spawn(move || {
            let (mut pipe, mut part) = (pipe.take(MOST), vec![0; 16 << 10]);
            // What was read up to an error is enough; the receiver may be gone.
            while let Ok(read @ 1..) = pipe.read(&mut part) {
                if send.send(part[..read].to_vec()).is_err() {
                    return;
                }
            }
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
        run(&plugin(script), LIMIT).err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_plugins_token_is_taken_and_it_runs_as_not_interactive() {
        let script = r#"case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) ;; *) exit 9;; esac
            echo noise >&2; echo '{"kind":"ExecCredential","status":{"token":"abc"}}'"#;
        match run(&plugin(script), LIMIT) {
            Ok(Credential::Token(token)) => assert_eq!(token.expose_secret(), "abc"),
            _ => panic!("no token"),
        }
    }

    #[test]
    fn a_failing_plugin_is_reported_with_its_code_and_the_last_line_of_its_output() {
        let error = cause(r#"printf 'token expired\n\033[31mrun: login\n' >&2; exit 3"#);
        assert!(error.ends_with("exit code 3: run: login"), "{error}");
        let error = cause(
            "echo '{\"token\":\"OUT-SECRET\"}'; echo 'login failed: token=ERR-SECRET eyJhbGciOiJub25l.e30' >&2; exit 1",
        );
        assert!(error.ends_with("exit code 1: login failed: token=*** ***"), "{error}");
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
        let error = run(&missing, LIMIT).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("No such file") && error.ends_with("install it"), "{error}");
    }

    #[test]
    fn output_is_not_lost_when_a_child_of_the_plugin_holds_the_pipe_or_prints_late() {
        for script in [
            r#"sleep 5 & echo '{"status":{"token":"abc"}}'"#,
            r#"(sleep 1; echo '{"status":{"token":"abc"}}') &"#,
            r#"echo '{"status":'; (sleep 1; echo '{"token":"abc"}}'; sleep 5) &"#,
        ] {
            let begun = Instant::now();
            match run(&plugin(script), Duration::from_secs(10)) {
                Ok(Credential::Token(token)) => assert_eq!(token.expose_secret(), "abc"),
                _ => panic!("no token from {script}"),
            }
            assert!(begun.elapsed() < Duration::from_secs(4), "{script}");
        }
    }

    #[test]
    fn a_plugin_that_hangs_is_ended_in_the_time_that_is_left() {
        for script in ["exec sleep 100", "sleep 3 &"] {
            let begun = Instant::now();
            let error =
                run(&plugin(script), Duration::from_millis(20)).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains("no answer within 20ms") || script.ends_with('&'), "{error}");
            assert!(begun.elapsed() < Duration::from_secs(2), "{script}");
        }
    }
}
