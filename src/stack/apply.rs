//! Carries a plan out: the inventory first, then the objects in their order, and at last what is no longer wanted. It can be
//! stopped between any two requests and begun again.

use super::api::{Api, Id};
use super::inventory::{self, Inventory};
use super::plan::{Plan, Planned, Step, is_first};
use crate::source::live::client::ApiError;
use std::time::Duration;

/// How often an object that is being deleted is looked at.
const POLL: Duration = Duration::from_millis(500);

/// Why it ended early.
#[derive(Debug)]
pub struct Stopped {
    /// While this object was applied.
    pub at: Id,
    pub error: ApiError,
}

/// Applies all that is to be created or changed; `done` is called before each with its number, from 1, and how many there are.
/// What the plan refuses is left out. With `before`, the inventory keeps what was there until [`prune`].
///
/// # Errors
/// A request failed.
pub async fn apply(
    api: &Api,
    plan: &Plan,
    wanted: &Inventory,
    before: Option<Inventory>,
    mut done: impl FnMut(usize, usize, &Planned),
) -> Result<(), Stopped> {
    let old = before.map(|before| before.objects).unwrap_or_default();
    let inventory = wanted.clone().with(old).object();
    let writes = |one: &&Planned| matches!(one.step, Step::Create | Step::Change(_));
    let first = plan.objects.iter().filter(writes).filter(|one| is_first(&one.id));
    let rest = plan.objects.iter().filter(writes).filter(|one| !is_first(&one.id));
    let count = plan.objects.iter().filter(writes).count();
    let mut number = 0;
    for one in first {
        number += 1;
        done(number, count, one);
        write(api, one).await?;
    }
    api.apply(&inventory, false).await.map_err(|error| Stopped { at: inventory::id(), error })?;
    for one in rest {
        number += 1;
        done(number, count, one);
        write(api, one).await?;
    }
    Ok(())
}

async fn write(api: &Api, one: &Planned) -> Result<(), Stopped> {
    let stopped = |error| Stopped { at: one.id.clone(), error };
    if one.terminating {
        while api.get(&one.id).await.map_err(stopped)?.is_some_and(|o| !o["metadata"]["deletionTimestamp"].is_null()) {
            tokio::time::sleep(POLL).await;
        }
    }
    api.apply(&one.body, false).await.map(drop).map_err(stopped)
}

/// Deletes what the plan removes, last first, and forgets it in the inventory. Only after the new objects are ready: pods of the
/// old kind may still read an old ConfigMap.
///
/// # Errors
/// A request failed.
pub async fn prune(api: &Api, plan: &Plan, wanted: &Inventory) -> Result<(), Stopped> {
    for one in plan.objects.iter().rev().filter(|one| one.step == Step::Remove) {
        let stopped = |error| Stopped { at: one.id.clone(), error };
        // Its namespace holds other things, perhaps: `down` looks closer.
        if one.id.kind == "Namespace" {
            continue;
        }
        let uid =
            api.get(&one.id).await.map_err(stopped)?.and_then(|o| o["metadata"]["uid"].as_str().map(str::to_owned));
        if let Some(uid) = uid {
            api.delete(&one.id, &uid).await.map_err(stopped)?;
        }
    }
    let kept = plan.objects.iter().filter(|one| one.step == Step::Remove && one.id.kind == "Namespace");
    let inventory = wanted.clone().with(kept.map(|one| one.id.clone()));
    api.apply(&inventory.object(), false).await.map(drop).map_err(|error| Stopped { at: inventory::id(), error })
}
