//! The figures of a k6 run, and what k6 0.49 writes about them: a banner, its progress every second, a summary at the end.
//! Tests hold the text to a real run's. It must not know how the figures come about.

use super::stages;
use super::trend::Trend;
use crate::lab::model::Ms;
use crate::lab::scenario::Stage;

/// What a run has done so far.
#[derive(Debug, Clone)]
pub struct K6Figures {
    pub stages: Vec<Stage>,
    /// Path of the script.
    pub script: String,
    /// Virtual users now, and the fewest so far (`u32::MAX` before the first).
    pub users: u32,
    pub users_min: u32,
    pub iterations: u64,
    pub interrupted: u64,
    pub requests: u64,
    pub failed: u64,
    /// Durations of requests and iterations, ms.
    pub request_ms: Trend,
    pub iteration_ms: Trend,
}

impl K6Figures {
    pub fn new(stages: Vec<Stage>, script: String) -> Self {
        K6Figures {
            stages,
            script,
            users: 0,
            users_min: u32::MAX,
            iterations: 0,
            interrupted: 0,
            requests: 0,
            failed: 0,
            request_ms: Trend::default(),
            iteration_ms: Trend::default(),
        }
    }

    /// How long all stages take.
    pub fn length(&self) -> Ms {
        stages::length(&self.stages)
    }
}

/// The lines before the first progress.
pub fn banner(run: &K6Figures) -> Vec<String> {
    let (most, length) = (stages::most(&run.stages), run.length());
    let text = format!(
        r#"
          /\      |‾‾| /‾‾/   /‾‾/   
     /\  /  \     |  |/  /   /  /    
    /  \/    \    |     (   /   ‾‾\  
   /          \   |  |\  \ |  (‾)  | 
  / __________ \  |__| \__\ \_____/ .io

     execution: local
        script: {}
        output: -

     scenarios: (100.00%) 1 scenario, {most} max VUs, {} max duration (incl. graceful stop):
              * default: Up to {most} looping VUs for {} over {} stages (gracefulRampDown: 30s, gracefulStop: 30s)

"#,
        run.script,
        whole(length + 30_000),
        whole(length),
        run.stages.len(),
    );
    text.split('\n').map(str::to_owned).collect()
}

/// The lines of one progress report; `end` says at the end whether the run was complete.
pub fn progress(run: &K6Figures, elapsed: Ms, end: Option<bool>) -> Vec<String> {
    let (most, length) = (stages::most(&run.stages), run.length());
    let width = most.to_string().len();
    let users = if end.is_some() { 0 } else { run.users };
    let percent = (elapsed as f64 / length.max(1) as f64 * 100.0).min(100.0);
    let wide = length + 30_000 >= 60_000;
    let mark = match end {
        None => ' ',
        Some(true) => '✓',
        Some(false) => '✗',
    };
    let at = match end {
        Some(true) => whole(length),
        _ => format!("{}/{}", tenth(elapsed, length >= 60_000), whole(length)),
    };
    vec![
        String::new(),
        format!(
            "running ({}), {users:0width$}/{most} VUs, {} complete and {} interrupted iterations",
            tenth(elapsed, wide),
            run.iterations,
            run.interrupted
        ),
        format!(
            "default {mark} [ {percent:3.0}% ] {:0width$}/{most} VUs  {at}",
            if end.is_some() { users } else { run.users }
        ),
    ]
}

/// `5m0s`, `30s`.
fn whole(ms: Ms) -> String {
    let s = ms / 1000;
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}m{}s", s / 60, s % 60),
        _ => format!("{}h{}m{}s", s / 3600, s / 60 % 60, s % 60),
    }
}

/// `0m37.0s`, or `05.0s` in a run that stays below a minute.
fn tenth(ms: Ms, minutes: bool) -> String {
    let (s, tenth) = (ms / 1000, ms % 1000 / 100);
    if minutes { format!("{}m{:02}.{tenth}s", s / 60, s % 60) } else { format!("{s:02}.{tenth}s") }
}

/// The summary at the end of a run that took `elapsed`.
pub fn summary(run: &K6Figures, elapsed: Ms) -> Vec<String> {
    let seconds = (elapsed as f64 / 1000.0).max(0.001);
    let rate = |count: u64| format!("{:.6}/s", count as f64 / seconds);
    let small = |mean: f64| {
        let mut trend = Trend::default();
        trend.add(mean, run.requests.min(2000));
        trend
    };
    let bytes = |per: u64| {
        let all = per * run.requests;
        (data(all as f64), format!("{}/s", data(all as f64 / seconds)))
    };
    let (received, sent) = (bytes(312), bytes(148));
    let passed = run.requests - run.failed;
    let failed = if run.requests == 0 { 0.0 } else { run.failed as f64 / run.requests as f64 * 100.0 };
    let most = stages::most(&run.stages);
    let least = if run.users_min == u32::MAX { 0 } else { run.users_min };
    let waiting = small(run.request_ms.mean() * 0.985);
    let rows = [
        ("data_received", format!("{} {}", received.0, received.1)),
        ("data_sent", format!("{} {}", sent.0, sent.1)),
        ("http_req_blocked", trend(&small(0.011))),
        ("http_req_connecting", trend(&small(0.004))),
        ("http_req_duration", trend(&run.request_ms)),
        ("  { expected_response:true }", trend(&run.request_ms)),
        ("http_req_failed", format!("{failed:.2}% ✓ {} ✗ {passed}", run.failed)),
        ("http_req_receiving", trend(&small(0.08))),
        ("http_req_sending", trend(&small(0.05))),
        ("http_req_tls_handshaking", "avg=0s min=0s med=0s max=0s p(90)=0s p(95)=0s".to_owned()),
        ("http_req_waiting", trend(&waiting)),
        ("http_reqs", format!("{} {}", run.requests, rate(run.requests))),
        ("iteration_duration", trend(&run.iteration_ms)),
        ("iterations", format!("{} {}", run.iterations, rate(run.iterations))),
        ("vus", format!("{} min={least} max={most}", run.users.max(least))),
        ("vus_max", format!("{most} min={most} max={most}")),
    ];
    let mut lines = vec![String::new()];
    lines.extend(rows.into_iter().map(|(name, value)| {
        let dots = ".".repeat(31_usize.saturating_sub(name.chars().count()));
        format!("     {name}{dots}: {value}")
    }));
    lines.push(String::new());
    lines
}

fn trend(of: &Trend) -> String {
    format!(
        "avg={} min={} med={} max={} p(90)={} p(95)={}",
        duration(of.mean()),
        duration(of.min),
        duration(of.quantile(0.5)),
        duration(of.max),
        duration(of.quantile(0.9)),
        duration(of.quantile(0.95)),
    )
}

/// Milliseconds in the form of Go, with at most two decimals.
fn duration(ms: f64) -> String {
    let cut = |value: f64| {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match ms {
        0.0 => "0s".to_owned(),
        ..0.001 => format!("{}ns", cut(ms * 1e6)),
        ..1.0 => format!("{}µs", cut(ms * 1e3)),
        ..1000.0 => format!("{}ms", cut(ms)),
        ..60_000.0 => format!("{}s", cut(ms / 1000.0)),
        _ => format!("{}m{}s", (ms / 60_000.0) as u64, cut(ms % 60_000.0 / 1000.0)),
    }
}

/// `11 MB`, `184 kB`.
fn data(bytes: f64) -> String {
    match bytes {
        ..1e3 => format!("{bytes:.0} B"),
        ..1e6 => format!("{:.0} kB", bytes / 1e3),
        ..1e9 => format!("{:.1} MB", bytes / 1e6).replace(".0 ", " "),
        _ => format!("{:.1} GB", bytes / 1e9),
    }
}
