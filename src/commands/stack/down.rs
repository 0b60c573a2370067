//! `edot-tui stack down`: what would go, question, delete, wait.

use super::{Down, confirm, connect, interruptible, show};
use crate::{
    config::Settings,
    error::{CommandError, SUCCESS},
    stack::{
        api::{Api, Id},
        down::{self, Removal},
        inventory,
        plan::is_ours,
    },
    stdio,
};

const AGAIN: &str = "edot-tui stack down goes on from there";

/// Removes the stack.
///
/// # Errors
/// See [`super::run`].
pub async fn run(settings: &Settings, args: &Down) -> Result<u8, CommandError> {
    let target = connect(settings, true).await?;
    let inventory = inventory::read(&target.api).await?;
    let removal = down::plan(&target.api, inventory.as_ref()).await?;
    if removal.is_empty() && inventory.is_none() {
        return stdio::data(&format!("there is nothing of edot-tui's stack in {}\n", target.name)).map(|()| SUCCESS);
    }
    stdio::data(&show::removal(&target.name, &removal))?;
    if args.doing.dry_run {
        return Ok(SUCCESS);
    }
    let question = match &target.production {
        Some(word) => format!("{} looks like production ({word}). Remove it all the same?", target.name),
        None => "Remove it?".to_owned(),
    };
    confirm(&question, args.doing.yes).await?;
    interruptible(args.doing.timeout, remove(&target.api, &removal), AGAIN).await
}

async fn remove(api: &Api, removal: &Removal) -> Result<u8, CommandError> {
    let count = removal.objects.len();
    let progress = |number: usize, id: &Id| stdio::progress(&format!("{number} of {count}: {}", id.title()));
    down::objects(api, removal, progress).await.map_err(|(id, error)| CommandError::from(error).context(id.title()))?;
    let mut text = format!("{count} objects removed\n");
    // The inventory's own namespace is the last, so that what is interrupted can be continued.
    let (last, first): (Vec<_>, Vec<_>) =
        removal.namespaces.iter().partition(|(id, _)| id.name == inventory::NAMESPACE);
    for (id, uid) in first.into_iter().chain(last) {
        text += &namespace(api, id, uid).await?;
    }
    if let Some(map) = api.get(&inventory::id()).await?.filter(is_ours) {
        api.delete(&inventory::id(), map["metadata"]["uid"].as_str().unwrap_or_default()).await?;
    }
    stdio::progress("");
    stdio::data(&text).map(|()| SUCCESS)
}

/// Deletes a namespace that is empty but for what every namespace has; what was done.
async fn namespace(api: &Api, id: &Id, uid: &str) -> Result<String, CommandError> {
    stdio::progress(&format!("{}: waiting for what is on its way out", id.title()));
    match down::others(api, &id.name).await {
        Ok(others) if others.is_empty() => {
            api.delete(id, uid).await?;
            down::gone(api, id).await?;
            Ok(format!("{} removed\n", id.title()))
        }
        Ok(others) => Ok(format!("{} is kept: it also holds {}\n", id.title(), show::some(&others))),
        Err(error) if error.denied() => {
            Ok(format!("{} is kept: what else it holds cannot be listed ({error})\n", id.title()))
        }
        Err(error) => Err(CommandError::from(error).context(id.title())),
    }
}
