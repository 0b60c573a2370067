//! What is printed about sessions: the list, one of them, a figure over them. Must not change anything.

use super::super::text_target;
use super::{List, SessionFormat, Show, Trend};
use crate::{
    config::Settings,
    error::{CommandError, SUCCESS},
    format::{UNKNOWN, duration, number::precise, parse, size},
    observe::{Time, text::clean},
    offline::format::json,
    open,
    report::{
        document::{Block, seconds},
        panels::{Panel, Trace},
        plot::Axis,
        series::Shape,
        text, text_chart,
    },
    stdio,
    store::{
        Client, pull,
        query::{self, MOST},
        trend,
    },
};
use serde_json::{Value, json};

/// What a line of the list needs.
const LISTED: [&str; 11] = [
    "id",
    "state",
    "began",
    "duration_s",
    "namespace",
    "hpa",
    "result",
    "tags",
    "figures.first_scale_up_s",
    "figures.peak_replicas",
    "figures.items_lost",
];

pub async fn list(client: &Client, args: &List) -> Result<u8, CommandError> {
    let fields: &[&str] = if args.output == SessionFormat::Json { &[] } else { &LISTED };
    let sessions = query::sessions(client, &args.which.filter(), fields, usize::from(args.most)).await?;
    if args.output == SessionFormat::Json {
        return stdio::data(&json(&json!({"sessions": sessions}))?).map(|()| SUCCESS);
    }
    if sessions.is_empty() {
        stdio::message(&format!("no such session in {}", client.address()));
        return Ok(SUCCESS);
    }
    let head = ["began (UTC)", "took", "HPA", "verdict", "first up", "most", "lost", "tags", "id"];
    let rows = sessions.iter().map(line).collect();
    // A line a session, whatever the width: its id is copied from here.
    stdio::data(&text::plain(&[Block::table(&head, rows)], u16::MAX)).map(|()| SUCCESS)
}

fn line(session: &Value) -> Vec<String> {
    let figure = |name: &str| session["figures"][name].as_f64();
    let whole = |v: Option<f64>| v.map_or_else(|| UNKNOWN.into(), |v| format!("{v:.0}"));
    let result = match word(&session["state"]).as_str() {
        "recording" => "recording".into(),
        _ => word(&session["result"]),
    };
    vec![
        stamp(session),
        session["duration_s"].as_f64().map_or_else(|| UNKNOWN.into(), |s| duration(s as i64)),
        format!("{}/{}", word(&session["namespace"]), word(&session["hpa"])),
        result,
        seconds(figure("first_scale_up_s")),
        whole(figure("peak_replicas")),
        whole(figure("items_lost")),
        tags(session),
        word(&session["id"]),
    ]
}

/// A text of the store, which another may have written.
fn word(value: &Value) -> String {
    clean(value.as_str().unwrap_or(UNKNOWN), 200)
}

fn tags(session: &Value) -> String {
    let all = session["tags"].as_array().into_iter().flatten();
    all.map(word).collect::<Vec<_>>().join(" ")
}

fn began(session: &Value) -> Option<Time> {
    session["began"].as_str()?.parse().ok()
}

fn stamp(session: &Value) -> String {
    began(session).map_or_else(|| UNKNOWN.into(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
}

pub async fn show(client: &Client, settings: &Settings, args: &Show) -> Result<u8, CommandError> {
    let session = pull::find(client, &args.session).await?;
    if args.output == SessionFormat::Json {
        return stdio::data(&json(&session)?).map(|()| SUCCESS);
    }
    let mut out = vec![Block::Title(format!("session {}", word(&session["id"])))];
    let mut about = Vec::new();
    let mut row = |name: &str, value: String| {
        if !value.is_empty() && value != UNKNOWN {
            about.push(vec![name.to_owned(), value]);
        }
    };
    row("HPA", format!("{}/{}", word(&session["namespace"]), word(&session["hpa"])));
    row("began (UTC)", stamp(&session));
    row("took", session["duration_s"].as_f64().map(|s| duration(s as i64)).unwrap_or_default());
    row("state", word(&session["state"]));
    row("verdict", word(&session["result"]));
    row("tags", tags(&session));
    row("file", format!("{} ({})", word(&session["file"]), size::file(session["bytes"].as_u64().unwrap_or(0))));
    row("recorded by", word(&session["tool"]));
    row("kept by", word(&session["user"]));
    row("context", word(&session["context"]));
    row("Kubernetes", word(&session["server_version"]));
    row("Elasticsearch", word(&session["elasticsearch_version"]));
    row("lab scenario", word(&session["lab"]["scenario"]));
    row("lab seed", word(&session["lab"]["seed"]));
    out.push(Block::table(&["", ""], about));
    let failed: Vec<String> = session["failed"].as_array().into_iter().flatten().map(word).collect();
    if !failed.is_empty() {
        out.push(Block::Line(format!("failed: {}", failed.join(", "))));
    }
    out.push(Block::Head("Figures".into()));
    let figures = session["figures"].as_object().into_iter().flatten();
    let rows = figures.filter_map(|(name, value)| Some(vec![clean(name, 80), precise(value.as_f64()?)])).collect();
    out.push(Block::table(&["figure", "value"], rows));
    let findings = session["findings"].as_array().into_iter().flatten();
    let rows: Vec<_> =
        findings.map(|f| vec![word(&f["severity"]), word(&f["message"]), word(&f["evidence"])]).collect();
    if !rows.is_empty() {
        out.push(Block::Head("Findings at the end".into()));
        out.push(Block::table(&["severity", "finding", "evidence"], rows));
    }
    stdio::data(&text::plain(&out, text_target(settings).width)).map(|()| SUCCESS)
}

pub async fn trend(client: &Client, settings: &Settings, args: &Trend) -> Result<u8, CommandError> {
    let figure = args.figure.replace([' ', '-'], "_");
    let names = [figure.clone(), format!("{figure}_s")];
    let wanted: Vec<String> = names.iter().map(|name| format!("figures.{name}")).collect();
    let fields = ["id", "began", "tags", &wanted[0], &wanted[1]];
    let mut sessions = query::sessions(client, &args.which.filter(), &fields, MOST).await?;
    sessions.reverse();
    let value = |session: &Value| names.iter().find_map(|name| session["figures"][name].as_f64());
    let known: Vec<(&Value, f64)> = sessions.iter().filter_map(|s| Some((s, value(s)?))).collect();
    if known.is_empty() {
        return Err(unknown(client, args, &figure, sessions.len()).await?);
    }
    let values: Vec<f64> = known.iter().map(|k| k.1).collect();
    let change = trend::change(&values);
    let text = match args.output {
        SessionFormat::Json => {
            let each =
                known.iter().map(|(s, v)| json!({"id": s["id"], "began": s["began"], "tags": s["tags"], "value": v}));
            let change = change.map(
                |c| json!({"session": known[c.at].0["id"], "before": c.before, "after": c.after, "ratio": c.ratio()}),
            );
            json(&json!({"figure": figure, "sessions": each.collect::<Vec<_>>(), "change": change}))?
        }
        SessionFormat::Text => {
            let target = text_target(settings);
            let (panel, axis) = chart(&figure, &known);
            let look = open::look(settings)?;
            let said = match change {
                Some(c) => changed(&figure, &c, known[c.at].0),
                None => format!("no lasting change of {figure} over {} sessions", known.len()),
            };
            format!("{said}\n{}", text_chart::draw(&[panel], &axis, target.width, target.colours, &look))
        }
    };
    stdio::data(&text).map(|()| SUCCESS)
}

/// `first_scale_up rose by 41 %, from 60.5 to 85, with session … (2026-11-24 00:31:10, release=1.5)`.
fn changed(figure: &str, change: &trend::Change, session: &Value) -> String {
    let verb = if change.after > change.before { "rose" } else { "fell" };
    let by = change.ratio().map(|ratio| format!(" by {:.0} %,", ratio.abs() * 100.0)).unwrap_or_default();
    let tags = Some(tags(session)).filter(|tags| !tags.is_empty()).map(|tags| format!(", {tags}")).unwrap_or_default();
    let (before, after) = (precise(change.before), precise(change.after));
    format!(
        "{figure} {verb}{by} from {before} to {after}, with session {} ({}{tags})",
        word(&session["id"]),
        stamp(session)
    )
}

/// One line over the times at which the sessions began.
fn chart(figure: &str, known: &[(&Value, f64)]) -> (Panel, Axis) {
    let points: Vec<(i64, Option<f64>)> =
        known.iter().filter_map(|(session, value)| Some((began(session)?.timestamp_millis(), Some(*value)))).collect();
    let (from, to) = (points.first().map_or(0, |p| p.0), points.last().map_or(1, |p| p.0));
    let trace = Trace { name: figure.into(), colour: 1, dashed: false, shape: Shape::Line, points };
    let title = format!("{figure} of {} sessions, by when they began", known.len());
    let panel = Panel { title, unit: "value", traces: vec![trace], bands: vec![], log: false };
    (panel, Axis { from, to: to.max(from + 1), zero: from })
}

/// No session has such a figure: which there are.
async fn unknown(client: &Client, args: &Trend, figure: &str, of: usize) -> Result<CommandError, CommandError> {
    if of == 0 {
        return Ok(CommandError::not_found(format!("no such session in {}", client.address())));
    }
    let newest = query::sessions(client, &args.which.filter(), &["figures"], 1).await?;
    let names: Vec<String> =
        newest.iter().filter_map(|s| s["figures"].as_object()).flat_map(|f| f.keys().cloned()).collect();
    let near = parse::nearest(figure, names.iter().map(String::as_str), 0.7);
    let near = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
    let text = format!("none of {of} sessions has the figure {}{near}", clean(figure, 80));
    Ok(CommandError::not_found(text).hint(format!("there are {}", names.join(", "))))
}
