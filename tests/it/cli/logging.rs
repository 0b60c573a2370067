//! The log: only when asked for, only our own words, and never a credential, whatever the level.

use crate::it::support::stub_api::{listen, status};
use edot_tui::config::Log;
use edot_tui::logging::{ours, start};
use std::sync::{Arc, Mutex};
use tracing_subscriber::{filter::Targets, fmt, prelude::*};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged at `filter` while a request with a token is made and refused.
async fn logged(filter: Targets) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let lines = fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    let _guard = tracing::subscriber::set_default(subscriber);
    let (url, _) = listen(|asked| status(403, "Forbidden", &format!("no {}", asked.path))).await;
    let mut config = kube::Config::new(url.parse().unwrap());
    config.auth_info.token = Some("s3cr3t-token".to_owned().into());
    let client = kube::Client::try_from(config).unwrap();
    client.apiserver_version().await.unwrap_err();
    tracing::trace!(target: "edot_tui::source", "our own words");
    String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn no_library_writes_to_the_log_at_any_level() {
    let all = logged(Targets::new().with_default(tracing::Level::TRACE)).await;
    assert!(all.contains("kube_client"), "unfiltered, the libraries do write, so this test can fail");
    for level in ["error", "info", "trace"] {
        let own = logged(ours(level)).await;
        assert!(own.lines().all(|l| l.contains("edot_tui")), "{own}");
        assert_eq!(own.contains("our own words"), level == "trace");
        assert!(!own.contains("s3cr3t"));
    }
}

#[test]
fn a_log_file_that_cannot_be_opened_is_named() {
    let log = Log { file: "/dev/null/x.log".into(), level: "info".into() };
    assert!(start(&log).unwrap_err().starts_with("log file /dev/null/x.log: "));
}
