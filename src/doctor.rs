//! `edot-tui doctor`: what is wrong, and what would mend it. Fetching, rules and printing stand in files of their own, so
//! that the rules can be tried on facts without a cluster. Nothing is changed.

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
mod requests;

use crate::config::{self, Settings};
use crate::source::live::client::{ApiClient, cluster, connect};
use crate::{exit, out, start};
use check::{Check, exit_code};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Makes all checks, prints them (`output` is `text` or `json`) and gives the exit code: 0 fine, 1 something is wrong,
/// 2 the configuration is, 3 no such HPA, 5 the cluster cannot be reached, 6 it denies access.
pub async fn run(settings: &Settings, output: &str) -> u8 {
    let checks = examine(settings, &config::environment()).await;
    let report = match output {
        "json" => print::json(&checks),
        _ => print::text(&checks, settings.symbols == config::Symbols::Ascii),
    };
    out::finish(&report, exit_code(&checks))
}

/// The checks, in order; where one stands in the way of all that follow, it is the last.
pub async fn examine(settings: &Settings, env: &config::Env) -> Vec<Check> {
    let mut checks = vec![identity::configuration(settings)];
    checks.extend(identity::environment(env));
    let stop = CancellationToken::new();
    let _lab = stop.clone().drop_guard();
    let access = match settings.lab {
        false => start::access(settings),
        true => match start::lab::embedded(settings, &stop).await {
            Ok(access) => access,
            Err(refusal) => {
                checks.push(Check::fail("lab", "lab", refusal.text, "").exits(refusal.code));
                return checks;
            }
        },
    };
    let what = "kubeconfig";
    let plan = match connect::plan(&access) {
        Ok(plan) => plan,
        Err(e) => {
            let code = if e.is_usage() { exit::USAGE } else { exit::UNREACHABLE };
            checks.push(Check::fail("kubeconfig", what, e.to_string(), "").exits(code));
            return checks;
        }
    };
    checks.push(identity::kubeconfig(&access, &plan.context, &plan.server));
    let connection = match connect::connect(plan, Arc::default()).await {
        Ok(connection) => connection,
        Err(e) => {
            let code = if e.is_usage() { exit::USAGE } else { exit::UNREACHABLE };
            checks.push(Check::fail("credentials", "credentials", e.to_string(), "").exits(code));
            return checks;
        }
    };
    let client = ApiClient { client: connection.client, timeout: settings.request_timeout };
    let version = fetch::version(&client).await;
    checks.push(access::reach(&version, &connection.server));
    let Ok(version) = version else { return checks };
    checks.push(access::version(&version));
    checks.push(identity::user(&fetch::user(&client).await));
    let facts = fetch::facts(&client, settings).await;
    checks.extend(access::permissions(&facts));
    checks.extend(access::metrics(&facts.metrics_api, &facts.usage));
    checks.extend(hpa::all(&facts));
    checks.extend(load::all(&facts));
    if let Ok(cluster) = cluster::open(access).await {
        checks.extend(elastic::all(&cluster, settings).await);
    }
    checks
}
