//! A check of the stack that `edot-tui stack up` made, where there is one.

use super::check::Check;
use crate::source::live::client::ApiClient;
use crate::stack::{api::Api, inventory, ready};

/// Whether all of it is ready; None where there is no stack, or it may not be read.
pub async fn check(client: &ApiClient) -> Option<Check> {
    let api = Api(client.clone());
    let inventory = inventory::read(&api).await.ok()??;
    let states = ready::look(&api, &inventory.objects).await.ok()?;
    let what = format!("the stack, overlay {}", inventory.choice.overlay);
    let (ready, waiting): (Vec<_>, Vec<_>) = states.iter().partition(|state| state.ready);
    Some(match waiting.first() {
        None => Check::ok("stack", what, format!("{} workloads are ready", ready.len())),
        Some(first) => {
            let why = first.why.first().map(|why| format!("; {why}")).unwrap_or_default();
            let text =
                format!("{} of {} are ready; {}: {}{why}", ready.len(), states.len(), first.id.title(), first.progress);
            Check::warn("stack", what, text, "edot-tui stack status says more, edot-tui stack up goes on")
        }
    })
}
