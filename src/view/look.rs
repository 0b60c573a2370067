//! How everything looks: theme, colour level, symbols, local time. Must not be changed while drawing.

use super::{
    symbols::{Symbols, sign},
    theme::{Level, Role, Theme, ThemeError},
};
use crate::format::time;
use chrono::FixedOffset;
use ratatui::style::Style;
use std::path::PathBuf;

/// The look of the program.
#[derive(Clone, Debug)]
pub struct Look {
    theme: Theme,
    level: Level,
    user_themes: PathBuf,
    pub symbols: Symbols,
    /// Local time.
    offset: FixedOffset,
}

impl Look {
    /// # Errors
    /// When the theme is not there or has a fault.
    pub fn new(
        theme: &str,
        level: Level,
        user_themes: PathBuf,
        symbols: Symbols,
        utc_offset_s: i32,
    ) -> Result<Self, ThemeError> {
        let theme = Theme::load(theme, level, Some(&user_themes))?;
        let offset = time::offset(utc_offset_s);
        Ok(Look { theme, level, user_themes, symbols, offset })
    }

    #[cfg(test)]
    /// For tests: each role its own colour, UTC.
    pub fn roles() -> Self {
        Look {
            theme: Theme::roles(),
            level: Level::TrueColor,
            user_themes: PathBuf::new(),
            symbols: Symbols::Braille,
            offset: time::offset(0),
        }
    }

    pub fn theme(&self) -> &Theme {
        &self.theme
    }

    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Whether series are distinguished by signs, on their lines and before their names, and not by colour.
    pub fn has_signs(&self) -> bool {
        self.theme.colourless() || self.symbols == Symbols::Ascii
    }

    /// What stands for a series beside its name: a dot in its colour, or else its sign.
    pub fn mark(&self, series: Role) -> char {
        sign(series).filter(|_| self.has_signs()).unwrap_or(self.symbols.glyphs().rec)
    }

    /// Switches to the next theme that can be loaded; returns a message with its name.
    pub fn next_theme(&mut self) -> String {
        let names = Theme::names();
        let at = names.iter().position(|n| *n == self.theme.name).map_or(0, |i| i + 1);
        for i in 0..names.len() {
            let name = names[(at + i) % names.len()];
            if let Ok(theme) = Theme::load(name, self.level, Some(&self.user_themes)) {
                self.theme = theme;
                return format!("theme {name}");
            }
        }
        "no other theme can be loaded".into()
    }

    /// Switches to this theme: a built-in one's name, or one of the user's own.
    ///
    /// # Errors
    /// When the theme is not there or has a fault.
    pub fn set_theme(&mut self, name: &str) -> Result<(), ThemeError> {
        self.theme = Theme::load(name, self.level, Some(&self.user_themes))?;
        Ok(())
    }

    /// Seconds east of UTC.
    pub fn offset_s(&self) -> i32 {
        self.offset.local_minus_utc()
    }

    /// `12:04:16`, local, from milliseconds since 1970.
    pub fn clock(&self, ms: i64) -> String {
        time::of_day(ms, self.offset)
    }

    /// The clock, with the date where that is another one than at `now` and could be mistaken.
    pub fn moment(&self, ms: i64, now: i64) -> String {
        time::moment(ms, now, self.offset)
    }
}
