//! What a replica carries, learned from runs of the lab, against the lab's own constants.

use edot_tui::decide::size::{Bottleneck, Capacity, Learned, learn};
use edot_tui::lab::model::params::GATEWAY_CORE_S_PER_ITEM;
use edot_tui::lab::scenario::Scenario;
use edot_tui::observe::Signal;
use edot_tui::session::Session;
use edot_tui::trial::watched_inside;

fn learned(scenario: &str, seed: u64) -> Capacity {
    let mut session = Session::default();
    watched_inside(&Scenario::shipped(scenario).unwrap(), seed, 420).iter().for_each(|s| session.apply(s));
    learn(&[&session]).unwrap()
}

#[test]
fn the_labs_constants_are_found_within_five_percent() {
    for seed in [7, 8] {
        let capacity = learned("guide", seed);
        let scenario = Scenario::shipped("guide").unwrap();
        let cost = scenario.gateway.cost;
        let known = Signal::ALL.map(|s| GATEWAY_CORE_S_PER_ITEM * if s == Signal::Traces { cost } else { cost.sqrt() });
        let mix: f64 = capacity.mix.iter().zip(known).map(|(share, item)| share * item).sum();
        let own = 0.008;
        for cores in [0.13 * 0.8, 0.13, 1.0] {
            let truth = (cores - own) / mix;
            let (likely, low, high) = capacity.carried(cores).unwrap();
            println!(
                "seed {seed} {cores}: {likely:.0} ({low:.0} to {high:.0}), really {truth:.0}; {:?}",
                capacity.likely
            );
            assert!((likely / truth - 1.0).abs() < 0.05, "{likely} {truth}");
        }
        assert_eq!((capacity.request, capacity.limit, capacity.target), (Some(0.13), Some(1.0), Some(80)));
        assert_eq!(capacity.bottleneck, Bottleneck::None, "{}", capacity.because);
    }
}

#[test]
fn the_output_is_as_its_schema_says() {
    use edot_tui::report::{schema::Schema, size, text};
    let capacity = learned("guide", 7);
    let schema = serde_json::from_str(Schema::Size.text()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for forecast in [None, Some([50_000.0, 0.0, 20_000.0])] {
        let summary = size::summarize(&capacity, forecast, vec![Some("a".into()), None]);
        let value = serde_json::to_value(&summary).unwrap();
        assert!(validator.is_valid(&value), "{:?}", validator.iter_errors(&value).next());
        assert_eq!(value["schema"], Schema::Size.id());
        println!("{}", text::plain(&size::document(&summary), 120));
    }
    let summary = size::summarize(&capacity, Some([50_000.0, 0.0, 20_000.0]), Vec::new()).forecast.unwrap();
    assert!(summary.min_replicas < summary.replicas && summary.replicas < summary.max_replicas);
}

#[test]
fn elasticsearch_is_named_where_its_queue_fills() {
    let capacity = learned("backpressure", 7);
    assert_eq!(capacity.bottleneck, Bottleneck::Elasticsearch, "{}", capacity.because);
    assert!(capacity.trouble.is_some());
}

#[test]
fn without_scrapes_it_says_what_is_missing() {
    assert!(learn(&[&Session::default()]).unwrap_err().contains("too few"));
}

#[test]
fn a_session_is_learned_from_once_a_minute_while_items_arrive() {
    let seen = watched_inside(&Scenario::shipped("guide").unwrap(), 7, 300);
    let (mut session, mut learned, mut times, mut before) = (Session::default(), Learned::default(), 0, None);
    for stamped in &seen {
        session.apply(stamped);
        let now = learned.of(&session).cloned();
        times += usize::from(now != before);
        before = now;
    }
    let minutes = seen.len().min(6);
    assert!(times >= 2 && times <= minutes + 1, "{times}");
    assert_eq!(before.unwrap().target, Some(80));
}
