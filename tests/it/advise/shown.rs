//! The findings over a recording, second by second, to look at; and no rate may be negative.

use edot_tui::advise;
use edot_tui::observe::{Observation, Role, Signal};
use edot_tui::session::{Series, Session};
use std::collections::BTreeMap;

/// Prints when each finding came and went, the totals of load and gateway, and checks every rate.
#[test]
#[ignore = "prints a recording's findings, to look at: EDOT_SHOW=FILE cargo test it::advise::shown -- --ignored --nocapture"]
fn show() {
    let file = std::env::var("EDOT_SHOW").unwrap();
    let mut session = Session::default();
    let mut on: BTreeMap<&str, String> = BTreeMap::new();
    for seen in edot_tui::recording::open(std::path::Path::new(&file)).unwrap() {
        session.apply(&seen);
        if !matches!(seen.what, Observation::Tick) {
            continue;
        }
        let second = (session.now_ms() - session.began.unwrap().timestamp_millis()) / 1000;
        let now: BTreeMap<&str, String> = advise::findings(&session)
            .into_iter()
            .map(|f| (f.id, format!("{:?}: {} ({})", f.severity, f.text, f.evidence)))
            .collect();
        for (id, text) in now.iter().filter(|(id, _)| !on.contains_key(*id)) {
            println!("{second:>5} s + {id}: {text}");
        }
        for (id, text) in on.iter().filter(|(id, _)| !now.contains_key(*id)) {
            println!("{second:>5} s - {id}; at last: {text}");
        }
        on = now;
    }
    println!("at the end: {:?}; {:?}", session.load.phase(), session.load.progress(session.now_ms()));
    for role in [Role::Gateway, Role::Agent, Role::Cluster] {
        let Some(tier) = session.collectors.tier(role) else { continue };
        for signal in Signal::ALL {
            println!("{role:?} {}: {:?}", signal.name(), tier.totals(signal));
        }
        let line = |series: &Series| -> Vec<i64> { series.points().iter().map(|p| p.1.round() as i64).collect() };
        println!("{role:?} accepted/s {:?}\n  sent/s {:?}", line(&tier.accepted), line(&tier.sent));
    }
    let rates = session.collectors.all().flat_map(|c| {
        let flows = Signal::ALL.into_iter().flat_map(|s| {
            let f = c.flow(s);
            [&f.accepted.rate, &f.refused.rate, &f.sent.rate, &f.send_failed.rate, &f.enqueue_failed.rate]
        });
        flows.chain([&c.accepted.rate, &c.cpu.rate]).collect::<Vec<_>>()
    });
    let least = rates.flat_map(Series::points).map(|p| p.1).fold(0.0, f64::min);
    assert!(least >= 0.0, "a rate of {least}");
}
