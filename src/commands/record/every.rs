//! `edot-tui record` of every HPA: a recording each, of those that are there and of those that come. Must not record by itself.

use super::{Plan, Record, record};
use crate::{
    app::Recordings,
    config::Settings,
    error::{CommandError, SUCCESS, signal_exit_code},
    observe::{FeedState, FleetChange, FleetSeen, Observation},
    open,
    signals::EndSignals,
    source::live::{cluster::Cluster, connect::PLUGIN},
    stdio,
    ui::HpaName,
    verdict::Expectations,
};
use futures::{StreamExt, stream::FuturesUnordered};
use std::{collections::BTreeMap, future::pending, path::Path, pin::pin};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// HPAs that are recorded at once; each takes requests and memory as a dashboard does.
const MOST: usize = 100;

/// Records every HPA that the settings mean until the end that was asked for.
///
/// # Errors
/// A flag that is about one HPA; no configuration; the watch broke.
pub(super) async fn run(settings: &Settings, args: &Record, expected: &Expectations) -> Result<u8, CommandError> {
    let of_one = [(args.simulate, "--simulate"), (args.until.is_some(), "--until"), (args.overwrite, "--overwrite")];
    if let Some((_, flag)) = of_one.into_iter().find(|(given, _)| *given) {
        let text = format!("{flag} is about the recording of one HPA, and every one is asked for");
        return Err(CommandError::usage(text).hint("name it with -n NAMESPACE and --hpa NAME"));
    }
    if args.output.as_deref() == Some(Path::new("-")) {
        let text = "-o - is one recording, and every HPA has its own";
        return Err(CommandError::usage(text).hint("name a folder, or an HPA with -n NAMESPACE and --hpa NAME"));
    }
    let mut fleet = open::fleet::open(settings, None, PLUGIN).await?;
    let mut signals = EndSignals::new()?;
    // The time of all ends at once.
    let most = args.most;
    let mut over = pin!(async move {
        match most {
            Some(most) => sleep(most).await,
            None => pending().await,
        }
    });
    let args = Record { most: None, ..args.clone() };
    let mut known: BTreeMap<(String, String), CancellationToken> = BTreeMap::new();
    let (mut runs, mut left_out, mut broken) = (FuturesUnordered::new(), 0_usize, None);
    let code = loop {
        stdio::progress(&format!("recording {} HPAs", runs.len()));
        let seen = tokio::select! {
            biased;
            number = signals.next() => break signal_exit_code(number),
            () = &mut over => break SUCCESS,
            Some(ended) = runs.next(), if !runs.is_empty() => {
                report(ended);
                continue;
            }
            seen = fleet.next() => seen,
        };
        let seen = match seen {
            Some(Ok(seen)) => seen,
            ended => {
                broken = ended.and_then(Result::err);
                break SUCCESS;
            }
        };
        let Observation::Fleet(seen) = seen.what else { continue };
        let FleetSeen { context, what } = *seen;
        match what {
            FleetChange::Hpa { hpa, .. } if !known.contains_key(&(context.clone(), hpa.uid.clone())) => {
                if runs.len() >= MOST {
                    left_out += 1;
                    if left_out == 1 {
                        stdio::message(&format!("{MOST} HPAs are recorded, and no more; --selector chooses"));
                    }
                    continue;
                }
                let left = CancellationToken::new();
                known.insert((context.clone(), hpa.uid), left.clone());
                let cluster = fleet.source.clusters.borrow().get(&context).cloned();
                let name = HpaName { context, namespace: hpa.namespace, name: hpa.name };
                runs.push(one(open::dived(settings, &name), name, &args, expected, cluster, left));
            }
            FleetChange::Gone { uid } => {
                if let Some(left) = known.remove(&(context, uid)) {
                    left.cancel();
                }
            }
            FleetChange::State(status) if !matches!(status.state, FeedState::Up | FeedState::Connecting) => {
                let reason = status.reason.unwrap_or_default();
                stdio::message(&format!("{context}: no HPAs are read: {reason}"));
            }
            _ => {}
        }
    };
    fleet.stop.cancel();
    known.values().for_each(CancellationToken::cancel);
    while let Some(ended) = runs.next().await {
        report(ended);
    }
    match broken {
        Some(died) => Err(CommandError::from(died)),
        None => Ok(code),
    }
}

/// One of them failed, which ends no other.
fn report((name, ended): (HpaName, Result<u8, CommandError>)) {
    if let Err(error) = ended {
        stdio::message(&format!("{}/{}: {error}", name.namespace, name.name));
    }
}

/// The recording of one HPA.
async fn one(
    settings: Settings,
    name: HpaName,
    args: &Record,
    expected: &Expectations,
    cluster: Option<Cluster>,
    left: CancellationToken,
) -> (HpaName, Result<u8, CommandError>) {
    let all = async {
        let mut running = open::live_within(&settings, cluster, PLUGIN).await?;
        running.hpa_found().await?;
        let recordings = Recordings::new(&settings, open::lab::run(&settings), args.limit);
        let recordings = recordings.in_folder(args.output.as_deref());
        let file = match settings.contexts.is_some() {
            true => format!("{}-{}-{}", name.context, name.namespace, name.name),
            false => format!("{}-{}", name.namespace, name.name),
        };
        let plan = Plan { settings: &settings, args, expected, recordings, name: Some(file), is_quiet: true };
        let code = record(plan, &mut running, &left).await;
        running.stop.cancel();
        code
    };
    let ended = all.await;
    (name, ended)
}
