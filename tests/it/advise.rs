//! The rules of `advise`: each has a session that raises it, and one like it that must not.

mod configured;
pub mod flow;
mod inside;
mod scaling;
mod shown;
pub mod world;

use edot_tui::{advise, session::Session};

/// The ids of a session's findings.
fn found(session: &Session) -> Vec<&'static str> {
    advise::findings(session).iter().map(|f| f.id).collect()
}

/// The finding with this id; it has to be there.
fn finding(session: &Session, id: &str) -> advise::Finding {
    let all = advise::findings(session);
    let found = all.iter().find(|f| f.id == id).cloned().unwrap_or_else(|| panic!("no {id} in {all:#?}"));
    let kinds = advise::kinds();
    assert!(kinds.iter().any(|k| k.id == id && k.severity.contains(&found.severity)), "as documented: {found:?}");
    found
}

#[test]
fn a_quiet_gateway_has_no_findings() {
    assert_eq!(found(&world::World::new(2).session()), Vec::<&str>::new());
    assert_eq!(found(&Session::default()), Vec::<&str>::new());
}

#[test]
fn the_worst_comes_first() {
    let mut w = world::World::new(2);
    w.pods[0].containers[0].limits.clear();
    w.ended(1, 137, "OOMKilled");
    assert_eq!(found(&w.session()), ["oom-killed", "no-memory-limit"]);
}
