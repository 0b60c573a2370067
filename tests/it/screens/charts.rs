//! Charts: golden pictures in two planes, and what must hold for any data, any size and any moment.
use crate::it::support::golden;
use edot_tui::format;
use edot_tui::ui::YAxis;
use edot_tui::view::chart::{
    ChartStyle, LineChart, Margins, MarkerAt, MetricLine, PlainLine, Sparkline, StepChart, StepPoints, TimeAxis,
    UtilizationChart,
};
use edot_tui::view::golden::planes;
use edot_tui::view::symbols::Symbols;
use edot_tui::view::theme::{Level, Role, Theme};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// 2026-11-24T00:31:00Z
const T0: i64 = 1_795_480_260_000;

/// A real HPA's 1→2→4→2→1: seconds, cpu %, memory %, current, desired.
const CYCLE: [(i64, f64, f64, f64, f64); 16] = [
    (20, 10.0, 37.0, 1.0, 1.0),
    (28, 8.0, 37.0, 1.0, 1.0),
    (43, 152.0, 44.0, 1.0, 2.0),
    (58, 76.0, 44.0, 2.0, 2.0),
    (103, 151.0, 50.0, 2.0, 4.0),
    (118, 76.0, 50.0, 4.0, 4.0),
    (163, 152.0, 55.0, 4.0, 4.0),
    (193, 150.0, 55.0, 4.0, 4.0),
    (208, 152.0, 55.0, 4.0, 4.0),
    (223, 8.0, 37.0, 4.0, 4.0),
    (238, 6.0, 37.0, 4.0, 2.0),
    (253, 13.0, 37.0, 2.0, 2.0),
    (268, 13.0, 37.0, 2.0, 1.0),
    (283, 24.0, 37.0, 1.0, 1.0),
    (298, 26.0, 37.0, 1.0, 1.0),
    (313, 24.0, 37.0, 1.0, 1.0),
];

fn at(second: i64) -> i64 {
    T0 + second * 1000
}

fn axis(width: u16, symbols: Symbols) -> TimeAxis {
    TimeAxis::snapped(at(315), 300_000, TimeAxis::dots(width, Margins::for_width(width), symbols))
}

fn line(name: &str, role: Role, samples: Vec<(i64, f64)>, target: StepPoints) -> MetricLine {
    let label = format!("{name} {}", samples.last().map_or(format::UNKNOWN.into(), |s| format::percent(s.1)));
    MetricLine { name: name.into(), label, role, segments: vec![samples], target, band: (0.1, 0.1) }
}

fn hero(width: u16, symbols: Symbols) -> UtilizationChart {
    let cpu = CYCLE.iter().map(|s| (at(s.0), s.1)).collect();
    let memory = CYCLE.iter().map(|s| (at(s.0), s.2)).collect();
    let target = || vec![(T0, Some(80.0))];
    UtilizationChart {
        axis: axis(width, symbols),
        margins: Margins::for_width(width),
        y: YAxis::Auto,
        reach: 0.0,
        series: vec![line("memory", Role::Series2, memory, target()), line("cpu", Role::Series1, cpu, target())],
        cursor: None,
        markers: vec![
            MarkerAt::rescale(at(43), 1, 2, symbols),
            MarkerAt::rescale(at(103), 2, 4, symbols),
            MarkerAt::rescale(at(238), 4, 2, symbols),
            MarkerAt::rescale(at(268), 2, 1, symbols),
            MarkerAt::load_start(at(30), symbols),
            MarkerAt::load_end(at(210), symbols),
        ],
        gaps: vec![],
        time_row: true,
    }
}

fn steps(width: u16, symbols: Symbols) -> StepChart {
    StepChart {
        axis: axis(width, symbols),
        margins: Margins::for_width(width),
        current: CYCLE.iter().map(|s| (at(s.0), Some(s.3))).collect(),
        desired: CYCLE.iter().map(|s| (at(s.0), Some(s.4))).collect(),
        ready: [(20, 1.0), (75, 2.0), (140, 4.0), (253, 2.0), (283, 1.0)].map(|(s, v)| (at(s), Some(v))).to_vec(),
        shadows: Vec::new(),
        min: vec![(T0, Some(1.0))],
        max: vec![(T0, Some(4.0)), (at(250), Some(5.0))],
        cursor: None,
        markers: vec![],
    }
}

fn load(width: u16, symbols: Symbols) -> LineChart {
    let wave = |from: i64, to: i64, by: f64| (from..to).map(|i| (at(i * 5), by * (i * i % 37) as f64)).collect();
    LineChart {
        axis: axis(width, symbols),
        margins: Margins::for_width(width),
        lines: vec![
            PlainLine {
                label: "sent 9 k/s".into(),
                role: Role::Series4,
                segments: vec![wave(8, 20, 400.0)],
                peak: 0.0,
                dashed: false,
            },
            PlainLine {
                label: "accepted 18 k/s".into(),
                role: Role::Series3,
                // a gap, and a sample on its own within it
                segments: vec![wave(4, 25, 500.0), vec![(at(140), 9000.0)], wave(32, 60, 500.0)],
                peak: 0.0,
                dashed: false,
            },
        ],
        unit: format::count,
        cursor: Some(at(200)),
        markers: vec![],
    }
}

fn drawn(
    width: u16,
    height: u16,
    theme: &Theme,
    symbols: Symbols,
    draw: impl Fn(Rect, &mut Buffer, &ChartStyle),
) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    draw(area, &mut buf, &ChartStyle { theme, symbols, utc_offset_s: 0, origin: None });
    buf
}

/// Compares with `tests/golden/charts/NAME.txt`.
fn golden(name: &str, buf: &Buffer) {
    golden::check(&format!("tests/golden/charts/{name}.txt"), &planes(buf).to_string());
}

#[test]
fn golden_hero_charts() {
    let roles = Theme::roles();
    for (name, symbols) in
        [("cycle", Symbols::Braille), ("cycle-block", Symbols::Block), ("cycle-ascii", Symbols::Ascii)]
    {
        golden(name, &drawn(100, 18, &roles, symbols, |area, buf, look| hero(100, symbols).draw(area, buf, look)));
    }
    let dark = Theme::load("dark", Level::None, None).unwrap();
    let colourless =
        drawn(100, 18, &dark, Symbols::Braille, |area, buf, look| hero(100, look.symbols).draw(area, buf, look));
    golden("cycle-no-colour", &colourless);

    // a 50m request and a limit of one core: 2000 % of request against 80 %
    let mut chart = hero(100, Symbols::Braille);
    chart.series[1].segments[0].iter_mut().for_each(|s| s.1 *= 13.2);
    assert!(chart.logarithmic());
    golden("logarithmic", &drawn(100, 24, &roles, Symbols::Braille, |area, buf, look| chart.draw(area, buf, look)));

    let mut chart = hero(100, Symbols::Braille);
    chart.series[0].target = vec![(T0, Some(50.0)), (at(150), None), (at(180), Some(60.0))];
    chart.series[1].segments =
        vec![chart.series[1].segments[0][..5].to_vec(), chart.series[1].segments[0][8..].to_vec()];
    chart.cursor = Some(at(163));
    golden(
        "targets-gap-cursor",
        &drawn(100, 18, &roles, Symbols::Braille, |area, buf, look| chart.draw(area, buf, look)),
    );

    golden(
        "narrow",
        &drawn(40, 9, &roles, Symbols::Braille, |area, buf, look| hero(40, look.symbols).draw(area, buf, look)),
    );
}

#[test]
fn golden_small_charts() {
    let roles = Theme::roles();
    for height in [6, 4, 2, 1] {
        let buf = drawn(90, height, &roles, Symbols::Braille, |area, buf, look| {
            steps(90, look.symbols).draw(area, buf, look)
        });
        golden(&format!("replicas-{height}"), &buf);
        let buf =
            drawn(90, height, &roles, Symbols::Braille, |area, buf, look| load(90, look.symbols).draw(area, buf, look));
        golden(&format!("lines-{height}"), &buf);
    }
}

#[test]
fn the_picture_is_unchanged_until_a_dot_has_passed() {
    let roles = Theme::roles();
    let at_time = |now: i64| {
        let mut chart = hero(100, Symbols::Braille);
        chart.axis = TimeAxis::snapped(now, 300_000, TimeAxis::dots(100, chart.margins, Symbols::Braille));
        (chart.axis, drawn(100, 18, &roles, Symbols::Braille, |area, buf, look| chart.draw(area, buf, look)))
    };
    let (axis, first) = at_time(at(315));
    let dot = 300_000 / 146 + 1;
    assert_eq!(first, at_time(axis.end_ms - 1).1);
    assert_eq!(first, at_time(axis.end_ms - dot).1);
    let (later, _) = at_time(axis.end_ms);
    assert_eq!(later.start_ms - axis.start_ms, dot);
}

#[test]
fn a_spike_of_one_sample_shows_however_far_the_view_is_zoomed_out() {
    let roles = Theme::roles();
    for symbols in Symbols::ALL {
        for spike in [1, 777, 3999, 5998] {
            let samples: Vec<(i64, f64)> = (0..6000).map(|i| (at(i), if i == spike { 100.0 } else { 10.0 })).collect();
            let axis = TimeAxis { start_ms: T0, end_ms: at(6000) };
            let lines = vec![PlainLine {
                label: String::new(),
                role: Role::Series1,
                segments: vec![samples],
                peak: 0.0,
                dashed: false,
            }];
            let margins = Margins { left: 0, right: 0 };
            let chart = LineChart { axis, margins, lines, unit: format::count, cursor: None, markers: vec![] };
            let buf = drawn(30, 9, &roles, symbols, |area, buf, look| chart.draw(area, buf, look));
            let column = (spike * 30 / 6000) as u16;
            let reach = (0..9).filter(|y| planes(&buf).roles[*y].chars().nth(column.into()) == Some('1')).count();
            assert!(reach >= 6, "{symbols} {spike}: {}", planes(&buf));
        }
    }
}

#[test]
fn auto_turns_logarithmic_at_three_times_the_target_and_always_shows_the_target() {
    let roles = Theme::roles();
    for (most, log) in [(10.0, false), (239.0, false), (240.0, true), (2000.0, true), (1e6, true)] {
        let mut chart = hero(80, Symbols::Braille);
        chart.series[1].segments = vec![vec![(at(100), 5.0), (at(200), most)]];
        assert_eq!(chart.logarithmic(), log, "{most}");
        for y in [YAxis::Auto, YAxis::Linear, YAxis::Log] {
            for height in [5, 8, 12, 40] {
                chart.y = y;
                let text =
                    planes(&drawn(80, height, &roles, Symbols::Braille, |a, b, l| chart.draw(a, b, l))).text.join("\n");
                assert!(
                    text.contains("target 80 %") && (height < 12 || (y == YAxis::Linear && log) || text.contains('╌')),
                    "{most} {y:?} {height}\n{text}"
                );
            }
        }
    }
}

#[test]
fn what_lies_outside_the_window_does_not_change_the_axis() {
    let mut chart = hero(80, Symbols::Braille);
    chart.series[1].segments.insert(0, vec![(at(-400), 2000.0), (at(-300), 5.0), (at(-200), 5.0)]);
    assert!(!chart.logarithmic());
}

fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(f64::MAX),
        Just(1e300),
        Just(-1e300),
        Just(0.0),
        Just(f64::MIN_POSITIVE),
        -100.0..2000.0f64,
        prop::num::f64::ANY,
    ]
}

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![4 => T0..T0 + 400_000, 1 => any::<i64>()]
}

fn samples() -> impl Strategy<Value = Vec<Vec<(i64, f64)>>> {
    prop::collection::vec(prop::collection::vec((time(), wild()), 0..12), 0..3)
}

fn wild_steps() -> impl Strategy<Value = StepPoints> {
    prop::collection::vec((time(), prop::option::of(wild())), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_data_and_no_size_panics(
        (x, y, w, h) in (0u16..30, 0u16..30, 0u16..90, 0u16..30),
        segments in samples(),
        (target, current, max) in (wild_steps(), wild_steps(), wild_steps()),
        band in (wild(), wild()),
        (start_ms, end_ms, moment) in (time(), time(), time()),
        (left, right) in prop_oneof![Just((7, 15)), (any::<u16>(), any::<u16>())],
        (symbols, level, mode) in (0usize..3, 0usize..5, 0usize..3),
        offset in any::<i32>(),
    ) {
        let theme = Level::ALL.get(level).map_or_else(Theme::roles, |level| Theme::dark(*level));
        let symbols = Symbols::ALL[symbols];
        let look = ChartStyle { theme: &theme, symbols, utc_offset_s: offset, origin: None };
        let mut buf = Buffer::empty(Rect::new(3, 2, 60, 20));
        let area = Rect::new(x, y, w, h);
        let axis = TimeAxis { start_ms, end_ms };
        let margins = Margins { left, right };
        let cursor = Some(moment);
        let markers = vec![MarkerAt::rescale(moment, 1, i64::MIN, symbols), MarkerAt::load_start(T0, symbols)];
        let y = [YAxis::Auto, YAxis::Linear, YAxis::Log][mode];
        let one = |role| MetricLine {
            name: "名前\u{202e}".into(), label: "名前名前名前名前名前 9 %".into(), role,
            segments: segments.clone(), target: target.clone(), band,
        };
        let series = vec![one(Role::Series1), one(Role::Text)];
        UtilizationChart { axis, margins, y, series, reach: 0.0, cursor, markers: markers.clone(), gaps: vec![(moment, T0, "no metrics 0:15".into())], time_row: true }.draw(area, &mut buf, &look);
        let lines = vec![PlainLine { label: "x".into(), role: Role::Series2, segments: segments.clone(), peak: 0.0, dashed: false }];
        LineChart { axis, margins, lines, unit: format::bytes, cursor, markers: markers.clone() }.draw(area, &mut buf, &look);
        StepChart {
            axis, margins, current, desired: target.clone(), ready: max.clone(), min: target.clone(), max, cursor, markers,
            shadows: vec![target.clone()],
        }.draw(area, &mut buf, &look);
        Sparkline { axis, role: Role::Load, segments: &segments, most: 0.0 }.draw(area, &mut buf, &look);
        axis.draw_row(area, &mut buf, margins, cursor, &look);
        let written = planes(&buf);
        prop_assert!(!written.text.iter().any(|row| row.contains("NaN") || row.contains("inf")));
    }

    #[test]
    fn labels_lie_in_the_order_of_their_lines_and_the_greatest_has_one(
        ends in prop::collection::vec(0.0..500.0f64, 1..7), h in 2u16..20,
    ) {
        let axis = TimeAxis { start_ms: T0, end_ms: at(300) };
        let line = |(i, end): (usize, &f64)| PlainLine {
            label: format!("line-{i}"), role: Role::SERIES[i % 5],
            segments: vec![vec![(at(10), 250.0), (at(290), *end)]], peak: 0.0, dashed: false };
        let lines: Vec<PlainLine> = ends.iter().enumerate().map(line).collect();
        let margins = Margins::for_width(80);
        let chart = LineChart { axis, margins, lines, unit: format::count, cursor: None, markers: vec![] };
        let buf = drawn(80, h, &Theme::roles(), Symbols::Braille, |area, buf, look| chart.draw(area, buf, look));
        let text = planes(&buf).text;
        let row = |i: usize| text.iter().position(|row| row.ends_with(&format!("line-{i}")));
        let shown: Vec<(usize, f64)> =
            ends.iter().enumerate().filter_map(|(i, end)| Some((row(i)?, *end))).collect();
        prop_assert_eq!(shown.len(), ends.len().min(h.into()), "{}", text.join("\n"));
        for (a, b) in shown.iter().flat_map(|a| shown.iter().map(move |b| (a, b))) {
            prop_assert!(a.1 == b.1 || (a.0 < b.0) == (a.1 > b.1), "{}", text.join("\n"));
        }
        let most = (0..ends.len()).max_by(|a, b| ends[*a].total_cmp(&ends[*b])).unwrap();
        prop_assert!(row(most).is_some(), "{}", text.join("\n"));
    }

    #[test]
    fn nothing_is_drawn_outside_the_area(w in 0u16..60, h in 0u16..20, symbols in 0usize..3) {
        let theme = Theme::roles();
        let symbols = Symbols::ALL[symbols];
        let look = ChartStyle { theme: &theme, symbols, utc_offset_s: 0, origin: None };
        let area = Rect::new(5, 4, w, h);
        let all = Rect::new(0, 0, 70, 30);
        for kind in 0..3 {
            let mut buf = Buffer::empty(all);
            match kind {
                0 => hero(w, symbols).draw(area, &mut buf, &look),
                1 => steps(w, symbols).draw(area, &mut buf, &look),
                _ => load(w, symbols).draw(area, &mut buf, &look),
            }
            let blank = ratatui::buffer::Cell::EMPTY;
            for position in all.positions().filter(|p| !area.contains(*p)) {
                prop_assert_eq!(&buf[position], &blank, "{:?}", position);
            }
        }
    }
}

#[test]
fn a_gap_says_why_and_a_logarithmic_axis_is_named_and_not_filled() {
    let roles = Theme::roles();
    let mut chart = hero(100, Symbols::Braille);
    chart.series.truncate(1);
    chart.series[0].segments = vec![vec![(at(20), 50.0), (at(100), 50.0)], vec![(at(260), 50.0), (at(310), 50.0)]];
    chart.gaps = vec![(at(100), at(260), "no metrics 2:40".into())];
    let draw =
        |chart: &UtilizationChart| planes(&drawn(100, 14, &roles, Symbols::Braille, |a, b, l| chart.draw(a, b, l)));
    let drawn_gap = draw(&chart);
    assert!(drawn_gap.text.join("\n").contains("no metrics 2:40"), "{drawn_gap}");
    chart.gaps.clear();
    chart.series[0].segments = vec![vec![(at(20), 50.0), (at(200), 900.0), (at(310), 900.0)]];
    let log = draw(&chart);
    assert!(log.text.join("\n").contains("log") && !log.grounds.join("").contains('A'), "{log}");
    chart.y = YAxis::Linear;
    let linear = draw(&chart);
    assert!(!linear.text.join("\n").contains("log") && linear.grounds.join("").contains('A'), "{linear}");
}

#[test]
fn nothing_but_its_series_breaks_the_line_of_a_marker() {
    let roles = Theme::roles();
    let mut chart = hero(100, Symbols::Braille);
    chart.markers = vec![MarkerAt::rescale(at(180), 1, 2, Symbols::Braille)];
    let text = planes(&drawn(100, 16, &roles, Symbols::Braille, |a, b, l| chart.draw(a, b, l))).text;
    let head = text.iter().position(|row| row.contains("▲1→2")).unwrap();
    let column = text[head][..text[head].find('▲').unwrap()].chars().count();
    for row in &text[head + 1..15] {
        let cell = row.chars().nth(column).unwrap_or(' ');
        assert!(cell == '│' || ('\u{2800}'..='\u{28ff}').contains(&cell), "{cell:?} in {row}");
    }
}

#[test]
fn without_colour_lines_and_their_labels_carry_their_signs() {
    let none = Theme::dark(Level::None);
    let text =
        planes(&drawn(100, 14, &none, Symbols::Braille, |a, b, l| hero(100, Symbols::Braille).draw(a, b, l))).text;
    let all = text.join("\n");
    assert!(all.contains("* cpu") && all.contains("o memory"), "{all}");
    assert!(all.matches('*').count() > 2 && all.matches('o').count() > 3, "{all}");
}
