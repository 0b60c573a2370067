//! stdout is for data, and a reader that goes away is no error.

use std::process::{Command, Stdio};

#[test]
#[cfg(unix)]
fn a_closed_pipe_is_success() {
    for args in [&["man"] as &[&str], &["completions", "bash"], &["--print-config"]] {
        let mut child = Command::new(crate::it::support::program())
            .args(args)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{args:?}");
    }
}
