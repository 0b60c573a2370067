//! How many colours the terminal shows, from the environment alone: never a query that a silent terminal would stall.

/// Colour depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Modifiers only (`NO_COLOR`).
    None,
    Ansi16,
    Ansi256,
    TrueColor,
}

impl Level {
    pub const ALL: [Level; 4] = [Level::None, Level::Ansi16, Level::Ansi256, Level::TrueColor];

    /// Its table in a theme file.
    pub fn key(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Ansi16 => "ansi16",
            Level::Ansi256 => "ansi256",
            Level::TrueColor => "truecolor",
        }
    }
}

/// The level for a set of environment variables, after no-color.org, bixense.com/clicolors and the habits of terminals.
///
/// `var` looks a variable up; `terminal` is whether the output is one. `NO_COLOR` beats everything; `FORCE_COLOR`
/// (`0`–`3`) and `CLICOLOR_FORCE` beat the terminal.
pub fn detect(var: impl Fn(&str) -> Option<String>, terminal: bool) -> Level {
    let get = |key: &str| var(key).map(|v| v.trim().to_ascii_lowercase()).unwrap_or_default();
    if !get("NO_COLOR").is_empty() {
        return Level::None;
    }
    let seen = from_terminal(&get);
    let off = |v: &str| matches!(v, "0" | "false" | "no" | "off");
    for key in ["FORCE_COLOR", "CLICOLOR_FORCE"] {
        match get(key).as_str() {
            "" => {}
            v if off(v) && key == "FORCE_COLOR" => return Level::None,
            v if off(v) => {}
            "2" => return Level::Ansi256,
            "3" => return Level::TrueColor,
            _ => return seen.max(Level::Ansi16),
        }
    }
    if !terminal || off(&get("CLICOLOR")) { Level::None } else { seen }
}

fn from_terminal(get: &impl Fn(&str) -> String) -> Level {
    let term = get("TERM");
    let program = get("TERM_PROGRAM");
    if term == "dumb" || (term.is_empty() && program.is_empty()) {
        return Level::None;
    }
    // GNU screen inherits COLORTERM but drops 24-bit sequences; tmux, which may call itself screen, converts them.
    let gnu_screen = term.starts_with("screen") && get("TMUX").is_empty();
    if matches!(get("COLORTERM").as_str(), "truecolor" | "24bit") && !gnu_screen {
        return Level::TrueColor;
    }
    let kind = term.rsplit('-').next().unwrap_or_default();
    let full = ["direct", "kitty", "alacritty", "ghostty", "foot", "wezterm", "contour", "rio"];
    if full.contains(&kind) || ["iterm.app", "wezterm", "ghostty"].contains(&program.as_str()) {
        return Level::TrueColor;
    }
    if kind == "256color" || gnu_screen || term.starts_with("tmux") || program == "apple_terminal" {
        return Level::Ansi256;
    }
    if kind.starts_with("vt1") || kind.starts_with("vt2") || kind == "mono" || kind == "m" {
        return Level::None;
    }
    Level::Ansi16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(vars: &[(&str, &str)], terminal: bool) -> Level {
        detect(|key| vars.iter().find(|(k, _)| *k == key).map(|(_, v)| (*v).to_string()), terminal)
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        type Case = (&'static [(&'static str, &'static str)], bool, Level);
        let cases: &[Case] = &[
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], true, Level::TrueColor),
            (&[("TERM", "xterm-kitty")], true, Level::TrueColor),
            (&[("TERM", "xterm-256color")], true, Level::Ansi256),
            (&[("TERM", "linux")], true, Level::Ansi16),
            (&[("TERM", "vt100")], true, Level::None),
            (&[("TERM", "dumb"), ("COLORTERM", "truecolor")], true, Level::None),
            (&[], true, Level::None),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "x")], true, Level::None),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], true, Level::Ansi256),
            (&[("TERM", "xterm-256color")], false, Level::None),
            (&[("TERM", "xterm-256color"), ("CLICOLOR", "0")], true, Level::None),
            (&[("TERM", "dumb"), ("FORCE_COLOR", "1")], false, Level::Ansi16),
            (&[("TERM", "xterm-256color"), ("CLICOLOR_FORCE", "1")], false, Level::Ansi256),
            (&[("FORCE_COLOR", "3")], false, Level::TrueColor),
            (&[("TERM", "xterm-256color"), ("FORCE_COLOR", "0")], true, Level::None),
            (&[("TERM", "screen-256color"), ("COLORTERM", "truecolor")], true, Level::Ansi256),
            (&[("TERM", "screen-256color"), ("COLORTERM", "truecolor"), ("TMUX", "/t")], true, Level::TrueColor),
        ];
        for (vars, terminal, want) in cases {
            assert_eq!(level(vars, *terminal), *want, "{vars:?} terminal={terminal}");
        }
    }
}
