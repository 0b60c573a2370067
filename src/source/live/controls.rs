//! What the user asks of the cluster, carried out one at a time; the answers go up as observations.

use super::shared::Shared;
use super::simulate::{self, LoadSettings};
use crate::control::Control;
use crate::observe::Observation;
use tokio::sync::mpsc;

/// Carry out what is asked until nobody can ask any more.
pub async fn run(shared: Shared, settings: LoadSettings, mut controls: mpsc::Receiver<Control>) {
    while let Some(control) = controls.recv().await {
        let (_, client) = shared.cluster.client();
        let answer = match control {
            Control::PlanLoad => simulate::plan(&client, &settings).await,
            Control::StartLoad => simulate::start(&client, &settings).await,
            Control::StopLoad => simulate::stop(&client, &settings).await,
            // A live source has no position.
            Control::Pause(_) | Control::Seek(_) | Control::Speed(_) | Control::SkipIdle(_) => continue,
        };
        shared.out.say(Observation::Answer(answer)).await;
    }
    // The program may go on watching without asking anything.
    std::future::pending::<()>().await;
}
