//! The embedded lab: when it is watched, what befalls it, and `edot-tui lab --serve` and `--list`.

use super::{Refusal, access, refuse};
use crate::{
    clock::Clock,
    config::{Origin, Settings, keys},
    exit,
    lab::{
        api::{self, Served},
        model::Lab,
        scenario::{SHIPPED, Scenario},
    },
    out,
    recording::LabRun,
    source::live::connect::{self, Access, ConnectError},
};
use k8s_openapi::ByteString;
use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// As long as the Load pane is wide.
const NOTE: &str = "no cluster is configured: the embedded lab; yours: --kubeconfig FILE";

/// The settings for the dashboard: with the embedded lab where it was asked for, or where no cluster is configured at
/// all. A configuration that is there and does not work is an error.
///
/// # Errors
/// What is wrong with the configuration; flags of the lab without it.
pub fn or_configured(settings: &Settings) -> Result<Settings, Refusal> {
    if settings.lab {
        return of_lab(settings);
    }
    let named = settings.kubeconfig.is_some() || settings.context.is_some() || settings.impersonate.is_some();
    match connect::plan(&access(settings)) {
        Err(ConnectError::NoConfiguration) if !named => of_lab(&Settings { lab: true, ..settings.clone() }),
        Err(e) => Err(refuse(&e)),
        Ok(_) => configured(settings).map(|()| settings.clone()),
    }
}

/// What only the lab has cannot be had without it.
///
/// # Errors
/// It was asked for.
pub fn configured(settings: &Settings) -> Result<(), Refusal> {
    let typed = |key: &&&str| settings.origins.get(**key) == Some(&Origin::Flag);
    match ["scenario", "speed", "seed"].iter().find(typed) {
        Some(key) if !settings.lab => {
            let text = format!("--{key} is only for the embedded lab: add --lab, or leave it out");
            Err(Refusal { text, code: exit::USAGE })
        }
        _ => Ok(()),
    }
}

/// Names that were set for a cluster of one's own are not those of the lab. A wrong scenario is told before the screen
/// is taken.
fn of_lab(settings: &Settings) -> Result<Settings, Refusal> {
    scenario(&settings.scenario)?;
    let mut lab = settings.clone();
    let typed = |key: &str| settings.origins.get(key) == Some(&Origin::Flag);
    let names = [
        ("namespace", &mut lab.namespace, "observability-lab"),
        ("hpa", &mut lab.hpa, "edot-gateway-hpa"),
        ("load-namespace", &mut lab.load_namespace, "demo-app"),
        ("load-job", &mut lab.load_job, "k6-load"),
    ];
    for (key, place, own) in names {
        if !typed(key) {
            *place = own.to_owned();
            lab.origins.remove(key);
        }
    }
    Ok(lab)
}

/// Start the lab, and say how to reach it.
///
/// # Errors
/// The scenario is wrong, or there is no port.
pub async fn embedded(settings: &Settings, stop: &CancellationToken) -> Result<Access, Refusal> {
    let (served, clock) = serve(settings, stop).await?;
    let note = (!settings.origins.contains_key("lab")).then(|| NOTE.to_owned());
    let lab =
        connect::Lab { server: served.url, certificate: served.certificate, token: served.token.into(), clock, note };
    Ok(Access { lab: Some(lab), ..access(settings) })
}

async fn serve(settings: &Settings, stop: &CancellationToken) -> Result<(Served, Clock), Refusal> {
    let scenario = scenario(&settings.scenario)?;
    let start = Clock::system().now();
    let lab = Lab::new(&scenario, settings.seed.unwrap_or(scenario.seed), start);
    let clock = Clock::lab(start, settings.speed);
    let served = api::serve(lab, clock, stop.clone()).await;
    let served = served.map_err(|e| failed(&format!("the lab cannot listen on 127.0.0.1: {e}")))?;
    Ok((served, clock))
}

/// What has to be said again for the same run; of a scenario in a file its name only.
pub fn run(settings: &Settings) -> LabRun {
    let file = Path::new(&settings.scenario).file_name();
    let seed = settings.seed.or_else(|| scenario(&settings.scenario).ok().map(|s| s.seed)).unwrap_or_default();
    LabRun {
        scenario: file.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        speed: settings.speed,
        seed,
    }
}

fn failed(text: &str) -> Refusal {
    Refusal { text: text.to_owned(), code: exit::ERROR }
}

/// The scenario of that name, or in that file.
fn scenario(name: &str) -> Result<Scenario, Refusal> {
    let usage = |text: String| Refusal { text, code: exit::USAGE };
    if name.ends_with(".toml") {
        let text = std::fs::read_to_string(name).map_err(|e| usage(format!("{name}: {e}")))?;
        let stem = Path::new(name).file_stem().map_or(name.into(), |stem| stem.to_string_lossy());
        return Scenario::parse(&stem, name, &text).map_err(usage);
    }
    let known = || SHIPPED.iter().map(|(name, _)| *name);
    if !known().any(|one| one == name) {
        let near = keys::nearest(name, known()).map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
        let all = known().collect::<Vec<_>>().join(", ");
        return Err(usage(format!("there is no scenario {name:?}{near}; there are {all}; or name a .toml file")));
    }
    Scenario::shipped(name).ok_or_else(|| failed(&format!("the shipped scenario {name} cannot be read")))
}

/// `lab --list`.
pub fn list() -> String {
    let all = SHIPPED.iter().filter_map(|(name, _)| Some((name, Scenario::shipped(name)?.about)));
    all.map(|(name, about)| format!("{name:<16} {about}\n")).collect()
}

/// `lab --serve`: until a signal comes.
///
/// # Errors
/// The scenario is wrong, there is no port, or the kubeconfig cannot be written.
pub async fn alone(settings: &Settings) -> Result<u8, Refusal> {
    let failed = |what: &str, e: std::io::Error| failed(&format!("{what}: {e}"));
    let mut term = signal(SignalKind::terminate()).map_err(|e| failed("signals", e))?;
    let mut hup = signal(SignalKind::hangup()).map_err(|e| failed("signals", e))?;
    let stop = CancellationToken::new();
    let (served, _) = serve(settings, &stop).await?;
    let path = settings.state_dir.join(format!("lab-{}.kubeconfig", served.port));
    write(&path, &kubeconfig(&served)).map_err(|e| failed(&path.display().to_string(), e))?;
    let shown = path.display();
    out::data(&format!("{shown}\n")).map_err(|e| failed("stdout", e))?;
    out::message(&format!("the lab's API is at {} until this program ends (Ctrl-C). Try, elsewhere:", served.url));
    for (what, line) in [
        ("", format!("export KUBECONFIG={shown}")),
        ("watch it scale", "kubectl get hpa -A -w".to_owned()),
        ("", "kubectl get deploy,pods,jobs,events -A".to_owned()),
        ("start the load, or press s in the dashboard", "edot-tui".to_owned()),
        ("", "kubectl logs -n demo-app -f job/k6-load".to_owned()),
    ] {
        let what = if what.is_empty() { String::new() } else { format!("   # {what}") };
        out::message(&format!("  {line}{what}"));
    }
    let number = tokio::select! {
        _ = tokio::signal::ctrl_c() => 2,
        _ = term.recv() => 15,
        _ = hup.recv() => 1,
    };
    stop.cancel();
    // It leads nowhere any more; if it is gone already, so much the better.
    let _ = std::fs::remove_file(&path);
    Ok(128 + number)
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

/// A file for the user alone. What stands there is of a lab that is no more, and no link is followed.
fn write(path: &PathBuf, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
