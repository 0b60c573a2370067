//! Set up, run, print the error, exit code; nothing else.

use clap::Parser;
use edot_tui::{
    app::{self, App, Ended, Recordings},
    cli::{self, Cli, Command},
    config::{self, Settings},
    doctor, exit, logging,
    offline::{self, Asked, Form, Paper},
    out, record,
    recording::STOPPED,
    replay::Begin,
    start::{self, Refusal},
    status, terminal,
    ui::{Screen, Ui},
};
use std::{io::IsTerminal, process::ExitCode, time::Duration};

/// How long the screen waits for word that an HPA which was named is there; after that, the screen tells what is wrong.
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let typed = Cli::parse();
    let code = run(&typed).unwrap_or_else(|refusal| {
        out::message(&refusal.text);
        refusal.code
    });
    ExitCode::from(code)
}

fn run(typed: &Cli) -> Result<u8, Refusal> {
    let failed = |e: &dyn std::fmt::Display| Refusal { text: e.to_string(), code: exit::ERROR };
    match &typed.command {
        Some(Command::Completions { shell }) => return Ok(out::finish(&cli::completions(*shell), exit::FINE)),
        Some(Command::Lab(lab)) if lab.list => return Ok(out::finish(&start::lab::list(), exit::FINE)),
        Some(Command::Man) => return Ok(out::finish(&cli::man().map_err(|e| failed(&e))?, exit::FINE)),
        _ => {}
    }
    let settings = cli::settings(typed).map_err(|e| Refusal { text: e.to_string(), code: exit::USAGE })?;
    if typed.print_config() {
        return Ok(out::finish(&config::print(&settings), exit::FINE));
    }
    if typed.tape().record.is_some() && !typed.is_live() {
        let text = "--record goes with the dashboard; without a terminal it is edot-tui record".into();
        return Err(Refusal { text, code: exit::USAGE });
    }
    if let Some(log) = &settings.log {
        logging::start(log).map_err(|e| failed(&e))?;
    }
    match &typed.command {
        Some(Command::Report(asked)) => return report(&settings, asked),
        Some(Command::Compare(asked)) => return compare(&settings, asked),
        Some(Command::WhatIf(asked)) => {
            let look = start::look(&settings, app::utc_offset())?;
            let form = Form::named(&asked.output);
            return offline::what_if(&asked.file, &asked.changes(), form, paper(&settings), &look);
        }
        _ => {}
    }
    // One worker: everything that is not drawing waits for the network.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|e| failed(&e))?;
    let code = match &typed.command {
        Some(Command::Doctor(doctor)) => Ok(runtime.block_on(doctor::run(&settings, &doctor.output))),
        Some(Command::Status(asked)) => runtime.block_on(one_shot(&settings, asked)),
        Some(Command::Record(asked)) => runtime.block_on(headless(&settings, asked)),
        Some(Command::Lab(lab)) if lab.serve => runtime.block_on(start::lab::alone(&settings)),
        Some(Command::Lab(_)) => runtime.block_on(live(&settings.in_lab(), &typed.tape())),
        Some(Command::Replay(asked)) => runtime.block_on(replay(&settings, asked)),
        _ => runtime.block_on(live(&settings, &typed.tape())),
    };
    // A request that hangs must not keep the user from the shell.
    runtime.shutdown_background();
    code
}

fn report(settings: &Settings, asked: &cli::Report) -> Result<u8, Refusal> {
    let asked = Asked {
        file: &asked.file,
        form: Form::named(&asked.output),
        expectations: asked.expectations.as_deref().or(settings.expectations.as_deref()),
        at: asked.at,
        screen: Screen::named(&asked.screen).unwrap_or(Screen::Overview),
        size: asked.size,
        span: asked.span.map(|s| s.as_secs()),
        speed: asked.speed,
    };
    offline::report(&asked, &start::picture(settings, app::utc_offset())?)
}

fn compare(settings: &Settings, asked: &cli::Compare) -> Result<u8, Refusal> {
    let look = start::look(settings, app::utc_offset())?;
    let files = (&*asked.a, &*asked.b);
    let form = Form::named(&asked.output);
    let expected = asked.expectations.as_deref().or(settings.expectations.as_deref());
    offline::compare(files, form, expected, paper(settings), &look)
}

/// A terminal's own width, and its colours; 100 plain columns otherwise.
fn paper(settings: &Settings) -> Paper {
    match std::io::stdout().is_terminal() {
        true => Paper { width: terminal::width().clamp(40, 200), colours: settings.color },
        false => Paper { width: 100, colours: false },
    }
}

async fn live(settings: &Settings, tape: &cli::Tape) -> Result<u8, Refusal> {
    if !std::io::stdout().is_terminal() {
        let text = "the dashboard needs a terminal; edot-tui status prints once what it would show".into();
        return Err(Refusal { text, code: exit::USAGE });
    }
    let look = start::look(settings, app::utc_offset())?;
    let ui = ui(settings, settings.readonly)?;
    let settings = &start::lab::or_configured(settings)?;
    // Connecting goes on while the first frame is drawn: reading certificates and running plugins takes its time.
    let mut opening = start::opening(settings);
    let mut running = None;
    if start::named(settings)
        && let Ok(opened) = tokio::time::timeout(PATIENCE, &mut opening).await
    {
        let mut opened = start::opened(opened)?;
        if let Ok(Err(refusal)) = tokio::time::timeout(PATIENCE, opened.found()).await
            && refusal.code == exit::NOT_FOUND
        {
            return Err(refusal);
        }
        running = Some(opened);
    }
    let failed = |e: anyhow::Error| Refusal { text: format!("{e:#}"), code: exit::ERROR };
    let recordings = Recordings::new(settings, tape.record_limit);
    let mut app =
        App::new(settings.mouse, ui, look, settings.fps, recordings, tape.record.as_deref()).map_err(failed)?;
    if let Some(running) = running {
        app.watch(running);
    }
    let ended = app.run(opening).await;
    let recorded = app.end_recording(STOPPED);
    drop(app);
    terminal::restore();
    recorded.iter().for_each(|text| out::message(text));
    ended_with(ended.map_err(failed)?)
}

async fn replay(settings: &Settings, asked: &cli::Replay) -> Result<u8, Refusal> {
    if !std::io::stdout().is_terminal() {
        let text = "a replay needs a terminal; edot-tui status -o screen prints a screen once".into();
        return Err(Refusal { text, code: exit::USAGE });
    }
    let look = start::look(settings, app::utc_offset())?;
    let ui = ui(settings, true)?;
    let after = asked.at.map_or(0, |at| i64::try_from(at.as_millis()).unwrap_or(i64::MAX));
    let begin = Begin { after, speed: asked.pace, paused: asked.paused };
    let running = start::replay(&asked.file, begin)?;
    let failed = |e: anyhow::Error| Refusal { text: format!("{e:#}"), code: exit::ERROR };
    let recordings = Recordings::new(settings, None);
    let mut app = App::new(settings.mouse, ui, look, settings.fps, recordings, None).map_err(failed)?;
    app.replay(begin);
    app.watch(running);
    let ended = app.run(tokio::spawn(std::future::pending())).await;
    drop(app);
    terminal::restore();
    ended_with(ended.map_err(failed)?)
}

/// What the keys change, at the beginning.
fn ui(settings: &Settings, readonly: bool) -> Result<Ui, Refusal> {
    let own = settings.expectations.as_deref();
    let expected = own.map(|path| offline::expectations(Some(path))).transpose()?;
    Ok(Ui { expected, ..Ui::new(readonly, edot_tui::view::panes()) })
}

fn ended_with(ended: Ended) -> Result<u8, Refusal> {
    match ended {
        Ended::Quit => Ok(exit::FINE),
        Ended::Signal(number) => Ok(128 + u8::try_from(number).unwrap_or(0)),
        Ended::Refused(refusal) => Err(refusal),
    }
}

async fn headless(settings: &Settings, asked: &cli::Record) -> Result<u8, Refusal> {
    let expected = offline::expectations(settings.expectations.as_deref())?;
    let mut running = start::open(settings).await?;
    running.found().await?;
    let code = record::run(settings, asked, &expected, &mut running).await;
    running.stop.cancel();
    code
}

async fn one_shot(settings: &Settings, asked: &cli::Status) -> Result<u8, Refusal> {
    let look = start::look(settings, app::utc_offset())?;
    let mut ui = ui(settings, true)?;
    ui.screen = Screen::named(&asked.screen).unwrap_or(Screen::Overview);
    let mut running = start::open(settings).await?;
    running.found().await?;
    let session = status::settle(&mut running.source, asked.wait).await;
    running.stop.cancel();
    session.watching.notes.iter().for_each(|note| out::message(note));
    let output = match asked.output.as_str() {
        "json" => status::Output::Json,
        "screen" => status::Output::Screen { size: asked.size, ui: Box::new(ui) },
        _ => status::Output::Text,
    };
    let text =
        status::render(&session, &output, &look).map_err(|e| Refusal { text: e.to_string(), code: exit::ERROR })?;
    Ok(out::finish(&text, exit::FINE))
}
