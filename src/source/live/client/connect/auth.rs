//! Credentials made ready for the client: token files are read and exec plugins run, for a token or a certificate.
//!
//! kube would run a plugin three times and take a token file's line end for part of the token. Both are read again when
//! the server refuses them, so nothing here looks at times of expiry.

use super::exec::{self, Credential};
use super::{ConnectError, error, provider};
use base64::{Engine, engine::general_purpose::STANDARD};
use kube::config::AuthInfo;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::time::Duration;

/// Remove all credentials, and keep whom to act as; false if there are none. client-go reads them only where the address
/// begins with `https://` (`IsConfigTransportTLS`), so kubectl sends none in the clear and runs no plugin for them.
pub fn withhold(auth: &mut AuthInfo) -> bool {
    let given = auth.token.is_some()
        || auth.token_file.is_some()
        || auth.username.is_some()
        || auth.exec.is_some()
        || auth.auth_provider.is_some();
    let certificate = auth.client_certificate.is_some() || auth.client_certificate_data.is_some();
    *auth = AuthInfo {
        impersonate: auth.impersonate.take(),
        impersonate_groups: auth.impersonate_groups.take(),
        impersonate_uid: auth.impersonate_uid.take(),
        impersonate_user_extra: auth.impersonate_user_extra.take(),
        ..AuthInfo::default()
    };
    given || certificate
}

/// Replace token files and plugins by what they yield. Blocks while a plugin runs, at most for `limit`.
pub fn fetch(auth: &mut AuthInfo, limit: Duration) -> Result<(), ConnectError> {
    if let Some(path) = auth.token_file.take().filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        match std::fs::read_to_string(&path) {
            Ok(token) => auth.token = Some(token.into()),
            Err(_) if auth.token.is_some() => {}
            Err(e) => return Err(ConnectError::TokenFile { path, cause: error::cause(&e) }),
        }
    }
    if let Some(provider) = auth.auth_provider.take() {
        // As kube does: it goes before a password and a token.
        (auth.username, auth.password) = (None, None);
        auth.token = Some(provider::token(&provider, limit)?.into());
    }
    let given = auth.token.is_some() || auth.username.is_some();
    if let Some(plugin) = auth.exec.take().filter(|_| !given) {
        match exec::run(&plugin, limit)? {
            Credential::Token(token) => auth.token = Some(token),
            Credential::Certificate { certificate, key } => {
                auth.client_certificate_data = Some(STANDARD.encode(certificate));
                auth.client_key_data = Some(STANDARD.encode(key.expose_secret()).into());
            }
        }
    }
    auth.token = auth.token.take().map(|token| usable(&token)).transpose()?;
    Ok(())
}

/// What an answer of the server may repeat of the credentials, as they are sent.
pub fn secrets(auth: &AuthInfo) -> Vec<SecretString> {
    let mut secrets: Vec<SecretString> = auth.token.iter().chain(&auth.password).cloned().collect();
    if let Some((user, password)) = auth.username.as_ref().zip(auth.password.as_ref()) {
        secrets.push(STANDARD.encode(format!("{user}:{}", password.expose_secret())).into());
    }
    secrets
}

/// The token without white space around it; it must fit into a header.
fn usable(token: &SecretString) -> Result<SecretString, ConnectError> {
    let token = token.expose_secret().trim();
    match !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok(token.to_owned().into()),
        false => Err(ConnectError::Credentials("the token is empty or holds characters that no token can hold".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_goes_before_the_token_and_loses_its_line_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from-file\n").unwrap();
        let mut auth = AuthInfo {
            token: Some("old".to_owned().into()),
            token_file: file.path().to_str().map(str::to_owned),
            ..AuthInfo::default()
        };
        fetch(&mut auth, exec::LIMIT).unwrap();
        assert_eq!(auth.token.as_ref().map(|t| t.expose_secret()), Some("from-file"));
        assert_eq!(auth.token_file, None);
    }

    #[test]
    fn a_token_that_fits_in_no_header_is_an_error_and_not_shown() {
        let mut auth = AuthInfo { token: Some("se\ncret".to_owned().into()), ..AuthInfo::default() };
        let error = fetch(&mut auth, exec::LIMIT).unwrap_err();
        assert!(!error.to_string().contains("cret") && !error.is_usage());
    }

    #[test]
    fn a_plugins_certificate_is_kept_as_base64() {
        let answer = r#"echo '{"status":{"clientCertificateData":"any carnal pleas","clientKeyData":"k"}}'"#;
        let plugin = kube::config::ExecConfig {
            command: Some("/bin/sh".into()),
            args: Some(vec!["-c".into(), answer.into()]),
            ..kube::config::ExecConfig::default()
        };
        let mut auth = AuthInfo { exec: Some(plugin), ..AuthInfo::default() };
        fetch(&mut auth, exec::LIMIT).unwrap();
        assert_eq!(auth.client_certificate_data.as_deref(), Some("YW55IGNhcm5hbCBwbGVhcw=="));
        assert_eq!(auth.client_key_data.as_ref().map(|key| key.expose_secret()), Some("aw=="));
    }
}
