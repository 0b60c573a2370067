//! Runs the program to its end and holds it to the bounds that are the same for every family.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Nothing may take longer than this beyond the time that it was asked to take.
pub const HANGS: Duration = Duration::from_secs(10);
/// Resident memory, bytes.
pub const MEMORY: u64 = 300 << 20;
/// Output beyond this is read and thrown away.
const KEPT: usize = 64 << 20;

/// How a run ended.
pub struct Ended {
    /// The exit code; None when a signal ended it.
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
    /// Largest resident memory, bytes.
    pub memory: u64,
    pub took: Duration,
}

/// The program in an environment that has no configuration.
pub fn edot_tui(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edot-tui"));
    command.args(args).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

/// Runs `command` to its end, or kills it after `limit` and [`HANGS`].
pub fn run(mut command: Command, limit: Duration) -> Ended {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = drain(child.stdout.take().unwrap());
    let stderr = drain(child.stderr.take().unwrap());
    let mut memory = 0;
    let code = loop {
        memory = memory.max(peak(&child));
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if began.elapsed() > limit + HANGS {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let took = began.elapsed();
    let stderr = String::from_utf8_lossy(&stderr.join().unwrap()).into_owned();
    Ended { code, stdout: stdout.join().unwrap(), stderr, memory, took }
}

fn drain(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let (mut kept, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            kept.extend(&buffer[..n.min(KEPT - kept.len().min(KEPT))]);
        }
        kept
    })
}

/// The largest resident memory so far, bytes; 0 once it is gone.
pub fn peak(child: &Child) -> u64 {
    peak_of(child.id())
}

pub fn peak_of(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) << 10
}

/// Asks a process to end.
pub fn terminate(child: &Child) {
    let status = Command::new("/bin/sh").args(["-c", &format!("kill -TERM {}", child.id())]).status();
    assert!(status.unwrap().success());
}

/// The exit code of a process that ends by itself in this time; else it is killed.
pub fn ended_child(child: &mut Child, limit: Duration) -> Option<i32> {
    let began = Instant::now();
    while began.elapsed() < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Whether a process of a terminal ends by itself.
pub fn ended_within(child: &mut (dyn portable_pty::Child + Send + Sync), limit: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < limit {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    false
}

/// What no output may hold: a panic, or an error printed as the code has it.
pub fn internal_text(text: &str) -> Option<&'static str> {
    [
        "panicked at",
        "RUST_BACKTRACE",
        "Error(",
        "Other(",
        "Err(",
        "Os { code",
        "called `Result",
        "Custom {",
        "memory allocation of",
    ]
    .into_iter()
    .find(|word| text.contains(word))
}

/// Runs the cases of a family, a few at a time: most of them wait.
pub fn together<T: Send>(cases: impl IntoIterator<Item = T, IntoIter: Send>, run: impl Fn(T) + Sync) {
    let cases = Mutex::new(cases.into_iter());
    let next = || cases.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = next() {
                    run(case);
                }
            });
        }
    });
}

/// What was tried in a family, and the worst of it.
pub struct Family {
    name: &'static str,
    worst: Mutex<Worst>,
}

#[derive(Default)]
struct Worst {
    tried: u32,
    memory: u64,
    longest: Duration,
    faults: Vec<String>,
}

impl Family {
    pub fn new(name: &'static str) -> Family {
        Family { name, worst: Mutex::default() }
    }

    /// Holds a run that was asked to take `asked` to the bounds, and to exit codes of its own.
    pub fn hold(&self, case: &str, ended: &Ended, asked: Duration) {
        let mut wrong = Vec::new();
        if !matches!(ended.code, Some(0..=6)) {
            wrong.push(format!("exit code {:?}", ended.code));
        }
        if let Some(word) = internal_text(&ended.stderr) {
            wrong.push(format!("{word:?} on stderr"));
        }
        if ended.took > asked + HANGS {
            wrong.push(format!("took {:?}", ended.took));
        }
        if ended.memory > MEMORY {
            wrong.push(format!("{} MB", ended.memory >> 20));
        }
        if !wrong.is_empty() {
            let stderr: String = ended.stderr.chars().take(600).collect();
            self.fault(format!("{case}: {}; stderr: {stderr}", wrong.join(", ")));
        }
        self.note(ended.memory, ended.took);
    }

    pub fn note(&self, memory: u64, took: Duration) {
        let mut worst = self.worst.lock().unwrap();
        worst.tried += 1;
        worst.memory = worst.memory.max(memory);
        worst.longest = worst.longest.max(took);
    }

    pub fn fault(&self, what: String) {
        self.worst.lock().unwrap().faults.push(what);
    }

    /// Adds a fault unless `holds`.
    pub fn expect(&self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.fault(what());
        }
    }

    /// Prints the row of the table and fails when anything was wrong.
    pub fn end(self) {
        let Worst { tried, memory, longest, faults } = self.worst.into_inner().unwrap();
        let name = self.name;
        println!(
            "{name}: {tried} tried, {} wrong, {} MB at most, {:.1} s at most",
            faults.len(),
            memory >> 20,
            longest.as_secs_f64()
        );
        assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
    }
}

/// A file of the tests' data.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// How many cases of a random family are tried: `HOSTILE_CASES`, or `otherwise`.
pub fn cases(otherwise: u64) -> u64 {
    std::env::var("HOSTILE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}
