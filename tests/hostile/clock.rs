//! The system's clock is set while the program runs. A library that is loaded before the C library answers for the clock, by a
//! number of seconds in a file; it is compiled here, and where no C compiler is there is nothing to compile the program with.
#![cfg(target_os = "linux")]

use crate::lab_server::serve;
use crate::process::{Family, HANGS, edot_tui, together};
use crate::pty::{Pty, clean};
use portable_pty::CommandBuilder;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long offset(void) {
    const char *name = getenv("CLOCK_OFFSET_FILE");
    FILE *file = name ? fopen(name, "r") : NULL;
    long seconds = 0;
    if (file) {
        if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
        fclose(file);
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (clock == CLOCK_REALTIME) time->tv_sec += offset();
    return result;
}
"#;

/// A clock that can be set.
struct Settable {
    folder: TempDir,
}

impl Settable {
    fn new() -> Settable {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("clock.c"), SOURCE).unwrap();
        std::fs::write(folder.path().join("offset"), "0").unwrap();
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o", "clock.so", "clock.c", "-ldl"])
            .current_dir(folder.path())
            .status();
        assert!(compiled.unwrap().success(), "the library did not compile");
        Settable { folder }
    }

    fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.folder.path().join("clock.so")), ("CLOCK_OFFSET_FILE", self.folder.path().join("offset"))]
    }

    /// Sets the clock this many seconds off. The file is never seen half written.
    fn set(&self, seconds: i64) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, seconds.to_string()).unwrap();
        std::fs::rename(new, self.folder.path().join("offset")).unwrap();
    }
}

/// A recording takes as long as it was asked to, says that the clock was set, and its times never go back.
#[test]
fn a_recording_lasts_as_long_as_asked() {
    let family = Family::new("clock set while recording");
    together([-3_600, -86_400, -90, 3_600], |step: i64| {
        let clock = Settable::new();
        let file = clock.folder.path().join("run.jsonl");
        let cluster = serve();
        let mut command = edot_tui(&["record", "--for", "6s", "-o"]);
        command.arg(&file).env("KUBECONFIG", &cluster.config).envs(clock.environment());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_secs(2));
        clock.set(step);
        let code = crate::process::ended_child(&mut child, Duration::from_secs(6) + HANGS);
        let took = began.elapsed();
        family.expect(code == Some(0) && took > Duration::from_secs(5), || {
            format!("clock set by {step} s: exit code {code:?} after {took:?}")
        });
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let times: Vec<&str> = text.lines().filter_map(|l| l.split("\"at\":\"").nth(1)?.get(..19)).collect();
        family.expect(times.len() > 5 && times.is_sorted(), || format!("clock set by {step} s: times go back"));
        family.expect(text.contains("this computer's clock"), || {
            format!("clock set by {step} s: the recording does not say so")
        });
        family.note(0, took);
    });
    family.end();
}

/// The dashboard goes on by itself at once, and answers keys.
#[test]
fn the_dashboard_goes_on() {
    let family = Family::new("clock set under the dashboard");
    together([-3_600, -86_400, 7_200], |step: i64| {
        let began = Instant::now();
        let clock = Settable::new();
        let mut command = clean(CommandBuilder::new(env!("CARGO_BIN_EXE_edot-tui")));
        let cluster = serve();
        command.env("KUBECONFIG", &cluster.config);
        clock.environment().iter().for_each(|(name, value)| command.env(name, value));
        let mut pty = Pty::spawn(command, (120, 36));
        pty.until_text("Overview");
        clock.set(step);
        let set = Instant::now();
        // The time in the header, which moves each second, without a key.
        let shown = |screen: &vt100::Screen| screen.rows(0, 120).next().unwrap_or_default();
        for _ in 0..4 {
            let before = shown(pty.screen());
            pty.until("the next second", |s| shown(s) != before);
        }
        family.expect(set.elapsed() < Duration::from_secs(20), || {
            format!("clock set by {step} s: four seconds of the header take {:?}", set.elapsed())
        });
        pty.keys("2");
        pty.until_text("Decisions");
        pty.keys("q");
        let code = pty.exit();
        pty.assert_restored("a clock that was set");
        family.expect(code == 0, || format!("clock set by {step} s: exit code {code}"));
        family.note(0, began.elapsed());
    });
    family.end();
}
