//! The longer texts of the help. Must not run anything.

use crate::report::schema::{self, Schema};

pub const AFTER: &str = "\
Examples:
  edot-tui                                watch edot-gateway-hpa in observability-lab
  edot-tui -n shop --hpa checkout         watch another HPA
  edot-tui status -o json --wait 20s      one answer for a script
  edot-tui -A                             every HPA: pick one, see them all
  edot-tui doctor                         what is wrong, and a hint
  edot-tui lab --speed 20                 the embedded lab: press s, and see it scale

Environment, exit codes and files: edot-tui --help";

pub const AFTER_LONG: &str = "\
Examples:
  edot-tui                                watch edot-gateway-hpa in observability-lab
  edot-tui -n shop --hpa checkout         watch another HPA
  edot-tui --context prod --readonly      watch and change nothing
  edot-tui --load-manifest my-load.yaml   let `s` start your own load
  edot-tui record -o r.jsonl --simulate   a whole run without a terminal
  edot-tui status -o json --wait 20s      one answer for a script
  edot-tui -A                             every HPA: pick one, see them all
  edot-tui doctor                         what is wrong, and a hint
  edot-tui lab --speed 20                 the embedded lab: press s, and see it scale

Where no cluster is configured at all, the dashboard shows the embedded lab.

Environment:
  KUBECONFIG                 kubeconfig files, separated by colons
  HTTPS_PROXY, NO_PROXY      proxy for the API server and for --es-url
  NO_COLOR                   no colours, when not empty
  COLORTERM, TERM            how many colours the terminal has
  EDOT_TUI_CONFIG            the configuration file
  EDOT_TUI_ES_PASSWORD       password of --es-user
  EDOT_TUI_ES_API_KEY        API key for Elasticsearch, encoded
  EDOT_TUI_STORE_PASSWORD    password of --store-user
  EDOT_TUI_STORE_API_KEY     API key for the Elasticsearch that keeps sessions, encoded
  EDOT_TUI_<FLAG>            any flag of the groups above, such as EDOT_TUI_NAMESPACE or EDOT_TUI_LOAD_JOB

A flag overrides the environment, which overrides the configuration file. The file is TOML, with the flags' names as keys:
  namespace = \"observability-lab\"
  request-timeout = \"20s\"
  no-mouse = true
Its table [keys] binds actions to keys.

Files:
  $XDG_CONFIG_HOME/edot-tui/config.toml     configuration (~/.config/edot-tui)
  $XDG_CONFIG_HOME/edot-tui/themes/*.toml   your own themes
  $XDG_STATE_HOME/edot-tui/recordings/      what `r` records
  $XDG_STATE_HOME/edot-tui/edot-tui.log     log, when asked for (~/.local/state/edot-tui)

Exit codes:
  0      fine
  1      error
  2      wrong flag, environment variable or configuration
  3      not found, such as the HPA
  4      an expectation of the run failed (report, record), or a condition of --fail-if holds (compare)
  5      the cluster cannot be reached
  6      the cluster denies access
  128+n  ended by signal n";

pub const STATUS: &str = "\
Print the status of the HPA, its pods and the load once.

Waits until every feed is up and its rates are known (two samples), or it is known to be absent, at most for --wait, and
prints what is known by then. Data goes to stdout, messages to stderr.

With -A, --contexts or --selector it prints every HPA instead, the one in the worst trouble first, as a table like that of
kubectl get hpa -A or as JSON. One watch a cluster is enough for that: pods and usage are not read. A cluster that cannot be
read has a line that says why.

-o json prints one object, described below. A figure that is unknown is null, never 0. Times are RFC 3339 in UTC.";

pub const RECORD: &str = "\
Record all observations, without a terminal.

A recording is a line of JSON for each observation, as it was observed and with the source's own times. It is written to
disk every second, so a crash loses at most one second. With --simulate it starts the load as the key `s` does, and ends
when the load has ended and the HPA has settled; its exit code is then that of the verdict: 0 passed or undecided,
4 failed. Messages and, on a terminal, progress go to stderr.";

pub const RECORD_AFTER: &str = "\
Examples:
  edot-tui record -o run.jsonl.gz --simulate     a whole run: load, scale-up, scale-down
  edot-tui record -o run.jsonl.gz --for 10m      what happens in ten minutes
  edot-tui record -o - | gzip > run.jsonl.gz";

pub const IMPORT: &str = "\
Make a recording of what EDOT stored in Elasticsearch, of a time when nobody watched: what pods used (kubelet receiver), the
replicas of the HPA and its target (cluster receiver), Kubernetes events, the collectors' own metrics, and documents by time.
Replays, reports, what-if and tune read it as any other.

No document has the HPA's targets and behavior: they are those of the cluster as it is today, of -f FILE, or of --target. Nor are
the controller's figures and conditions stored. What cannot be known is said in the recording, feed by feed; docs/import.md lists
the fields that are read.

Elasticsearch is that of --es-url, with EDOT_TUI_ES_API_KEY, or --es-user and EDOT_TUI_ES_PASSWORD. It needs the index privilege
read on metrics-* and logs-*, and on traces-* to count documents.";

pub const IMPORT_AFTER: &str = "\
Examples:
  edot-tui import --es-url https://es:9200 --since 2h -o incident.jsonl.gz
  edot-tui import --since 2026-11-24T03:00:00Z --until 2026-11-24T04:30:00Z -n shop --hpa checkout
  edot-tui import --from es:metrics-*,logs-* --since 7d --until 166h -f hpa-of-last-week.yaml
  edot-tui import --since 2h --target cpu=60 --request cpu=250m     no cluster to ask

Exit codes: 0 done, 1 error, 2 usage, 3 no such documents, 5 Elasticsearch cannot be reached, 6 denied";

pub const REPLAY: &str = "\
Show a recording as it was: the same screens, findings and decisions, at any moment.

Space pauses; the arrow keys move by a sample, with Shift by a minute; [ and ] from marker to marker; Home and End to the
beginning and the end; < and > change the pace; i skips idle periods; the bar can be dragged with the mouse. From standard
input a recording can be watched while it is written. Damaged parts of a recording are reported and skipped.";

pub const REPLAY_AFTER: &str = "\
Examples:
  edot-tui replay run.jsonl.gz
  edot-tui replay run.jsonl.gz --at 4m --pace 8
  tail -c +1 -f run.jsonl.gz | edot-tui replay -";

pub const STATUS_AFTER: &str = "\
Examples:
  edot-tui status
  edot-tui status -o json --wait 30s | jq .hpa.replicas
  edot-tui status -o screen --size 200x50 --screen overview
  edot-tui status -A                             every HPA, as kubectl get hpa -A, with what is wrong
  edot-tui status --contexts all --selector tier=gateway -o json

Exit codes: 0 printed, 1 error, 2 usage, 3 no such HPA, 5 cannot reach the cluster, 6 denied; of every HPA also 4: an HPA is in
trouble, which counts before a cluster that cannot be read";

pub const DOCTOR: &str = "\
Check configuration, access, metrics and the HPA, with hints.

Each line is a check: ✓ fine, ! worth knowing, ✗ wrong, · not checked. Nothing in the cluster is changed.

-o json prints {schema: \"edot-tui/doctor/2\", result, checks: [{id, result, what, detail, hint}]}, where result is
\"ok\", \"warn\" or \"fail\" (of a check also \"skip\": it could not be made).

Exit codes: 0 fine (also with warnings), 1 something is wrong, 2 usage, 3 no such HPA, 5 cannot reach the cluster, 6 denied";

pub const SESSIONS: &str = "\
Keep recordings in Elasticsearch, find them again, and see how figures change over them.

`setup` installs index templates and a role (it shows what differs, and asks). `push` keeps a recording: its file, a document of its
figures and verdict, and what is searched and charted: a document a sync, one each 10 s of the gateway's figures, one an event.
Pushing it again changes nothing. A recording that is kept can be read wherever a file can, as es:ID, or as es:KEY=VALUE for the
newest with that tag.

The store is --store-url, with EDOT_TUI_STORE_API_KEY, or --store-user and EDOT_TUI_STORE_PASSWORD; without it that of --es-url.
docs/store.md describes the documents.";

pub const SESSIONS_AFTER: &str = "\
Examples:
  edot-tui sessions setup
  edot-tui sessions push run.jsonl.gz --tag release=1.4
  edot-tui sessions list --since 7d --failed
  edot-tui sessions trend first_scale_up --hpa edot-gateway-hpa
  edot-tui report es:edot-gateway-hpa-20261124-003110-1f2e3d4c -o html
  edot-tui compare es:release=1.4 run.jsonl.gz

Exit codes: 0 done, 1 error, 2 usage, 3 no such session, 5 the store cannot be reached, 6 denied";

pub const STACK: &str = "\
Bring the guide's system to a cluster, look at it, and remove it.

The files are those of assets/stack, which are inside the program: an application, its agents, a gateway under an HPA,
Elasticsearch and Kibana by Elastic's operator, the load's scenario, and metrics-server where the cluster has none. `up` prints
what it would create, change, keep and remove, asks once, applies it server-side as edot-tui, and waits until all of it is ready;
run again, it goes on from where it was. `down` removes what `up` made and nothing else; a namespace that holds other things
stays. What was there before is never taken for ours. A context that looks like production has to be named with --context.";

pub const STACK_AFTER: &str = "\
Examples:
  edot-tui stack up                                        the guide's settings
  edot-tui stack up --overlay production --dry-run         what it would do
  edot-tui stack up --es-url https://es.example.com:9200   with an Elasticsearch of your own; password in EDOT_TUI_ES_PASSWORD
  edot-tui stack up -o yaml | kubectl diff -f -
  edot-tui stack down

Exit codes: 0 done, 1 not ready in time, something differs (diff), or an error, 2 usage, 3 no stack, 5 cannot reach the cluster, 6 denied";

pub const LAB: &str = "\
Watch the embedded lab, or serve it to kubectl and others.

The lab is a small cluster inside this process: a gateway under an HPA, an application, k6, Elasticsearch, and the
controllers, kubelets and metrics-server around them. It serves the Kubernetes API on 127.0.0.1 to clients that have its
token, so the dashboard watches it as it watches any other cluster. Nothing of it is real, nothing is kept, and it listens
nowhere else. Without --serve this is what edot-tui shows where no cluster is configured.

With --speed the lab's own time runs faster. The dashboard uses that time, but kubectl uses the system's clock, so ages
that kubectl computes are wrong.";

pub const LAB_AFTER: &str = "\
Examples:
  edot-tui lab                              press s to start the load
  edot-tui lab --scenario sticky --speed 20
  edot-tui lab --list
  edot-tui lab --serve                      then, elsewhere: kubectl --kubeconfig PATH get hpa -A -w";

pub const COMPLETIONS_AFTER: &str = "\
Examples:
  edot-tui completions bash > ~/.local/share/bash-completion/completions/edot-tui
  edot-tui completions zsh > \"${fpath[1]}/_edot-tui\"
  edot-tui completions fish > ~/.config/fish/completions/edot-tui.fish";

pub const REPORT: &str = "\
Summarize a recording: what happened, whether it met expectations, and pictures of it. It is written to stdout.

  text, markdown   verdict, key figures, rescales, reaction budgets, decisions: for people and pull requests
  html             the same with charts on one time axis; one file, no network, light and dark, fit to print
  json             everything, schema \"edot-tui/report/2\"
  csv              one tidy table: time, series, labels (metric=cpu;pod=a), value (empty: not known from then on), unit
  junit            the verdict, a test case an expectation; those that are undecided or not observable are skipped
  svg              a screen, at the end or at --at
  cast             an asciicast (version 2) of the run; asciinema plays it

-o json prints one object, described below. A figure that is unknown is null. Times are RFC 3339 in UTC.

Expectations are those of the EDOT Gateway Scaling Guide, or of a TOML file of your own.

--redact FILE writes the recording itself again, with every name (namespaces, pods, nodes, hosts, contexts, clusters, users,
images, indices, workloads) replaced by the same made-up one throughout. It replays and is judged as before.";

pub const REPORT_AFTER: &str = "\
Examples:
  edot-tui report run.jsonl.gz
  edot-tui report run.jsonl.gz -o html > run.html
  edot-tui report run.jsonl.gz -o svg --screen timeline --at 8:00 > timeline.svg
  edot-tui report run.jsonl.gz -o cast --speed 30 > run.cast && asciinema play run.cast
  edot-tui report run.jsonl.gz --redact shared.jsonl.gz

Exit codes: 0 passed or undecided, 1 error, 2 usage, 4 an expectation failed";

pub const COMPARE: &str = "\
Put two recordings side by side, aligned at their load's start: key figures, check by check, and their timelines overlaid
(A solid, B dashed or in another colour).

Each can be a file, or es:ID, a session that `edot-tui sessions` keeps; es:baseline=yes is the newest with that tag. With --fail-if
the exit code says whether the second is worse: 0 no condition holds, 4 one does, or its figure is no longer known.";

pub const COMPARE_AFTER: &str = "\
Examples:
  edot-tui compare before.jsonl.gz after.jsonl.gz -o html > compare.html
  edot-tui compare es:baseline=yes run.jsonl.gz --fail-if 'first_scale_up > +20%' --fail-if 'items_lost > 0'";

pub const WHAT_IF: &str = "\
Re-run the controller's arithmetic over a recording under other settings: actual and simulated replicas, per-pod figures,
and what it would have cost. Until the two diverge, every sync has exactly the inputs that the controller had; from then on
the tier's load, held constant, is shared by the pods that would have been Ready. With no change it shows in how many syncs
the arithmetic gives what the controller did. What is assumed is printed.";

pub const WHAT_IF_AFTER: &str = "\
Examples:
  edot-tui what-if run.jsonl.gz
  edot-tui what-if run.jsonl.gz --target cpu=60 --max 8
  edot-tui what-if run.jsonl.gz --drop memory --request cpu=200m
  edot-tui what-if run.jsonl.gz --scale-down-window 300 --policy down=Pods:1/60 -o html > what-if.html";

pub const TUNE: &str = "\
Search better settings of the HPA: candidates are re-run over one or more recordings as what-if does, and scored by their
cost (replica-minutes), by the time in which a pod was above its line (the present target and its tolerance, unless --line
says otherwise), and by how often they go back and forth. Printed are those that nothing is better than (the front), the one
that the objective asks for, why each of its changes is there, what it risks, and a patch. docs/tuning.md defines the figures.
The same recordings and flags give the same result. Ctrl-C ends the search, and what there is by then is printed.";

pub const TUNE_AFTER: &str = "\
Examples:
  edot-tui tune run.jsonl.gz
  edot-tui tune monday.jsonl.gz tuesday.jsonl.gz --objective cost --max-replicas 8
  edot-tui tune run.jsonl.gz --search targets,requests --line cpu=90
  edot-tui tune run.jsonl.gz -o patch > patch.yaml
  edot-tui tune lab:guide --verify guide";

pub const SHADOW: &str = "\
Run other settings of the HPA beside its own while it is watched: what the controller would have asked for under each, sync by
sync, over the same samples. Nothing in the cluster is changed. In a terminal it is the dashboard, where w edits them; with -o or
--for, and in a pipe, what was and what would have been is printed at the end. A recording has the shadows, too.

Until a shadow asks for another size than the HPA, it has exactly the inputs of the controller. From then on it is an estimate: the
load of the tier is held as it was, and shared by the pods that would be Ready. All figures count from the first sync observed, or
from the last six hours.";

pub const SHADOW_AFTER: &str = "\
Examples:
  edot-tui shadow --target cpu=60 --max 8
  edot-tui shadow -f hpa-new.yaml -f hpa-careful.yaml
  edot-tui shadow --lab --scale-down-window 60
  kubectl get hpa.v2.autoscaling edot-gateway-hpa -o yaml | sed 's/maxReplicas: .*/maxReplicas: 8/' | edot-tui shadow -f - --for 1h -o json

Exit codes: 0 done, 1 error, 2 usage, 3 no such HPA, 5 cannot reach the cluster, 6 denied";

pub const SIZE: &str = "\
What one replica of the gateway carries, learned from recordings in which the collectors' own metrics are: the cpu that it uses
by itself and for an item of each signal; items per second at the HPA's target, at the cpu limit, and at the knee where refusals
or full queues began; and what limited the system. With --rate, how many replicas a forecast needs, with bounds and requests.
The figures in brackets are what is found without parts of the recordings. docs/tuning.md has the method.";

pub const SIZE_AFTER: &str = "\
Examples:
  edot-tui size run.jsonl.gz
  edot-tui size run.jsonl.gz --rate traces=50k,logs=20k
  edot-tui size lab:guide lab:guide@8";

/// The text after the long help: examples, and the keys of the JSON output.
pub fn with_schema(after: &str, schema: Schema) -> String {
    with_schemas(after, &[schema])
}

/// The same with several outputs.
pub fn with_schemas(after: &str, schemas: &[Schema]) -> String {
    let listed: Vec<String> = schemas.iter().map(|schema| schema::listing(*schema)).collect();
    format!("{after}\n\n{}", listed.join("\n\n")).trim_start().to_owned()
}
