//! `edot-tui lab`: the dashboard over the embedded lab, its API alone, or the list of its scenarios.

use super::{
    args::{RecordingFlags, SettingFlags},
    block_on, live,
};
use crate::{
    config::Settings,
    error::{CommandError, SUCCESS, signal_exit_code},
    lab::api::Served,
    open,
    signals::EndSignals,
    stdio,
};
use clap::Args;
use k8s_openapi::ByteString;
use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Args)]
pub struct Lab {
    /// Only serve the lab's API on 127.0.0.1, and print the path of a kubeconfig for it
    #[arg(long, help_heading = "Lab", conflicts_with = "list")]
    pub serve: bool,
    /// List the scenarios
    #[arg(long, help_heading = "Lab")]
    pub list: bool,
    #[command(flatten)]
    pub recording: RecordingFlags,
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Shows the dashboard over the lab, or serves the lab.
///
/// # Errors
/// The scenario is wrong, no port can be opened, or the kubeconfig cannot be written; those of [`live::run`].
pub fn run(settings: &Settings, args: &Lab, recording: &RecordingFlags) -> Result<u8, CommandError> {
    match args.serve {
        true => block_on(serve(&open::lab::settings(&settings.in_lab())?)),
        false => live::run(&settings.in_lab(), recording, Vec::new()),
    }
}

/// `lab --list`.
///
/// # Errors
/// stdout cannot be written.
pub fn list() -> Result<u8, CommandError> {
    let text: String =
        open::lab::scenarios().into_iter().map(|(name, about)| format!("{name:<16} {about}\n")).collect();
    stdio::data(&text).map(|()| SUCCESS)
}

/// `lab --serve`: until a signal comes.
async fn serve(settings: &Settings) -> Result<u8, CommandError> {
    let mut signals = EndSignals::new().map_err(|e| CommandError::from(e).context("signals"))?;
    let stop = CancellationToken::new();
    let (served, _) = open::lab::serve(settings, &stop).await?;
    let path = settings.state_dir.join(format!("lab-{}.kubeconfig", served.port));
    let shown = path.display().to_string();
    remove_left_over(&settings.state_dir);
    let _lock = write(&path, &kubeconfig(&served)).map_err(|e| CommandError::from(e).context(shown.clone()))?;
    stdio::data(&format!("{shown}\n"))?;
    stdio::message(&format!("the lab's API is at {} until this program ends (Ctrl-C). Try, elsewhere:", served.url));
    for (what, line) in [
        ("", format!("export KUBECONFIG={shown}")),
        ("watch it scale", "kubectl get hpa -A -w".to_owned()),
        ("", "kubectl get deploy,pods,jobs,events -A".to_owned()),
        ("start the load, or press s in the dashboard", "edot-tui".to_owned()),
        ("", "kubectl logs -n demo-app -f job/k6-load".to_owned()),
    ] {
        let what = if what.is_empty() { String::new() } else { format!("   # {what}") };
        stdio::message(&format!("  {line}{what}"));
    }
    let number = signals.next().await;
    stop.cancel();
    // The server it names has ended. If the file is gone already, that is fine.
    let _ = std::fs::remove_file(&path);
    Ok(signal_exit_code(number))
}

fn kubeconfig(served: &Served) -> String {
    let Served { url, token, certificate, .. } = served;
    let ca =
        base64(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", base64(certificate.as_slice())));
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: lab\n  cluster:\n    server: {url}\n    certificate-authority-data: {ca}\nusers:\n- name: lab\n  user:\n    token: {token}\ncontexts:\n- name: lab\n  context:\n    cluster: lab\n    user: lab\n    namespace: observability-lab\ncurrent-context: lab\n"
    )
}

fn base64(data: impl Into<Vec<u8>>) -> String {
    match serde_json::to_value(ByteString(data.into())) {
        Ok(serde_json::Value::String(coded)) => coded,
        _ => String::new(),
    }
}

/// Removes the kubeconfigs of labs that were killed: each lab holds a lock on its own.
fn remove_left_over(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let own = name.to_str().is_some_and(|n| n.starts_with("lab-") && n.ends_with(".kubeconfig"));
        if own && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            // Another lab that starts may have removed it.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Writes a file that only the user can read, and locks it until it is dropped. A file of that name is of a lab that has
/// ended; no link is followed.
fn write(path: &Path, text: &str) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // Some file systems have no locks; then the next lab removes it.
    let _ = file.try_lock();
    file.write_all(text.as_bytes())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kubeconfig_of_a_lab_that_was_killed_goes_and_those_in_use_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let held = write(&path("lab-1.kubeconfig"), "held").unwrap();
        drop(write(&path("lab-2.kubeconfig"), "left over").unwrap());
        std::fs::write(path("other.kubeconfig"), "").unwrap();
        std::fs::create_dir(path("lab-3.kubeconfig")).unwrap();
        remove_left_over(folder.path());
        let mut left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["lab-1.kubeconfig", "lab-3.kubeconfig", "other.kubeconfig"]);
        drop(held);
    }
}
