//! The token of an `auth-provider`, which kubectl has given up and old kubeconfigs still hold. Must not refresh or store one.
//!
//! kube would run the gcp helper itself, and quote all that it prints in an error, with the token.

use super::{ConnectError, exec};
use crate::observe::mask;
use crate::observe::text::clean;
use kube::config::AuthProviderConfig;
use std::process::Command;
use std::time::Duration;

/// The token that the provider holds, or that its helper prints. Blocks while the helper runs, at most for `limit`.
///
/// # Errors
/// [`ConnectError::Exec`] and [`ConnectError::Credentials`], with what replaces the provider.
pub fn token(provider: &AuthProviderConfig, limit: Duration) -> Result<String, ConnectError> {
    let given = |key: &str| provider.config.get(key).filter(|value| !value.is_empty());
    let name = provider.name.as_str();
    let removed = |why: &str| {
        let instead = match name {
            "gcp" => "gke-gcloud-auth-plugin (gcloud container clusters get-credentials writes it)",
            "azure" => "kubelogin (kubelogin convert-kubeconfig writes it)",
            _ => "an exec plugin, such as kubectl oidc-login",
        };
        let name = clean(name, 60);
        ConnectError::Credentials(format!("{why}; the {name} auth plugin has been removed from kubectl: use {instead}"))
    };
    match name {
        "gcp" | "oidc" => {}
        _ => return Err(removed("this auth-provider is not supported")),
    }
    if let Some(token) = given("id-token") {
        return Ok(token.clone());
    }
    let lasts = |expiry: &String| {
        let expiry = chrono::DateTime::parse_from_rfc3339(expiry);
        expiry.is_ok_and(|at| at > chrono::Utc::now() + chrono::TimeDelta::seconds(60))
    };
    if let Some(token) = given("access-token").filter(|_| given("expiry").is_some_and(lasts)) {
        return Ok(token.clone());
    }
    let Some(helper) = given("cmd-path").filter(|_| name == "gcp") else {
        return Err(removed("it holds no token that is valid, and no helper that gets one"));
    };
    let mut command = Command::new(helper);
    command.args(given("cmd-args").iter().flat_map(|all| all.split_whitespace()));
    for variable in given("cmd-drop-env").iter().flat_map(|all| all.split_whitespace()) {
        command.env_remove(variable);
    }
    let failed = |why: &str| removed(&format!("the helper {} of the auth-provider failed: {why}", clean(helper, 200)));
    let secrets =
        provider.config.iter().filter(|(name, _)| mask::names_a_secret(name)).map(|(_, value)| value.as_str());
    let enough = |out: &[u8]| !out.trim_ascii().is_empty();
    let out = exec::output(command, limit, enough, secrets).map_err(|failure| failed(&failure.text))?;
    let token = match given("token-key") {
        None => String::from_utf8(out).ok().map(|text| text.trim().to_owned()),
        Some(key) => serde_json::from_slice::<serde_json::Value>(&out).ok().and_then(|json| {
            let path = key.trim_matches(['{', '}']).replace('.', "/");
            json.pointer(&path).and_then(|token| token.as_str()).map(str::to_owned)
        }),
    };
    token.filter(|token| !token.is_empty()).ok_or_else(|| failed("it printed no token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, config: &[(&str, &str)]) -> Result<String, String> {
        let config = config.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let provider = AuthProviderConfig { name: name.into(), config, other: Default::default() };
        token(&provider, exec::LIMIT).map_err(|e| e.to_string())
    }

    #[test]
    fn a_helpers_output_is_in_no_error_and_what_replaces_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let helper = folder.path().join("helper.sh");
        let script = "echo '{\"credential\":{\"access_token\":\"ya29.SECRET\"}}'; echo first >&2; echo 'WARNING: wrong ya29.SECRET-TOO' >&2; exit $1";
        std::fs::write(&helper, script).unwrap();
        let run = |code: &str, key: &str| {
            let arguments = format!("{} {code}", helper.display());
            of("gcp", &[("cmd-path", "sh"), ("cmd-args", &arguments), ("token-key", key)])
        };
        assert_eq!(run("0", "{.credential.access_token}"), Ok("ya29.SECRET".into()));
        for (code, key, expected) in [
            ("1", "{.credential.access_token}", "exit code 1: WARNING: wrong ***;"),
            ("0", "{.other}", "printed no token"),
        ] {
            let error = run(code, key).unwrap_err();
            assert!(error.contains(expected) && error.contains("the gcp auth plugin has been removed"), "{error}");
            assert!(error.contains("gke-gcloud-auth-plugin") && !error.contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn every_provider_without_a_token_names_what_replaces_it() {
        for (name, instead) in [
            ("gcp", "gke-gcloud-auth-plugin"),
            ("azure", "kubelogin"),
            ("oidc", "oidc-login"),
            ("other", "exec plugin"),
        ] {
            let error = of(name, &[("access-token", "SECRET"), ("expiry", "2001-01-01T00:00:00Z")]).unwrap_err();
            assert!(error.contains(instead) && !error.contains("SECRET"), "{error}");
        }
        assert_eq!(of("oidc", &[("id-token", "a")]), Ok("a".into()));
        assert_eq!(of("gcp", &[("access-token", "a"), ("expiry", "2999-01-01T00:00:00Z")]), Ok("a".into()));
    }
}
