//! An External metric with labels, as all of KEDA's are, against a real controller.

use edot_tui::session::Session;
use std::io::Read;

#[test]
fn a_metric_with_labels_is_as_exact_as_one_without() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/decisions/R7-keda-ok.jsonl.gz");
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let mut session = Session::default();
    text.lines().filter_map(|l| serde_json::from_str(l).ok()).for_each(|seen| session.apply(&seen));
    let rows = session.decisions.rows();
    let all: u32 = rows.iter().map(|row| row.count).sum();
    let exact: u32 = rows.iter().filter(|row| row.exact).map(|row| row.count).sum();
    // All but those whose window holds what was recommended before the watch began.
    assert!(all > 20 && exact * 10 >= all * 9, "{exact} of {all}");
}
