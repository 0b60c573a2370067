//! `edot-tui stack up`: plan, question, apply, wait, clear up.

use super::{Target, Up, choice, confirm, connect, interruptible, show};
use crate::{
    config::{self, Settings},
    error::{CommandError, ErrorKind, SUCCESS},
    stack::{
        api::{Api, Id},
        apply::{self, Stopped},
        choice::{Choice, ES_SECRET, Part, es_secret, metrics_server},
        inventory::{self, Inventory},
        plan::{self, Plan, Step},
        ready,
    },
    stdio,
};
use serde_json::Value;
use std::time::Duration;

/// How often is looked whether all is ready.
const POLL: Duration = Duration::from_secs(2);
const AGAIN: &str =
    "what was applied stays: edot-tui stack up goes on from there, edot-tui stack status says how far it is";

/// What is wanted, and what was there.
pub struct Everything {
    pub objects: Vec<Value>,
    /// The inventory that is to be.
    pub inventory: Inventory,
    /// The one that was, without what stays unseen.
    pub before: Inventory,
    /// For the user.
    pub notes: Vec<String>,
}

/// Applies the stack.
///
/// # Errors
/// See [`super::run`].
pub async fn run(settings: &Settings, args: &Up) -> Result<u8, CommandError> {
    let target = connect(settings, true).await?;
    let before = inventory::read(&target.api).await?;
    let choice = choice(&args.wanted, settings, before.as_ref())?;
    let wanted = wanted(&target.api, &target.context, &choice, settings, before.as_ref()).await?;
    let plan = plan::plan(&target.api, wanted.objects, Some(&wanted.before)).await?;
    // What cannot be made is not listed, unless it was made earlier.
    let unmade = |one: &plan::Planned| match one.step {
        Step::NoKind { .. } => true,
        Step::Refused { .. } => !wanted.before.objects.contains(&one.id),
        _ => false,
    };
    let mut inventory = wanted.inventory;
    inventory.objects.retain(|id| !plan.objects.iter().any(|one| one.id == *id && unmade(one)));
    let mut text = format!("{}\n{}", show::head(&target.name, &choice), show::plan(&plan));
    wanted.notes.iter().for_each(|note| text += &format!("{note}\n"));
    stdio::data(&text)?;
    if args.doing.dry_run {
        return Ok(SUCCESS);
    }
    ask(&target, &plan, args).await?;
    let work = async {
        let progress = |number: usize, of: usize, one: &plan::Planned| {
            stdio::progress(&format!("{number} of {of}: {}", one.id.title()));
        };
        apply::apply(&target.api, &plan, &inventory, before, progress).await.map_err(stopped)?;
        wait(&target.api, &plan, settings).await?;
        apply::prune(&target.api, &plan, &inventory).await.map_err(stopped)?;
        stdio::data(&show::next(&plan))?;
        Ok(SUCCESS)
    };
    interruptible(args.doing.timeout, work, AGAIN).await
}

fn stopped(why: Stopped) -> CommandError {
    CommandError::from(why.error).context(why.at.title())
}

/// Asks once, whatever there is to ask.
async fn ask(target: &Target, plan: &Plan, args: &Up) -> Result<(), CommandError> {
    let refused = plan.refused().count();
    if refused > 0 && args.doing.yes && !args.partly {
        let denied = plan.refused().any(|one| matches!(one.step, Step::Refused { denied: true, .. }));
        let kind = if denied { ErrorKind::Denied } else { ErrorKind::Failed };
        let cause = anyhow::Error::msg(format!("{refused} objects are refused, so nothing was applied"));
        return Err(CommandError::new(kind, cause).hint("--partly applies the rest"));
    }
    if plan.is_empty() {
        return Ok(());
    }
    let mut question = "Apply it?".to_owned();
    if refused > 0 {
        question = format!("{refused} objects are refused. Apply the rest?");
    }
    if let Some(word) = &target.production {
        question = format!("{} looks like production ({word}). {question}", target.name);
    }
    confirm(&question, args.doing.yes).await
}

/// Every object that is wanted: the overlay's, metrics-server where there is none, the Secret for an Elasticsearch elsewhere.
///
/// # Errors
/// The cluster does not answer; there is no such overlay; the certificate cannot be read.
pub async fn wanted(
    api: &Api,
    context: &str,
    choice: &Choice,
    settings: &Settings,
    before: Option<&Inventory>,
) -> Result<Everything, CommandError> {
    let mut objects = choice.objects().map_err(CommandError::usage)?;
    let mut notes = Vec::new();
    let mut before = before.cloned().unwrap_or_else(|| Inventory { choice: choice.clone(), objects: Vec::new() });
    let mut kept = Vec::new();
    if !choice.without.contains(&Part::MetricsServer) {
        let service = Id::new("apiregistration.k8s.io/v1", "APIService", "", "v1beta1.metrics.k8s.io");
        let known = before.objects.contains(&service);
        if known || (api.read("/apis/metrics.k8s.io").await?.is_none() && api.get(&service).await?.is_none()) {
            let own = metrics_server(is_self_signed(api, context).await).map_err(CommandError::failed)?;
            objects.splice(0..0, own);
        } else {
            notes.push("metrics-server: the cluster has one".to_owned());
        }
    }
    if choice.without.contains(&Part::Elastic) && choice.es_url.is_none() {
        notes.push(
            "without Elasticsearch the gateways wait for the Secret elasticsearch-es-elastic-user: --es-url names another one"
                .to_owned(),
        );
    }
    if choice.es_url.is_some() {
        let ca = settings.es.ca.as_ref().map(|path| {
            std::fs::read_to_string(path).map_err(|e| CommandError::usage(format!("--es-ca {}: {e}", path.display())))
        });
        let password = std::env::var(config::SECRETS[0]).ok().filter(|text| !text.is_empty());
        match (password, ca.transpose()?) {
            // As it was: the password need not be given each time.
            (None, None) => kept.push(Id::new("v1", "Secret", inventory::NAMESPACE, ES_SECRET)),
            (password, ca) => {
                let at = objects.iter().position(|object| object["kind"] == "Service").unwrap_or(objects.len());
                objects.insert(at, es_secret(password.as_deref(), ca.as_deref()));
            }
        }
    }
    kept.retain(|id| before.objects.contains(id));
    before.objects.retain(|id| !kept.contains(id));
    let ids = objects.iter().map(Id::of).chain(kept);
    let inventory = Inventory { choice: choice.clone(), objects: Vec::new() }.with(ids);
    Ok(Everything { objects, inventory, before, notes })
}

/// kind's kubelets sign their own certificates, which metrics-server would refuse.
async fn is_self_signed(api: &Api, context: &str) -> bool {
    let nodes = api.read("/api/v1/nodes?limit=1").await.ok().flatten();
    let provider = nodes.as_ref().and_then(|nodes| nodes.pointer("/items/0/spec/providerID")?.as_str());
    provider.is_some_and(|id| id.starts_with("kind://")) || context.starts_with("kind-")
}

/// Waits until all that was applied is ready, and shows how far it is.
async fn wait(api: &Api, plan: &Plan, settings: &Settings) -> Result<(), CommandError> {
    let made = |one: &&plan::Planned| matches!(one.step, Step::Create | Step::Change(_) | Step::Keep);
    let ids: Vec<Id> = plan.objects.iter().filter(made).map(|one| one.id.clone()).collect();
    let mut screen = show::Screen::default();
    loop {
        match ready::look(api, &ids).await {
            Ok(states) => {
                let done = states.iter().all(|state| state.ready);
                screen.show(&states, show::ascii(settings), done);
                if done {
                    return Ok(());
                }
            }
            // The API server may be away for a moment; --timeout ends it.
            Err(error) if error.denied() => return Err(error.into()),
            Err(error) => stdio::progress(&error.to_string()),
        }
        tokio::time::sleep(POLL).await;
    }
}
