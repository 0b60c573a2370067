//! The command line: what can be typed after `:`, how it is completed, and what it asks for. A new command is a row in
//! [`COMMANDS`]. Must not carry anything out.

use super::{Action, HpaName, Overlay, Request, Screen, Ui};
use crate::format::parse;
use crate::session::Session;
use std::collections::BTreeSet;

/// A command: its names, what may follow it, and what it does.
struct Command {
    names: &'static [&'static str],
    argument: &'static str,
    what: &'static str,
    run: fn(&mut Ui, &Session, &str) -> Result<Option<Request>, String>,
}

/// All commands, in the order of help.
const COMMANDS: &[Command] = &[
    Command { names: &["hpa"], argument: "NAME", what: "watch another HPA", run: hpa },
    Command {
        names: &["ns", "namespace"],
        argument: "NAME",
        what: "watch another namespace",
        run: |_, _, to| Ok(change("namespace", to)),
    },
    Command {
        names: &["ctx", "context"],
        argument: "NAME",
        what: "watch another cluster",
        run: |_, _, to| Ok(change("context", to)),
    },
    Command {
        names: &["scenario"],
        argument: "NAME",
        what: "restart the lab",
        run: |_, _, to| Ok(change("scenario", to)),
    },
    Command {
        names: &["theme"],
        argument: "NAME",
        what: "take another theme",
        run: |_, _, to| Ok(Some(Request::Theme(to.to_owned()))),
    },
    Command { names: &["go"], argument: "TIME", what: "time cursor to 4:00, -2m or now", run: Ui::go },
    Command { names: &["screen"], argument: "NAME", what: "show a screen", run: screen },
    Command { names: &["help"], argument: "", what: "help", run: |ui, session, _| Ok(ui.act(Action::Help, session)) },
    Command {
        names: &["quit", "q"],
        argument: "",
        what: "quit",
        run: |ui, session, _| Ok(ui.act(Action::Quit, session)),
    },
];

/// One of the list, by name or with its namespace and context before it; else one of that name in the namespace that is watched.
fn hpa(_: &mut Ui, session: &Session, to: &str) -> Result<Option<Request>, String> {
    let of_that_name: Vec<HpaName> = listed(session).filter(|hpa| hpa.is_called(to)).collect();
    let here = |hpa: &&HpaName| hpa.namespace == session.watching.namespace && hpa.context == session.watching.context;
    match of_that_name.iter().find(here).or(of_that_name.first()) {
        Some(hpa) if of_that_name.len() == 1 || here(&hpa) => Ok(Some(Request::Dive(hpa.clone()))),
        Some(_) => {
            let all: Vec<String> = of_that_name.iter().map(HpaName::path).collect();
            Err(format!("there are several {to:?}: {}", all.join(", ")))
        }
        None => Ok(change("hpa", to)),
    }
}

/// Every HPA that is known.
fn listed(session: &Session) -> impl Iterator<Item = HpaName> {
    let fleet = session.fleet.as_deref();
    fleet.into_iter().flat_map(|fleet| fleet.rows().map(|row| super::fleet::name_of(fleet, row)))
}

fn change(setting: &'static str, to: &str) -> Option<Request> {
    Some(Request::Watch(setting, to.to_owned()))
}

fn screen(ui: &mut Ui, session: &Session, name: &str) -> Result<Option<Request>, String> {
    let Some(screen) = Screen::named(name) else { return Err(unknown("screen", name, &ui.choices("screen", session))) };
    Ok(ui.act(Action::Show(screen), session))
}

/// `there is no theme "x"; did you mean "y"?`, or all there are.
fn unknown(what: &str, given: &str, all: &[String]) -> String {
    match parse::nearest(&given.to_lowercase(), all.iter().map(String::as_str), 0.75) {
        Some(near) => format!("there is no {what} {given:?}; did you mean {near}?"),
        None => format!("there is no {what} {given:?}; there are {}", all.join(", ")),
    }
}

impl Ui {
    /// Carries out a line that was typed after `:`; returns the effect it asks for.
    pub(super) fn run_command(&mut self, line: &str, session: &Session) -> Option<Request> {
        let (name, argument) = split(line);
        if name.is_empty() {
            return None;
        }
        let Some(command) = COMMANDS.iter().find(|c| c.names.contains(&name)) else {
            self.say(unknown("command", name, &self.choices("", session)));
            return None;
        };
        let done = match (command.argument, argument) {
            (wanted, "") if !wanted.is_empty() => Err(format!(":{name} needs a {}", wanted.to_lowercase())),
            _ => (command.run)(self, session, argument),
        };
        done.unwrap_or_else(|text| {
            self.say(text);
            None
        })
    }

    /// What may be typed after a command, as far as it is known; without one, the commands.
    pub fn choices(&self, command: &str, session: &Session) -> Vec<String> {
        let known = |of: fn(HpaName) -> String| {
            let all: BTreeSet<String> = listed(session).map(of).collect();
            all.into_iter().collect()
        };
        match command {
            "" => COMMANDS.iter().map(|c| c.names[0].to_owned()).collect(),
            "theme" => self.themes.clone(),
            "scenario" => self.scenarios.iter().map(|s| s.0.clone()).collect(),
            // With one cluster its name says nothing.
            "hpa" if session.fleet.as_deref().is_some_and(|fleet| fleet.clusters().len() == 1) => {
                known(|hpa| HpaName { context: String::new(), ..hpa }.path())
            }
            "hpa" => known(|hpa| hpa.path()),
            "ns" | "namespace" => known(|hpa| hpa.namespace),
            "ctx" | "context" => known(|hpa| hpa.context),
            "screen" => Screen::ALL.iter().map(|s| s.name().to_lowercase()).collect(),
            _ => Vec::new(),
        }
    }

    /// What could complete a line, as whole lines.
    pub fn completions(&self, line: &str, session: &Session) -> Vec<String> {
        let begun = |lead: &str, all: Vec<String>, word: &str| -> Vec<String> {
            all.into_iter().filter(|one| one.starts_with(word)).map(|one| format!("{lead}{one}")).collect()
        };
        match line.split_once(' ') {
            None => begun("", self.choices("", session), line),
            Some((name, word)) => begun(&format!("{name} "), self.choices(name, session), word.trim_start()),
        }
    }

    /// The line, completed as far as all that could follow agree.
    pub(super) fn complete(&self, line: &str, session: &Session) -> String {
        let all = self.completions(line, session);
        let Some(first) = all.first() else { return line.to_owned() };
        let agreed = all.iter().skip(1).fold(first.as_str(), |agreed, one| {
            let same = agreed.char_indices().zip(one.chars()).find(|((_, a), b)| a != b);
            &agreed[..same.map_or(agreed.len().min(one.len()), |((at, _), _)| at)]
        });
        // A command that takes something is followed by it.
        let takes = |c: &&Command| c.names.contains(&agreed) && !c.argument.is_empty();
        let space = all.len() == 1 && COMMANDS.iter().any(|c| takes(&c));
        format!("{agreed}{}", if space { " " } else { "" })
    }

    /// What the command that is being typed does: `go TIME: time cursor to …`.
    pub fn command_hint(&self, line: &str) -> Option<String> {
        let (name, _) = split(line);
        let command = COMMANDS.iter().find(|c| c.names.contains(&name))?;
        Some(format!("{} {}: {}", name, command.argument, command.what).replace(" :", ":"))
    }

    fn go(&mut self, session: &Session, text: &str) -> Result<Option<Request>, String> {
        let at = self.time_of(session, text)?;
        if let Some(replay) = &mut self.replay {
            self.cursor = None;
            return Ok(replay.seek(at));
        }
        self.cursor = Some(at).filter(|at| *at < self.paused.unwrap_or(session.now_ms()));
        Ok(None)
    }
}

impl Ui {
    /// The scenarios of the lab, to restart it with one of them.
    pub(super) fn choose_scenario(&mut self) {
        if self.replay.is_some() || self.scenarios.is_empty() {
            return self.say("only the lab has scenarios");
        }
        self.toggle(Overlay::Scenarios);
    }
}

fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(char::is_whitespace).map_or((line, ""), |(name, rest)| (name, rest.trim()))
}
