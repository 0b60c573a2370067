//! What the dashboard says of a collector that is away, on the screen and at its end.

use crate::it::cli::pty::{Pty, clean, find};
use crate::it::support::program;
use portable_pty::CommandBuilder;

#[test]
fn the_screen_says_that_the_collector_is_away_and_the_end_what_was_dropped() {
    // A port that nothing listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let arguments = ["live", "--lab", "--speed", "20", "--no-state", "--otlp"];
    for flag_first in [false, true] {
        let mut command = clean(CommandBuilder::new(program()));
        let (before, after) =
            if flag_first { (Some(("--otlp", &url)), &arguments[..5]) } else { (None, &arguments[..]) };
        before.iter().for_each(|(flag, url)| command.args([*flag, url.as_str()]));
        command.args(after);
        if !flag_first {
            command.arg(&url);
        }
        let mut pty = Pty::spawn(command, (160, 40));
        pty.until_text("by OTLP: Connection refused");
        pty.keys("q");
        assert_eq!(pty.exit(), 0);
        assert!(find(&pty.raw, format!("0 items sent to {url} by OTLP").as_bytes()).is_some());
    }
}
