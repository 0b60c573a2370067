//! How far an imported session agrees with one that was watched: its rescales, and the decision of each sync.

use edot_tui::observe::Stamped;
use edot_tui::session::{Mark, Session};

/// The session of observations.
pub fn session(all: &[Stamped]) -> Session {
    let mut session = Session::default();
    all.iter().for_each(|seen| session.apply(seen));
    session
}

/// Rescales: milliseconds since 1970, from and to.
pub fn rescales(session: &Session, from: i64, to: i64) -> Vec<(i64, Option<i32>, i32)> {
    let all = session.markers.all().iter().enumerate();
    all.filter_map(|(i, marker)| match marker.mark {
        Mark::Rescale { to, .. } => Some((marker.ms, session.markers.from_of(i), to)),
        _ => None,
    })
    .filter(|rescale| (from..to).contains(&rescale.0))
    .collect()
}

/// Every sync: milliseconds since 1970, the size found, the size asked for, and what the arithmetic asks for.
fn syncs(session: &Session) -> Vec<(i64, i32, i32, i32)> {
    let rows = session.decisions.rows().iter();
    rows.flat_map(|row| {
        let n = i64::from(row.count);
        let place = move |k: i64| row.first + (row.last - row.first) * k / (n - 1).max(1);
        (0..n).map(move |k| (place(k), row.computed.current, row.controller, row.computed.result))
    })
    .collect()
}

/// Of the syncs of the watched session between two times: how many there are, of how many the imported one has the same decision
/// within a period, and how many it does not have at all.
pub fn decisions(watched: &Session, imported: &Session, from: i64, to: i64) -> (usize, usize, usize) {
    let period = watched.decisions.sync_period.period();
    let others = syncs(imported);
    let (mut all, mut same, mut missing) = (0, 0, 0);
    for (ms, found, asked, computed) in syncs(watched).into_iter().filter(|sync| (from..to).contains(&sync.0)) {
        all += 1;
        let near = others
            .iter()
            .filter(|other| (other.0 - ms).abs() <= period * 2 / 3)
            .min_by_key(|other| (other.0 - ms).abs());
        match near {
            None => missing += 1,
            Some(other) => same += usize::from((other.1, other.2, other.3) == (found, asked, computed)),
        }
    }
    (all, same, missing)
}
