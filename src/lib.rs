//! The architecture of edot-tui.
//!
//! One sentence: **feeds emit stamped observations; the recorder taps them; the session folds them; the ui folds keys; panes
//! read both.**
//!
//! ```text
//! kube watches, polls ── source ── mpsc<Stamped> 1024 ──► App::take ──► Session::apply ──► view::draw(&Session, &Ui, &Look)
//!                          ▲                              └──► Tape ── 4096 ──► recorder ──► file  ▲
//!                          └── mpsc<Control> 16 ◄── App carries out Request ◄── Ui::act(Action, &Session) ◄── keys
//! ```
//!
//! # Rooms
//!
//! | room | what it holds | may use |
//! |---|---|---|
//! | [`observe`] | the vocabulary upwards: what a source saw. The only types that will ever be recorded | – |
//! | [`control`] | the vocabulary downwards: what may be asked of a source | observe |
//! | [`clock`] | the clock that a source is handed: the system's, or the lab's | – |
//! | [`hpa`] | the HPA controller's arithmetic, pure | – |
//! | [`session`] | the fold: what is known now and was known before | observe, hpa |
//! | [`recording`] | the file: header, lines, parts, reader, writer | observe |
//! | [`advise`] | rules over a session: findings with their evidence and the mend | observe, hpa, session |
//! | [`source`] | where observations come from; `source/live` has one file a feed | observe, control, clock |
//! | [`lab`] | a small cluster inside the process; it speaks the Kubernetes API, so the live feeds watch it as any other | hpa, clock |
//! | [`replay`] | a recording as a source: gone through once, then played from anywhere. It folds, to leave copies of the session on its way | observe, control, session, recording, source |
//! | [`verdict`] | a run against what was expected of it (`assets/expectations`): checks as functions over a session | observe, hpa, session |
//! | [`ui`] | keys → `Action` → `Request`; focus, zoom, cursor. No drawing | observe, control, session, verdict |
//! | [`view`] | screens, panes, charts, themes. Only reads | observe, session, advise, verdict, ui |
//! | [`report`] | a session, a screen or a comparison in other forms: `status`, text, JSON, CSV, HTML, SVG, JUnit, asciicast (so it uses the terminal's pen) | observe, hpa, session, advise, verdict, ui, view, terminal |
//! | [`offline`] | what the commands over recordings share: reading one, and a session written in a format | observe, session, verdict, recording, ui, view, report, config, error |
//! | [`doctor`] | the checks of the `doctor` command | observe, config, source, error, open |
//! | [`app`], [`open`], [`commands`], `main` | tie the rooms together: the loop, settings to a source, one file a command, the exit code | all |
//! | [`terminal`], [`signals`], [`config`], [`logging`], [`error`], [`stdio`] | the program's edges; `error` knows the errors of the other rooms, `config` the names of the view's symbols | one another, downwards |
//!
//! # Invariants
//!
//! `tests/it/house/tidy.rs` holds those that can be read off the text.
//!
//! 1. **Record what was seen; derive when read.** Observations carry raw samples with the server's own timestamps, never
//!    rates, percentages or sentences made for a screen.
//! 2. **Time comes with the data.** Every observation is stamped; a 1 Hz `Tick` moves "now". Only a source and the app
//!    read a clock, so the fold is deterministic; the recorder does to flush, a replay's index to space its checkpoints.
//! 3. **Failure is data.** A feed never returns an error to the app; it says `FeedStatus { feed, state, reason, mend }`. One dead
//!    feed greys one pane, and the pane says why and what would mend it.
//! 4. **A missing sample is a gap**, never a zero and never a NaN handed to a chart.
//! 5. **`App::take` is the only door** for observations: tape, then fold. The tape never waits: what the disk is too slow for
//!    is dropped, counted and marked.
//!    In a replay a move hands over a whole session, with a channel of its own for what comes after it.
//! 6. **Nothing blocks the screen.** The loop drains at most 256 observations, then keys have their turn; a frame is drawn
//!    only when something changed, and written with one write, inside synchronized output, only where cells changed.
//! 7. **Effects are data.** `Ui::act` returns a `Request`; only the app carries it out. Keys, help and README's key table
//!    come from one list.
//! 8. **Panes are rows in a table** (`view/pane.rs`) that draw into a buffer: a new pane is one file and one row; a new feed
//!    is one `…Seen`, one fold arm, one live file; a new colour is one role.
//! 9. **Old readers skip what later versions write**: observations are internally tagged, with an `Unknown` arm.
//! 10. **Text from outside is hostile**: cleaned and bounded once, where it enters (`observe::text`).
//! 11. **One owner for everything.** Three channels, one cancellation token, no locks.
//!
//! Panes draw into a `Buffer`, not a ratatui `Frame`, and `terminal` writes the difference itself: ratatui's own terminal
//! asks for the cursor's position when it clears, writes even when nothing changed, and cuts a frame into several writes.

pub mod advise;
pub mod app;
pub mod clock;
pub mod commands;
pub mod config;
pub mod control;
pub mod doctor;
pub mod error;
pub mod hpa;
pub mod lab;
pub mod logging;
pub mod observe;
pub mod offline;
pub mod open;
pub mod recording;
pub mod replay;
pub mod report;
pub mod session;
pub mod signals;
pub mod source;
pub mod stdio;
pub mod terminal;
pub mod ui;
pub mod verdict;
pub mod view;
