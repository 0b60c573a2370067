//! `edot-tui import`: a recording of what EDOT stored in Elasticsearch. Asks and writes; what documents say is `import`'s.

use super::{args::SettingFlags, block_on};
use crate::{
    app::Recordings,
    config::{Settings, duration},
    decide::rerun::Changes,
    error::{CommandError, SUCCESS},
    format::size,
    import::{self, Build, Search, Source, Spec, Wanted, metric, utc},
    observe::{HpaSeen, Metric, Stamped, Time, text::clean},
    open,
    recording::{
        Chunks, Header, Mark, RecorderEvent,
        create::{self, Existing},
    },
    stdio,
    store::{Access, Client},
};
use chrono::TimeDelta;
use clap::Args;
use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

/// The longest span.
const LONGEST_H: i64 = 48;
/// What names an Elasticsearch, as in `es:ID`.
const ES: &str = "es:";

#[derive(Debug, Args)]
pub struct Import {
    /// Where from: es: is the Elasticsearch of --es-url; es:INDICES names indices of it, es:URL another, es:URL/INDICES both
    #[arg(long, value_name = "es:WHAT", default_value = ES, value_parser = source, help_heading = "Import")]
    pub from: From,
    /// From when: how long ago (2h, 7d), or a time
    #[arg(long, value_name = "TIME", value_parser = When::parse, help_heading = "Import")]
    pub since: When,
    /// Until when: how long ago, or a time [default: now]; at most 48h after --since
    #[arg(long, value_name = "TIME", value_parser = When::parse, help_heading = "Import")]
    pub until: Option<When>,
    /// The HPA's spec as it was (autoscaling/v2), in place of the cluster's as it is today; - is standard input
    #[arg(short, long, value_name = "FILE", help_heading = "Import")]
    pub file: Option<PathBuf>,
    /// In place of the cluster's spec: a target, percent of the request or a quantity, such as cpu=60; may be given several times
    #[arg(long, value_name = "METRIC=VALUE", value_parser = metric, conflicts_with = "file", help_heading = "Import")]
    pub target: Vec<Metric>,
    /// What a pod requests, where no document says it, such as cpu=50m; may be given several times
    #[arg(long, value_name = "RESOURCE=QUANTITY", value_parser = request, help_heading = "Import")]
    pub request: Vec<(String, String)>,
    /// The file; .gz compresses [default: a new one in $XDG_STATE_HOME/edot-tui/recordings]
    #[arg(short, long, value_name = "FILE", help_heading = "Import")]
    pub output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, help_heading = "Import")]
    pub overwrite: bool,
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Which Elasticsearch, and which of its indices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct From {
    url: Option<String>,
    indices: Option<String>,
}

/// `es:`, `es:metrics-*,logs-*`, `es:https://es:9200/metrics-*`.
fn source(text: &str) -> Result<From, String> {
    let wrong = || "es:, es:INDICES or es:URL, such as es:metrics-*,logs-*".to_owned();
    let rest = text.strip_prefix(ES).ok_or_else(wrong)?;
    let (url, indices) = match rest.split_once("://") {
        None => (None, rest),
        Some((scheme @ ("http" | "https"), rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            if host.is_empty() {
                return Err(wrong());
            }
            if host.contains('@') {
                return Err("an address without a user; give --es-user with EDOT_TUI_ES_PASSWORD".into());
            }
            // A path before the indices is a proxy's.
            let (before, indices) = path.rsplit_once('/').map_or(("", path), |(before, indices)| (before, indices));
            let before = if before.is_empty() { String::new() } else { format!("/{before}") };
            (Some(format!("{scheme}://{host}{before}")), indices)
        }
        Some(_) => return Err(wrong()),
    };
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*' | ',' | ':');
    if !indices.chars().all(named) || indices.len() > 1000 {
        return Err(wrong());
    }
    Ok(From { url, indices: Some(indices.to_owned()).filter(|i| !i.is_empty()) })
}

/// A moment as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Ago(Duration),
    At(Time),
}

impl When {
    fn parse(text: &str) -> Result<When, String> {
        let ago = || duration::parse(text, Duration::ZERO..=Duration::from_secs(3650 * 86_400)).map(When::Ago);
        let at = || text.parse().ok().map(When::At);
        ago().or_else(at).ok_or_else(|| "how long ago, such as 2h or 7d, or a time such as 2026-11-24T00:33:10Z".into())
    }

    fn time(self, now: Time) -> Time {
        let ago = |d| TimeDelta::from_std(d).ok().and_then(|d| now.checked_sub_signed(d)).unwrap_or(now);
        match self {
            When::Ago(d) => ago(d),
            When::At(at) => at,
        }
    }
}

/// `cpu=50m`.
fn request(text: &str) -> Result<(String, String), String> {
    Changes::request(text)?;
    Changes::pair(text)
}

/// Writes the recording.
///
/// # Errors
/// The span is wrong; Elasticsearch does not answer, denies it, or has no such documents; the file cannot be written.
pub fn run(settings: &Settings, args: &Import) -> Result<u8, CommandError> {
    open::fleet::refuse(settings, "import")?;
    let (from, to) = span(args, crate::clock::Clock::system().now())?;
    let url = args.from.url.clone();
    let client = Client::new(Access::watched(settings, url)?)?;
    let source = match &args.from.indices {
        Some(indices) => Source { indices: indices.clone(), counted: indices.clone() },
        None => Source::default(),
    };
    block_on(async {
        let (spec, notes) = spec(settings, args, from).await?;
        let wanted = Wanted {
            namespace: settings.namespace.clone(),
            hpa: settings.hpa.clone(),
            from,
            to,
            spec,
            requests: args.request.iter().cloned().collect(),
            load: (settings.load_namespace.clone(), settings.load_job.clone()),
        };
        let mut search = Search::open(client, source).await?;
        let done = write(settings, args, &mut search, wanted, notes).await;
        search.close().await;
        done.map(|()| SUCCESS)
    })
}

/// From when to when, in whole seconds.
fn span(args: &Import, now: Time) -> Result<(Time, Time), CommandError> {
    let whole = |at: Time| Time::from_timestamp(at.timestamp(), 0).unwrap_or(at);
    let (from, to) = (whole(args.since.time(now)), whole(args.until.map_or(now, |until| until.time(now)).min(now)));
    if from >= to {
        let text = format!("--since ({}) is not before --until ({})", utc(from), utc(to));
        return Err(CommandError::usage(text).hint("both are times, or how long ago: --since 3h --until 1h"));
    }
    if to - from > TimeDelta::hours(LONGEST_H) {
        let text = format!("from {} to {} is longer than {LONGEST_H}h", utc(from), utc(to));
        return Err(CommandError::usage(text).hint("an import is of an incident, not of a month: give --until as well"));
    }
    Ok((from, to))
}

/// The spec, and what is to be known of it.
async fn spec(settings: &Settings, args: &Import, from: Time) -> Result<(Spec, Vec<String>), CommandError> {
    if let Some(file) = &args.file {
        let spec = open::import::of_file(file, &settings.hpa)?;
        let note = format!("the HPA's spec is {}", spec.from);
        return Ok((spec, vec![note]));
    }
    let from_flags = |why: String| {
        let hpa = HpaSeen { metrics: args.target.clone(), ..HpaSeen::default() };
        let known = if args.target.is_empty() { "no target is known" } else { "its targets are those of --target" };
        let from = format!("what documents say of it; {known}");
        let note = format!("the HPA's spec is {from}{why}; its behavior is taken to be the default");
        (Spec { hpa: Some(hpa), from, ..Spec::default() }, vec![note])
    };
    if !args.target.is_empty() {
        return Ok(from_flags(String::new()));
    }
    match open::import::of_cluster(settings, from).await {
        Ok(spec) => {
            let note = format!("the HPA's spec is assumed as of today: it is {}", spec.from);
            Ok((spec, vec![note]))
        }
        Err(why) => Ok(from_flags(format!(" (the cluster's cannot be read: {})", clean(&why, 300)))),
    }
}

async fn write(
    settings: &Settings,
    args: &Import,
    search: &mut Search,
    wanted: Wanted,
    notes: Vec<String>,
) -> Result<(), CommandError> {
    let (from, to) = (wanted.from, wanted.to);
    let plan = import::plan(search, wanted, notes).await?;
    let notes = plan.notes.clone();
    let build = Build::new(plan);
    let mut header = Header::new(from, build.watching());
    header.settings.insert("import".into(), search.source().indices.clone());
    let mut file = File::create(settings, args, from, &header)?;
    let summary = import::all(search, build, |seen, percent| {
        stdio::progress(&format!("importing {percent} %"));
        file.write(seen)
    })
    .await?;
    stdio::progress("");
    let (path, bytes) = file.end(to)?;
    notes.iter().for_each(|note| stdio::message(note));
    let without = match summary.without_event {
        0 => String::new(),
        n => format!(" ({n} without an event, each between two documents)"),
    };
    stdio::message(&format!(
        "imported: {} ({}), {} rescales{without}, a sample of a pod each {} s",
        path.display(),
        size::file(bytes),
        summary.rescales,
        summary.every_s
    ));
    Ok(())
}

/// The recording being written.
struct File {
    path: PathBuf,
    out: Box<dyn Write>,
    chunks: Chunks,
    bytes: u64,
}

impl File {
    fn create(settings: &Settings, args: &Import, from: Time, header: &Header) -> Result<File, CommandError> {
        if args.output.as_deref() == Some(Path::new("-")) {
            let out = Box::new(std::io::stdout());
            return Ok(File { path: "stdout".into(), out, chunks: Chunks::new(header, false), bytes: 0 });
        }
        let path = match &args.output {
            Some(path) => path.clone(),
            None => Recordings::new(settings, None, None).path(from, "").map_err(CommandError::failed)?,
        };
        let existing = if args.overwrite { Existing::Replace } else { Existing::Keep };
        let file = create::create(&path, existing).map_err(CommandError::failed)?;
        let chunks = Chunks::new(header, create::is_gz(&path));
        Ok(File { path, out: Box::new(file), chunks, bytes: 0 })
    }

    fn write(&mut self, all: &[Stamped]) -> Result<(), CommandError> {
        for seen in all {
            self.chunks.seen(seen);
        }
        let bytes = self.chunks.flush()?;
        self.put(&bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        self.bytes += bytes.len() as u64;
        let path = self.path.display().to_string();
        self.out.write_all(bytes).and_then(|()| self.out.flush()).map_err(|e| CommandError::from(e).context(path))
    }

    fn end(mut self, at: Time) -> Result<(PathBuf, u64), CommandError> {
        self.chunks.mark(&Mark { at, event: RecorderEvent::End { why: "the span is over".into() } });
        let rest = std::mem::replace(&mut self.chunks, Chunks::new(&Header::default(), false)).end()?;
        self.put(&rest)?;
        Ok((self.path, self.bytes))
    }
}
