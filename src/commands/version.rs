//! What `--version` says: the version; in full the commit, what it was built for, and the formats it reads and writes. Must not
//! need git or a build script: a release sets `EDOT_TUI_COMMIT`, and a build from the packaged crate knows its version alone.

use crate::{hpa::versions, recording, report::schema::Schema};

/// `0.1.0`, as in `-V`.
pub const SHORT: &str = env!("CARGO_PKG_VERSION");

/// As in `--version`.
pub fn long() -> String {
    let commit =
        option_env!("EDOT_TUI_COMMIT").filter(|c| !c.is_empty()).map(|c| format!(" ({c})")).unwrap_or_default();
    let linked = if cfg!(target_feature = "crt-static") { "static" } else { "dynamic" };
    let checked = if cfg!(debug_assertions) { "debug" } else { "optimized" };
    let schemas = Schema::ALL.map(|s| s.id().trim_start_matches("edot-tui/")).join(", ");
    format!(
        "{SHORT}{commit}\nbuilt for   {} {}, {linked}, {checked}\nrecordings  format {}, and every earlier one\n\
         JSON        {schemas}\nKubernetes  1.29 to 1.{}\nfeatures    embedded lab, stack, TLS by rustls with ring",
        std::env::consts::ARCH,
        std::env::consts::OS,
        recording::VERSION,
        versions::RELEASED,
    )
}
