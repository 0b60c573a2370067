//! What the user requests of the cluster, carried out one request at a time; the answers are observations.

use super::context::FeedContext;
use super::discovered::Discovered;
use super::load_control::{self, LoadSettings, Running, testrun};
use crate::control::Control;
use crate::observe::{AnswerSeen, Observation};
use tokio::sync::mpsc;

/// Carry out requests until none can come any more.
pub async fn run(
    shared: FeedContext,
    settings: LoadSettings,
    discovered: Discovered,
    mut controls: mpsc::Receiver<Control>,
) {
    while let Some(control) = controls.recv().await {
        let (_, client) = shared.cluster.client();
        let answer = match control {
            Control::PlanLoad => plan(&shared, &settings, &discovered).await,
            Control::StartLoad => load_control::start(&client, &settings).await,
            Control::StopLoad => stop(&shared, &settings, &discovered).await,
            Control::Speed(speed) => {
                shared.out.clock().pace(speed);
                continue;
            }
            // A live source has no position.
            Control::Pause(_) | Control::Seek(_) | Control::SkipIdle(_) => continue,
        };
        shared.out.emit(Observation::Answer(answer)).await;
    }
    // The program may keep watching when it requests nothing any more.
    std::future::pending::<()>().await;
}

/// The load that runs, and the settings with its name in place of the one that was looked for.
fn running(settings: &LoadSettings, discovered: &Discovered) -> (Option<Running>, LoadSettings) {
    let found = Running::of(discovered.load.borrow().known(), &discovered.k6.borrow());
    let job = found.as_ref().map_or(&settings.job, |r| &r.load.name).clone();
    (found.filter(|_| !settings.readonly), LoadSettings { job, ..settings.clone() })
}

async fn plan(shared: &FeedContext, settings: &LoadSettings, discovered: &Discovered) -> AnswerSeen {
    let (running, settings) = running(settings, discovered);
    match running {
        Some(running) if running.can_be_stopped(shared).await => running.plan(),
        Some(running) if running.load.is_test_run() => testrun::plan(&shared.cluster.client().1, &settings).await,
        _ => load_control::plan(&shared.cluster.client().1, &settings).await,
    }
}

/// Through k6's REST API where that answers in every pod, else by deleting the Job or TestRun; the answer says which.
async fn stop(shared: &FeedContext, settings: &LoadSettings, discovered: &Discovered) -> AnswerSeen {
    let (running, settings) = running(settings, discovered);
    if let Some(running) = running {
        if running.can_be_stopped(shared).await
            && let Ok(answer) = running.stop(shared).await
        {
            return answer;
        }
        if running.load.is_test_run() {
            return testrun::stop(&shared.cluster.client().1, &settings).await;
        }
    }
    load_control::stop(&shared.cluster.client().1, &settings).await
}
