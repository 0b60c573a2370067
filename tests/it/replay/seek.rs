//! Replays: at any second, by any way there, what is shown is what was shown live.

use crate::it::cli::program::edot_tui;
use crate::it::cli::pty::Pty;
use crate::it::replay::reading::{fold, write};
use crate::it::support::recorded::scale_cycle;
use edot_tui::control::Control;
use edot_tui::observe::{Stamped, Time};
use edot_tui::recording::Header;
use edot_tui::replay::{Begin, Index, IndexEvent, Replay, ReplayEvent, SeekableInput, index, open, play};
use edot_tui::session::{Session, Timeline};
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a live program knew once its clock had come to `ms`.
pub fn live(all: &[Stamped], ms: i64) -> Session {
    let mut session = Session::default();
    for seen in all {
        if seen.at.timestamp_millis().max(session.now_ms()) > ms {
            break;
        }
        session.apply(seen);
    }
    session
}

pub fn indexed(path: &Path) -> (Index, Arc<Timeline>) {
    let medium = SeekableInput::new(std::fs::File::open(path).unwrap());
    let reading = edot_tui::recording::read(BufReader::new(medium.from(0))).unwrap();
    let (tell, mut found) = mpsc::channel(1 << 16);
    let mut all = Index::new(medium, Header::default());
    index(reading, Some(std::fs::metadata(path).unwrap().len()), Session::default(), &tell);
    let mut whole = None;
    while let Ok(event) = found.try_recv() {
        match event {
            IndexEvent::Checkpoint(checkpoint) => all.add(checkpoint),
            IndexEvent::Progress(..) => {}
            IndexEvent::End { timeline, count, .. } => {
                all.count = count;
                whole = Some(timeline);
            }
        }
    }
    (all, whole.unwrap())
}

fn file(all: &[Stamped], gz: bool) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), write(all, gz)).unwrap();
    file
}

#[test]
fn sought_to_any_second_it_is_as_it_was_live() {
    let mut all = scale_cycle();
    // A clock that is set back, too.
    let back = chrono::TimeDelta::seconds(100);
    let again: Vec<Stamped> = all.iter().map(|s| Stamped { at: s.at + back, ..s.clone() }).collect();
    all.extend(again);
    for gz in [true, false] {
        let file = file(&all, gz);
        let (index, timeline) = indexed(file.path());
        for second in [400, 3, 0, 77, 150, 149, 151, 308, 309, 310, 409] {
            let ms = timeline.from + second * 1000;
            let cue = index.seek(ms)().unwrap();
            assert!(cue.session == live(&all, ms), "second {second}");
            // And on from there to the end.
            let mut session = cue.session;
            let rest: Vec<Stamped> = cue.next.into_iter().chain(cue.reading).collect();
            rest.iter().for_each(|s| session.apply(s));
            assert!(session == fold(&all), "on from second {second}");
        }
    }
}

/// Drives a replay as the dashboard does.
struct Show {
    replay: mpsc::Receiver<ReplayEvent>,
    observations: mpsc::Receiver<Stamped>,
    controls: mpsc::Sender<Control>,
    session: Session,
    timeline: Arc<Timeline>,
    complete: bool,
    faults: Vec<String>,
    jumps: usize,
}

impl Show {
    fn new(path: &Path, begin: Begin) -> Show {
        Show::of(open(path, begin, Session::default()).unwrap())
    }

    fn of(replay: Replay) -> Show {
        let Replay { source, events: news, player, .. } = replay;
        tokio::spawn(play(player));
        Show {
            replay: news,
            observations: source.observations,
            controls: source.controls,
            session: Session::default(),
            timeline: Arc::default(),
            complete: false,
            faults: Vec::new(),
            jumps: 0,
        }
    }

    async fn until(&mut self, done: impl Fn(&Show) -> bool) {
        while !done(self) {
            tokio::select! {
                biased;
                news = self.replay.recv() => match news.expect("it goes on") {
                    ReplayEvent::Jump { session, observations, .. } => {
                        (self.session, self.observations) = (*session, observations);
                        self.jumps += 1;
                    }
                    ReplayEvent::Timeline(timeline, complete) => (self.timeline, self.complete) = (timeline, complete),
                    ReplayEvent::Damage(sentences) => self.faults.extend(sentences),
                },
                Some(seen) = self.observations.recv() => self.session.apply(&seen),
            }
        }
    }

    async fn ask(&self, control: Control) {
        self.controls.send(control).await.unwrap();
    }

    async fn seek(&mut self, ms: i64) {
        let jumps = self.jumps;
        self.ask(Control::Seek(Time::from_timestamp_millis(ms).unwrap())).await;
        self.until(|s| s.jumps > jumps).await;
    }
}

const FROM_THE_START: Begin = Begin { after: 0, speed: 1.0, paused: false };

#[tokio::test(start_paused = true)]
async fn played_at_any_pace_it_comes_to_the_same() {
    let all = scale_cycle();
    let file = file(&all, true);
    for speed in [0.25, 1.0, 16.0, 256.0] {
        let mut show = Show::new(file.path(), Begin { speed, ..FROM_THE_START });
        show.until(|s| s.complete && s.jumps > 0 && s.session.now_ms() == s.timeline.to).await;
        assert!(show.session == fold(&all), "x{speed}");
    }
}

#[tokio::test(start_paused = true)]
async fn its_pace_is_what_was_asked_for() {
    let file = file(&scale_cycle(), false);
    let mut show = Show::new(file.path(), Begin { paused: true, ..FROM_THE_START });
    show.until(|s| s.complete && s.jumps > 0).await;
    let from = show.timeline.from;
    for (speed, span) in [(1.0, 10_000), (4.0, 40_000), (0.25, 5000)] {
        show.seek(from).await;
        show.ask(Control::Speed(speed)).await;
        show.ask(Control::Pause(false)).await;
        let begun = tokio::time::Instant::now();
        show.until(|s| s.session.now_ms() >= from + span).await;
        let took = begun.elapsed().as_millis() as f64 * speed;
        assert!((took - span as f64).abs() <= 1100.0 + 100.0 * speed, "x{speed}: {took} for {span}");
        show.ask(Control::Pause(true)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn moved_back_and_forth_it_is_as_it_was_live() {
    let all = scale_cycle();
    let file = file(&all, true);
    let mut show = Show::new(file.path(), Begin { after: 60_000, speed: 1.0, paused: true });
    show.until(|s| s.complete && s.jumps > 0).await;
    let timeline = show.timeline.clone();
    assert!(show.session == live(&all, timeline.from + 60_000));
    let mut at = timeline.from;
    let mut stops = vec![timeline.to, timeline.from, timeline.from + 100_500];
    while let Some(next) = timeline.sample(at, true) {
        stops.push(next);
        at = next;
    }
    while let Some(before) = timeline.marker(at, false) {
        stops.push(before);
        at = before;
    }
    assert!(stops.len() > 20, "samples and markers: {}", stops.len());
    for ms in stops {
        show.seek(ms).await;
        assert!(show.session == live(&all, ms), "{ms}");
    }
}

#[tokio::test(start_paused = true)]
async fn idle_stretches_are_passed_over() {
    let mut all = scale_cycle();
    let (last, hour) = (all.last().unwrap().at, 3600);
    let tick = |s| Stamped { at: last + chrono::TimeDelta::seconds(s), what: edot_tui::observe::Observation::Tick };
    all.extend((1..hour).map(tick));
    let file = file(&all, true);
    let mut show = Show::new(file.path(), FROM_THE_START);
    show.until(|s| s.complete && s.jumps > 0).await;
    let [.., (from, to)] = show.timeline.idle[..] else { panic!("nothing is idle") };
    assert!(to - from > 3_000_000, "{from} {to}");
    show.ask(Control::SkipIdle(true)).await;
    show.seek(from - 1000).await;
    let begun = tokio::time::Instant::now();
    show.until(|s| s.session.now_ms() >= to).await;
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    assert!(show.session == live(&all, show.session.now_ms()));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_said() {
    let bytes = write(&scale_cycle(), true);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes[..bytes.len() / 2]).unwrap();
    let mut show = Show::new(file.path(), FROM_THE_START);
    show.until(|s| !s.faults.is_empty()).await;
    assert!(show.faults[0].contains("stops in the middle"), "{:?}", show.faults);
    let wrong = open(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")), FROM_THE_START, Session::default())
        .err()
        .unwrap();
    assert!(wrong.to_string().contains("Cargo.toml is not a recording of edot-tui"), "{wrong}");
}

/// The program itself, in a terminal.
fn shown(path: &Path, args: &[&str]) -> Pty {
    let all = [&["replay", path.to_str().unwrap()], args].concat();
    Pty::spawn(edot_tui(Path::new("/no/such/kubeconfig"), &all), (100, 30))
}

#[test]
fn the_dashboard_is_moved_by_keys_and_mouse() {
    let file = file(&scale_cycle(), true);
    let mut pty = shown(file.path(), &["--at", "150s", "--paused"]);
    pty.until("the moment", |s| s.contents().contains("2:29 / 5:08") && s.contents().contains("REPLAY paused"));
    pty.until_text("edot-gateway-hpa");
    pty.keys("\x1b[F");
    pty.until("the end", |s| s.contents().contains("5:08 / 5:08") && s.contents().contains("REPLAY end"));
    pty.keys("\x1b[H");
    pty.until_text("0:00 / 5:08");
    pty.keys("]");
    pty.until("a marker", |s| !s.contents().contains("0:00 / 5:08"));
    pty.keys(">>>>>>");
    pty.until_text("×64");
    // A press on the bar, which is the row above the footer: about its middle.
    pty.keys("\x1b[<0;57;29M\x1b[<0;57;29m");
    pty.until("the middle", |s| s.contents().contains("2:3") && s.contents().contains("REPLAY paused"));
    // Taken at its beginning and pulled beyond its end, with a hand that leaves its row.
    pty.keys("\x1b[<0;24;29M\x1b[<32;40;28M\x1b[<32;60;20M\x1b[<32;99;12M\x1b[<0;99;12m");
    pty.until("the end, pulled", |s| s.contents().contains("5:08 / 5:08"));
    pty.keys("\x1b[<0;57;29M\x1b[<0;57;29m");
    pty.until("the middle again", |s| s.contents().contains("2:3"));
    pty.keys("<<<<<< ");
    pty.until_text("REPLAY ×1");
    pty.keys("r");
    pty.until_text("this is a replay");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    pty.assert_restored("q");
}

#[test]
fn a_wrong_file_is_reported_before_the_screen_is_taken() {
    let mut pty = shown(Path::new("/etc/hostname"), &[]);
    assert_eq!(pty.exit(), 1);
    assert!(pty.text().contains("is not a recording of edot-tui") || pty.text().contains("is empty"), "{}", pty.text());
}

#[tokio::test(start_paused = true)]
async fn of_many_seeks_at_once_only_the_last_is_made() {
    let file = file(&scale_cycle(), true);
    let mut show = Show::new(file.path(), Begin { paused: true, ..FROM_THE_START });
    show.until(|s| s.complete && s.jumps > 0).await;
    let (from, jumps) = (show.timeline.from, show.jumps);
    // As a hand pulls the bar, faster than any of them could be made.
    for second in 1..=16 {
        let to = Time::from_timestamp_millis(from + second * 10_000).unwrap();
        show.controls.try_send(Control::Seek(to)).unwrap();
    }
    show.until(|s| s.jumps > jumps).await;
    assert!(show.session == live(&scale_cycle(), from + 160_000), "at once where the last one leads");
}

#[tokio::test]
async fn what_grows_is_followed_and_can_be_gone_back_in() {
    let all = scale_cycle();
    // What has come in is shown with each tick.
    let tick = |s: &Stamped| s.what == edot_tui::observe::Observation::Tick;
    let half = 1 + all[..all.len() / 2].iter().rposition(tick).unwrap();
    let (input, mut output) = std::io::pipe().unwrap();
    let write_all = |part: &[Stamped], output: &mut std::io::PipeWriter| {
        let bytes = write(part, true);
        let mut output = output.try_clone().unwrap();
        std::thread::spawn(move || std::io::Write::write_all(&mut output, &bytes).unwrap())
    };
    // Whoever writes it begins a new member now and then, as a recorder does.
    let first = write_all(&all[..half], &mut output);
    let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&input));
    let mut show =
        tokio::task::spawn_blocking(move || open(Path::new(&path), FROM_THE_START, Session::default()).unwrap())
            .await
            .map(Show::of)
            .unwrap();
    first.join().unwrap();
    let until = all[..half].iter().map(|s| s.at.timestamp_millis()).max().unwrap();
    show.until(|s| s.session.now_ms() == until).await;
    assert!(!show.complete, "more may come");
    // Back into the past, and to the end again while the rest comes in.
    show.seek(show.timeline.from + 60_000).await;
    assert!(show.session == live(&all, show.timeline.from + 60_000));
    show.seek(show.timeline.to).await;
    let rest = write_all(&all[half..], &mut output);
    rest.join().unwrap();
    drop((output, input));
    show.until(|s| s.complete && s.session.now_ms() == s.timeline.to).await;
    assert!(show.session == fold(&all));
}

/// A pipe into which a gzip recording is written up to a byte in the middle of a member, and what shows it.
async fn cut_within_a_member(all: &[Stamped]) -> (Show, std::io::PipeWriter, Vec<u8>, i64) {
    let bytes = write(all, true);
    let heads: Vec<usize> = (0..bytes.len()).filter(|n| bytes[*n..].starts_with(&[0x1f, 0x8b, 8, 0, 0, 0])).collect();
    assert!(heads.len() > 5, "{heads:?}");
    // Two thirds into a member of the middle.
    let cut = heads[3] + (heads[4] - heads[3]) * 2 / 3;
    let known = edot_tui::recording::read(std::io::Cursor::new(&bytes[..heads[3]])).unwrap().last().unwrap();
    let (input, mut output) = std::io::pipe().unwrap();
    let first = bytes[..cut].to_vec();
    let writing = std::thread::spawn(move || {
        std::io::Write::write_all(&mut output, &first).unwrap();
        output
    });
    let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&input));
    let replay =
        tokio::task::spawn_blocking(move || open(Path::new(&path), FROM_THE_START, Session::default()).unwrap())
            .await
            .unwrap();
    let output = writing.join().unwrap();
    drop(input);
    (Show::of(replay), output, bytes[cut..].to_vec(), known.at.timestamp_millis())
}

#[tokio::test]
async fn what_is_cut_within_a_gzip_member_goes_on_when_the_rest_comes() {
    let all = scale_cycle();
    let (mut show, mut output, rest, known) = cut_within_a_member(&all).await;
    // What came before the cut is shown, and something of the very member that is not whole.
    show.until(|s| s.timeline.to > known + 5000).await;
    assert!(!show.complete && show.faults.is_empty(), "more may come: {:?}", show.faults);
    let writing = std::thread::spawn(move || std::io::Write::write_all(&mut output, &rest).unwrap());
    show.until(|s| s.complete).await;
    writing.join().unwrap();
    show.seek(show.timeline.to).await;
    show.until(|s| s.session.now_ms() == s.timeline.to).await;
    assert!(show.session == fold(&all) && show.faults.is_empty(), "{:?}", show.faults);
}

#[tokio::test]
async fn what_is_cut_within_a_gzip_member_for_good_opens_and_says_so() {
    let all = scale_cycle();
    let (mut show, output, rest, known) = cut_within_a_member(&all).await;
    show.until(|s| s.timeline.to > known).await;
    drop((output, rest));
    show.until(|s| s.complete && !s.faults.is_empty()).await;
    assert!(show.faults[0].contains("stops in the middle"), "{:?}", show.faults);
    let to = show.timeline.to;
    assert!(to > known && to < all.last().unwrap().at.timestamp_millis());
    // It can be gone back in as any other.
    show.seek(known).await;
    show.until(|s| s.session.now_ms() == known).await;
    assert!(show.session == live(&all, known));
}

#[test]
fn of_a_folder_of_recordings_one_is_picked_and_another_later() {
    let folder = tempfile::tempdir().unwrap();
    let all = scale_cycle();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    put("one.jsonl.gz", &write(&all, true));
    put("two.jsonl.gz", &write(&all[..all.len() / 2], true));
    put("wrong.jsonl", b"no recording\n");
    put("notes.txt", b"");
    let mut pty = shown(folder.path(), &["--paused"]);
    pty.until("the list", |s| s.contents().contains("Which recording") && s.contents().contains("cannot be read"));
    assert!(!pty.text().contains("notes.txt"));
    let length = |s: &str| s.lines().find_map(|line| Some(line.split_once(" / ")?.1.trim_start().get(..4)?.to_owned()));
    pty.keys("\r");
    pty.until("the first", |s| length(&s.contents()).as_deref() == Some("5:08"));
    pty.keys("pj\r");
    pty.until("the second", |s| length(&s.contents()).is_some_and(|length| length != "5:08"));
    // What cannot be read is refused, and the other goes on.
    pty.keys("pjj\r");
    pty.until_text("is not a recording of edot-tui");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    let empty = tempfile::tempdir().unwrap();
    let mut pty = shown(empty.path(), &[]);
    assert_eq!(pty.exit(), 1);
    assert!(pty.text().contains("there is no recording in"), "{}", pty.text());
}
