//! `edot-tui tune`: a search for settings of the HPA over recordings.

use super::{args::LookFlags, runs, text_target};
use crate::{
    config::Settings,
    decide::{
        front::Objective,
        queue,
        rerun::{self, Changes, Recorded},
        space::{Limits, Part},
        tune::{Ask, Search, Tuned},
        verify,
    },
    error::{CommandError, SUCCESS},
    format::yaml,
    lab::scenario::Scenario,
    offline::format,
    open,
    report::{
        text,
        tune::{
            self,
            summary::{Summary, Verified, VerifiedRun, summarize},
        },
    },
    signals, stdio, trial,
};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

#[derive(Debug, Args)]
pub struct Tune {
    /// The recordings, the newest last: its settings are the present ones; `-` reads standard input, `lab:SCENARIO@SEED` runs one
    #[arg(required = true, value_name = "RUN")]
    pub files: Vec<PathBuf>,
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_enum, help_heading = "Output")]
    pub output: TuneFormat,
    /// What counts most
    #[arg(long, default_value = "balanced", value_enum, help_heading = "Search")]
    objective: ObjectiveName,
    /// What may be changed
    #[arg(
        long,
        value_name = "PARTS",
        default_value = "targets,bounds,windows,policies",
        value_enum,
        value_delimiter = ',',
        help_heading = "Search"
    )]
    search: Vec<PartName>,
    /// Scale on this, too: how full the gateways' sending queues were, in percent, named queue by --line and --target
    #[arg(long, value_name = "METRIC", value_enum, help_heading = "Search")]
    metric: Option<MetricName>,
    /// The most that a pod may use, in place of the present target and its tolerance: percent of the request, or a quantity
    #[arg(long, value_name = "METRIC=VALUE", value_parser = Changes::pair, help_heading = "Search")]
    line: Vec<(String, String)>,
    /// The targets of a metric to choose from, percent
    #[arg(long, value_name = "METRIC=LOW..HIGH", value_parser = targets, help_heading = "Search")]
    target: Vec<(String, (i32, i32))>,
    /// The least minReplicas to choose
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=100_000), help_heading = "Search")]
    min_replicas: Option<i32>,
    /// The most maxReplicas to choose
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=100_000), help_heading = "Search")]
    max_replicas: Option<i32>,
    /// How many candidates are scored
    #[arg(long, value_name = "N", default_value = "5000", value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Search")]
    candidates: u32,
    /// Another seed tries other candidates
    #[arg(long, value_name = "N", default_value = "1", help_heading = "Search")]
    seed: u64,
    /// Run the recommendation in the embedded lab, in this scenario, and compare what it was with what was promised
    #[arg(long, value_name = "SCENARIO", help_heading = "Verify")]
    verify: Option<String>,
    /// With how many seeds
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = "Verify")]
    verify_seeds: u32,
    #[command(flatten)]
    pub look: LookFlags,
}

/// The formats of a recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TuneFormat {
    Text,
    Json,
    /// The HPA as a manifest
    Yaml,
    /// What changes, as a merge patch
    Patch,
    /// A ScaledObject of KEDA, with --metric queue
    Keda,
    Markdown,
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ObjectiveName {
    /// The knee, where less cost begins to cost much time above the line
    Balanced,
    /// The least time above the line
    Slo,
    /// The least cost that is no longer above the line than now
    Cost,
    /// The least cost that is below the line for 95 % of the time
    P95Util,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PartName {
    Targets,
    Bounds,
    Windows,
    Policies,
    Requests,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MetricName {
    Queue,
}

/// `cpu=50..90`.
fn targets(text: &str) -> Result<(String, (i32, i32)), String> {
    let read = || {
        let (name, range) = text.split_once('=').filter(|p| !p.0.is_empty())?;
        let (low, high) = range.split_once("..")?;
        let number = |t: &str| t.trim_end_matches('%').trim().parse().ok().filter(|p| (1..=1000).contains(p));
        let range = (number(low)?, number(high)?);
        (range.0 <= range.1).then(|| (name.to_owned(), range))
    };
    read().ok_or_else(|| "METRIC=LOW..HIGH in percent, such as cpu=50..80".into())
}

impl Tune {
    /// A queue has a line of its own, since it has no present target.
    fn lines(&self) -> Vec<(String, String)> {
        let queue = self.metric.map(|_| (queue::NAME.to_owned(), queue::FULL.to_string()));
        queue.into_iter().chain(self.line.iter().cloned()).collect()
    }

    fn ask(&self) -> Ask {
        let part = |part: &PartName| match part {
            PartName::Targets => Part::Targets,
            PartName::Bounds => Part::Bounds,
            PartName::Windows => Part::Windows,
            PartName::Policies => Part::Policies,
            PartName::Requests => Part::Requests,
        };
        Ask {
            objective: match self.objective {
                ObjectiveName::Balanced => Objective::Balanced,
                ObjectiveName::Slo => Objective::Slo,
                ObjectiveName::Cost => Objective::Cost,
                ObjectiveName::P95Util => Objective::P95Util,
            },
            limits: Limits {
                parts: self.search.iter().map(part).collect(),
                targets: self.target.clone(),
                min_replicas: self.min_replicas,
                max_replicas: self.max_replicas,
            },
            lines: self.lines(),
            candidates: self.candidates as usize,
            seed: self.seed,
        }
    }
}

/// Searches, and writes the recommendation to stdout. Ctrl-C ends the search, and what there is by then is written.
///
/// # Errors
/// A recording cannot be read, or the search cannot be made over it.
pub fn run(settings: &Settings, args: &Tune) -> Result<u8, CommandError> {
    let ask = args.ask();
    if args.output == TuneFormat::Keda && args.metric.is_none() {
        return Err(CommandError::usage("-o keda is the ScaledObject of --metric queue"));
    }
    let (mut recordings, files) = read(settings, &args.files)?;
    if args.metric.is_some() {
        let hint = "record a run with the collectors' metrics (pods/portforward)";
        let all = recordings.into_iter().map(queue::with_queue).collect::<Result<_, _>>();
        recordings = all.map_err(|e| CommandError::usage(e).hint(hint))?;
    }
    let stop = signals::on_interrupt().map_err(|e| CommandError::from(e).context("signals"))?;
    let scenario = args.verify.as_deref().map(open::lab::scenario).transpose()?;
    let verify = scenario.as_ref().map(|scenario| (scenario, args.verify_seeds));
    let summary = search(&recordings, files, &ask, &stop, verify)?;
    stdio::data(&written(&summary, args.output, settings)?).map(|()| SUCCESS)
}

/// The recordings, and their names.
fn read(settings: &Settings, files: &[PathBuf]) -> Result<(Vec<Recorded>, Vec<Option<String>>), CommandError> {
    let one = |file: &PathBuf| {
        let (recorded, name) = runs::read(settings, file, |observations| rerun::record(observations))?;
        if recorded.session.hpa.is_none() || recorded.syncs.is_empty() {
            let text = format!("{}: no sync of the controller can be distinguished in this recording", shown(file));
            return Err(CommandError::usage(text).hint("record a run in which the HPA is watched for some minutes"));
        }
        Ok((recorded, name))
    };
    Ok(files.iter().map(one).collect::<Result<Vec<_>, CommandError>>()?.into_iter().unzip())
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".into() } else { file.display().to_string() }
}

fn search(
    recordings: &[Recorded],
    files: Vec<Option<String>>,
    ask: &Ask,
    stop: &AtomicBool,
    verify: Option<(&Scenario, u32)>,
) -> Result<Summary, CommandError> {
    let search = Search::new(recordings, ask).map_err(CommandError::usage)?;
    let mut progress = |scored: usize| {
        let share = scored * 20 / ask.candidates.max(1);
        let bar = format!("{}{}", "#".repeat(share.min(20)), "-".repeat(20_usize.saturating_sub(share)));
        stdio::progress(&format!("[{bar}] {scored} of {} candidates; Ctrl-C ends the search", ask.candidates));
    };
    let tuned = search.run(ask, stop, &mut progress);
    stdio::progress("");
    let nothing = || CommandError::failed("nothing could be scored");
    let tuned = tuned.ok_or_else(nothing)?;
    let summary = summarize(&tuned, ask, recordings, files, |candidate| search.words(candidate));
    let summary = summary.ok_or_else(nothing)?;
    let verified = verify.map(|(scenario, seeds)| verified(&tuned, scenario, seeds)).transpose()?;
    Ok(Summary { verified, ..summary })
}

/// The recommendation in runs of the lab.
fn verified(tuned: &Tuned, scenario: &Scenario, seeds: u32) -> Result<Verified, CommandError> {
    let under = trial::under(scenario, &tuned.specs.1);
    let mut runs = Vec::new();
    for seed in 1..=u64::from(seeds) {
        stdio::progress(&format!("run {seed} of {seeds} in the lab"));
        let (seen, _) = trial::watched(&under, seed, trial::length(scenario));
        let got = verify::happened(&rerun::record(seen.into_iter()), &tuned.lines).map_err(CommandError::failed)?;
        let [on_front, as_expected] = [true, false].map(|promised| verify::on_front(tuned, &got, promised));
        runs.push(VerifiedRun { seed, on_front, as_expected, score: got });
    }
    stdio::progress("");
    Ok(Verified { scenario: scenario.name.clone(), runs })
}

fn written(s: &Summary, output: TuneFormat, settings: &Settings) -> Result<String, CommandError> {
    let document = || tune::document(s);
    Ok(match output {
        TuneFormat::Json => format::json(s)?,
        TuneFormat::Yaml => commented(&tune::beside_the_hpa(s), &yaml::documents(std::slice::from_ref(&s.manifest))),
        TuneFormat::Patch => patch(s),
        TuneFormat::Keda => keda(s),
        TuneFormat::Markdown => format!("{}\n## Patch\n\n```yaml\n{}```\n", text::markdown(&document()), patch(s)),
        TuneFormat::Html => tune::page(s, &patch(s)),
        TuneFormat::Text => {
            let width = text_target(settings).width;
            let chart = tune::chart::text(s, usize::from(width));
            format!("{}\n{chart}\nPatch\n{}", text::plain(&document(), width), patch(s))
        }
    })
}

/// The ScaledObject, with what has to be set in it.
fn keda(s: &Summary) -> String {
    let Some(queue) = &s.queue else { return commented(&["nothing is recommended".to_owned()], "") };
    let mut notes = vec!["kubectl apply -f THIS-FILE; set serverAddress to your Prometheus".to_owned()];
    if queue.without_trigger > 0 {
        notes.push(format!("{} metrics of the HPA have no trigger here, and would be gone", queue.without_trigger));
    }
    notes.extend(tune::limits(s));
    commented(&notes, &yaml::documents(std::slice::from_ref(&queue.scaled_object)))
}

/// The patch, with how it is applied.
fn patch(s: &Summary) -> String {
    let mut notes = tune::beside_the_hpa(s);
    let (namespace, name) = s.hpa.split_once('/').unwrap_or(("", &s.hpa));
    if s.patch["spec"].as_object().is_none_or(serde_json::Map::is_empty) {
        notes.insert(0, format!("nothing changes in the HPA {name}"));
        return commented(&notes, "");
    }
    notes.insert(0, format!("kubectl patch hpa -n {namespace} {name} --type merge --patch-file THIS-FILE"));
    commented(&notes, &yaml::documents(std::slice::from_ref(&s.patch)))
}

fn commented(notes: &[String], text: &str) -> String {
    notes.iter().map(|note| format!("# {note}\n")).collect::<String>() + text
}
