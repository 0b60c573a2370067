//! The checks of `edot-tui doctor`: what is wrong, with a hint. Fetching, rules and printing are in files of their own, so
//! that the rules can be tested on facts without a cluster. Nothing in the cluster is changed.

pub mod access;
pub mod check;
mod elastic;
pub mod facts;
mod fetch;
pub mod hpa;
mod identity;
pub mod load;
pub mod permissions;
pub mod print;
pub mod production;
mod requests;
mod stack;
pub mod upgrade;

use crate::config::{self, Settings};
use crate::source::live::client::{ApiClient, cluster, connect};
use crate::{error::CommandError, open};
use check::Check;
use std::sync::Arc;

/// Makes the checks, in order; one without which the others cannot be made is the last. With `production`, those of the guidance for
/// production, too.
pub async fn examine(settings: &Settings, env: &config::Env, production: bool) -> Vec<Check> {
    let mut checks = vec![identity::configuration(settings)];
    checks.extend(identity::environment(env));
    let resolved = open::lab::settings(settings);
    let settings = resolved.as_ref().unwrap_or(settings);
    let access = match (&resolved, settings.lab) {
        (Ok(settings), false) => open::access(settings),
        (Err(error), _) => {
            checks.push(Check::fail("lab", "lab", error.to_string(), "").exits(error.kind));
            return checks;
        }
        (Ok(settings), true) => match open::lab::start(settings).await {
            Ok(access) => access,
            Err(error) => {
                checks.push(Check::fail("lab", "lab", error.to_string(), "").exits(error.kind));
                return checks;
            }
        },
    };
    let plan = match connect::plan(&access) {
        Ok(plan) => plan,
        Err(e) => {
            let text = e.to_string();
            checks.push(Check::fail("kubeconfig", "kubeconfig", text, "").exits(CommandError::from(e).kind));
            return checks;
        }
    };
    checks.push(identity::kubeconfig(&access, &plan));
    let connection = match connect::connect(plan, Arc::default()).await {
        Ok(connection) => connection,
        Err(e) => {
            let text = e.to_string();
            checks.push(Check::fail("credentials", "credentials", text, "").exits(CommandError::from(e).kind));
            return checks;
        }
    };
    let client = ApiClient { client: connection.client, timeout: settings.request_timeout };
    let version = fetch::version(&client).await;
    checks.push(access::reach(&version, &connection.server));
    let Ok(version) = version else { return checks };
    checks.push(access::version(&version));
    checks.push(identity::user(&fetch::user(&client).await));
    let facts = fetch::facts(&client, settings, &access::git_version(&version)).await;
    checks.extend(access::permissions(&facts));
    checks.extend(access::metrics(&facts.metrics_api, &facts.usage, facts.usage_later.as_ref()));
    checks.extend(hpa::all(&facts));
    checks.extend(load::all(&facts));
    checks.extend(stack::check(&client).await);
    if production {
        checks.extend(production::all(&client, settings).await);
    }
    if let Ok(cluster) = cluster::open(access).await {
        checks.extend(elastic::all(&cluster, settings).await);
    }
    checks
}
