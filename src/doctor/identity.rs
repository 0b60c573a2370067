//! Checks of the configuration: which file, which context, and which user. Must not show a secret, nor read one.

use super::check::Check;
use crate::config::{self, Env, Settings};
use crate::observe::text::clean;
use crate::source::live::ApiError;
use crate::source::live::cluster::{HTTPS, WITHHELD};
use crate::source::live::connect::{self, Access, Plan};
use kube::config::{AuthInfo, Kubeconfig};
use serde_json::Value;
use std::path::PathBuf;

/// Which configuration file is in force.
pub fn configuration(settings: &Settings) -> Check {
    let detail = match &settings.config_file {
        Some(path) => path.display().to_string(),
        None => "no file: defaults, environment and flags".into(),
    };
    Check::ok("config", "configuration", detail)
}

/// Variables with our prefix that mean nothing to us.
pub fn environment(env: &Env) -> Option<Check> {
    let unknown = config::unknown_env(env);
    let detail = format!("unknown: {}", unknown.join(", "));
    let hint = "a typing error? edot-tui --help lists those that exist";
    (!unknown.is_empty()).then(|| Check::warn("environment", "environment", detail, hint))
}

/// Which kubeconfig, context and server, and how the user authenticates.
pub fn kubeconfig(access: &Access, plan: &Plan) -> Check {
    let (context, server) = (plan.context.as_str(), plan.server.as_str());
    let files = files(access);
    let names: Vec<String> = files.iter().map(|p| p.display().to_string()).collect();
    let from = match context {
        _ if access.lab.is_some() => "the embedded lab".to_owned(),
        "in-cluster" => "the pod's service account".to_owned(),
        _ => names.join(", "),
    };
    let means = files.iter().filter_map(|f| connect::read(f).ok()).collect::<Vec<_>>();
    let means = auth(&means, context).filter(|_| !plan.withheld).map(means_of).unwrap_or_default();
    let acting = access.as_user.as_ref().map(|u| format!(", acting as {}", clean(u, 200))).unwrap_or_default();
    let detail = format!("{from}: context {context}, server {server}{means}{acting}");
    match plan.withheld {
        true => Check::warn("kubeconfig", "kubeconfig", format!("{detail}; {WITHHELD}"), HTTPS),
        false => Check::ok("kubeconfig", "kubeconfig", detail),
    }
}

/// The files that were read, by the same rule as for connecting.
fn files(access: &Access) -> Vec<PathBuf> {
    if let Some(path) = &access.kubeconfig {
        return vec![path.clone()];
    }
    let listed = access.environment.kubeconfig.iter().flat_map(std::env::split_paths);
    let listed: Vec<PathBuf> = listed.filter(|p| !p.as_os_str().is_empty()).collect();
    let home = || access.environment.home.iter().map(|h| h.join(".kube/config")).collect();
    let paths: Vec<PathBuf> = if listed.is_empty() { home() } else { listed };
    paths.into_iter().filter(|p| p.exists()).collect()
}

/// The user of the context; of several files the first that has it is used.
fn auth<'a>(files: &'a [Kubeconfig], context: &str) -> Option<&'a AuthInfo> {
    let contexts = files.iter().flat_map(|f| &f.contexts).find(|c| c.name == context)?;
    let user = contexts.context.as_ref()?.user.as_ref()?;
    files.iter().flat_map(|f| &f.auth_infos).find(|a| &a.name == user)?.auth_info.as_ref()
}

fn means_of(auth: &AuthInfo) -> String {
    // In the order in which they are used.
    let means = if let Some(provider) = &auth.auth_provider {
        format!("the auth-provider {}", clean(&provider.name, 200))
    } else if auth.token_file.is_some() {
        "a token file".into()
    } else if auth.token.is_some() {
        "a token".into()
    } else if auth.username.is_some() {
        "a password".into()
    } else if let Some(exec) = &auth.exec {
        format!("the plugin {}", clean(exec.command.as_deref().unwrap_or_default(), 200))
    } else if auth.client_certificate.is_some() || auth.client_certificate_data.is_some() {
        "a client certificate".into()
    } else {
        "nothing (anonymous)".into()
    };
    format!(", authenticated by {means}")
}

/// Which user we are to the API server, from a SelfSubjectReview.
pub fn user(review: &Result<Value, ApiError>) -> Check {
    match review {
        Ok(review) => {
            let name = review.pointer("/status/userInfo/username").and_then(Value::as_str).unwrap_or_default();
            Check::ok("user", "user", clean(name, 253))
        }
        Err(_) => Check::skip("user", "user", "the server does not report it (before 1.28, or not allowed)"),
    }
}
