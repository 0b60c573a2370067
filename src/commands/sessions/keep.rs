//! What changes the store, or brings a recording out of it: setup, push, pull, tag, delete. Must not decide what a document holds.

use super::super::stack::confirm;
use super::{Delete, Pull, Push, Setup, Tag};
use crate::{
    config::Settings,
    error::{CommandError, SUCCESS},
    format::size,
    observe::text::clean,
    offline,
    recording::create::{self, Existing},
    stdio,
    store::{
        Client, Sent, TRIES, pull, push,
        query::{self, Filter},
        setup::{self, Step},
    },
};
use std::io::Write;
use std::path::PathBuf;

/// Shows what differs, asks, and installs it.
pub async fn setup(client: &Client, args: &Setup) -> Result<u8, CommandError> {
    let planned = setup::plan(client).await?;
    let mut text = String::new();
    for one in &planned {
        text += &match &one.step {
            Step::Same => format!("  {}: as it should be\n", one.path),
            Step::Create => format!("+ {}: new\n", one.path),
            Step::Change(lines) => format!("~ {}\n    {}\n", one.path, lines.join("\n    ")),
            Step::Newer(version) => format!("  {}: of a later version ({version}), which stays\n", one.path),
            Step::Not(why) => format!("! {}: left out: {why}\n", one.path),
        };
    }
    stdio::data(&text)?;
    let due = planned.iter().filter(|one| one.is_due()).count();
    if due == 0 || args.dry_run {
        return Ok(SUCCESS);
    }
    confirm(&format!("Install {due} of these in {}?", client.address()), args.yes).await?;
    for one in planned.iter().filter(|one| one.is_due()) {
        setup::install(client, one).await.map_err(|e| CommandError::from(e).context(one.path))?;
    }
    stdio::message(&format!("{due} installed in {}", client.address()));
    Ok(SUCCESS)
}

/// Each file; the ids go to stdout.
pub async fn push(client: &Client, settings: &Settings, args: &Push) -> Result<u8, CommandError> {
    let expected = offline::expectations(args.expectations.as_deref().or(settings.expectations.as_deref()))?;
    for file in &args.files {
        let pushed = push::push(client, file, &args.tag, &expected, TRIES).await;
        let pushed = pushed.map_err(|e| e.context(file.display().to_string()))?;
        let documents = pushed.sent.written + pushed.sent.there;
        stdio::message(&format!("{}: {}, {documents} documents", file.display(), size::file(pushed.bytes)));
        refused(&pushed.sent);
        stdio::data(&format!("{}\n", pushed.id))?;
    }
    Ok(SUCCESS)
}

fn refused(sent: &Sent) {
    if sent.refused > 0 {
        stdio::message(&format!("{} documents were refused: {}", sent.refused, sent.reasons.join("; ")));
    }
}

/// The recording into a file.
pub async fn pull(client: &Client, args: &Pull) -> Result<u8, CommandError> {
    let session = pull::find(client, &args.session).await?;
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(pull::file_name(&session)));
    let existing = if args.overwrite { Existing::Replace } else { Existing::Keep };
    let mut file = create::create(&path, existing).map_err(CommandError::failed)?;
    let written = match pull::file(client, &session, &mut file).await {
        Ok(written) => file.flush().map(|()| written).map_err(CommandError::from),
        Err(error) => Err(error),
    };
    match written {
        Ok(bytes) => {
            stdio::message(&format!("{} ({})", path.display(), size::file(bytes)));
            Ok(SUCCESS)
        }
        Err(error) => {
            // What is not the whole recording is none.
            let _ = std::fs::remove_file(&path);
            Err(error.context(path.display().to_string()))
        }
    }
}

/// Changes the tags; all that the session has then go to stdout.
pub async fn tag(client: &Client, args: &Tag) -> Result<u8, CommandError> {
    if args.tags.is_empty() && args.remove.is_empty() {
        return Err(CommandError::usage("no tag is given: KEY=VALUE, or --remove TAG"));
    }
    let session = pull::find(client, &args.session).await?;
    let tags = query::tag(client, &session, &args.tags, &args.remove).await?;
    stdio::data(&format!("{}\n", tags.iter().map(|t| clean(t, 200)).collect::<Vec<_>>().join(" "))).map(|()| SUCCESS)
}

/// Asks once, and removes them.
pub async fn delete(client: &Client, args: &Delete) -> Result<u8, CommandError> {
    let mut ids = Vec::new();
    for id in &args.sessions {
        ids.extend(pull::find(client, id).await?["id"].as_str().map(str::to_owned));
    }
    if args.older_than.is_some() {
        let filter = Filter { older: args.older_than, ..Filter::default() };
        let old = query::sessions(client, &filter, &["id"], query::MOST).await?;
        ids.extend(old.iter().filter_map(|session| session["id"].as_str().map(str::to_owned)));
    }
    if ids.is_empty() {
        stdio::message("there is no such session");
        return Ok(SUCCESS);
    }
    ids.iter().take(20).try_for_each(|id| stdio::data(&format!("{}\n", clean(id, 200))))?;
    confirm(&format!("Delete {} sessions from {}?", ids.len(), client.address()), args.yes).await?;
    for id in &ids {
        query::delete(client, id).await?;
    }
    stdio::message(&format!("{} deleted", ids.len()));
    Ok(SUCCESS)
}
