//! Colours by meaning: a theme maps every [`Role`] to one style at the terminal's colour [`Level`].
//! Panes and charts name roles, never colours. Reads theme files; asks the terminal nothing.
mod error;
mod level;
mod load;
mod paint;
mod role;

pub use error::ThemeError;
pub use level::{Level, detect};
pub use role::Role;

#[cfg(test)]
use ratatui::style::Modifier;
use ratatui::style::{Color, Style};

/// One palette, ready to draw with.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Its name for `--theme`.
    pub name: String,
    /// The background its colours are made for, `(r, g, b)`; painted only where `screen` says so.
    pub background: (u8, u8, u8),
    pub(crate) styles: [Style; Role::COUNT],
    pub(crate) screen: Option<Style>,
}

impl Theme {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// What to fill the whole screen with first. `None`: leave the terminal's own background.
    pub fn screen(&self) -> Option<Style> {
        self.screen
    }

    /// The background colour a role paints, if any; without one, areas are shaded by characters.
    pub fn fill(&self, role: Role) -> Option<Color> {
        self.style(role).bg.filter(|c| *c != Color::Reset)
    }

    /// Whether roles differ by modifiers alone (`NO_COLOR`).
    pub fn colourless(&self) -> bool {
        self.styles.iter().all(|s| s.fg.is_none() && s.bg.is_none())
    }

    #[cfg(test)]
    /// For tests: each role as a colour that [`crate::view::golden`] can read back.
    pub fn roles() -> Theme {
        let mut styles = [Style::new(); Role::COUNT];
        for role in Role::ALL {
            let code = role.code();
            styles[role as usize] = match role {
                Role::Band | Role::Above | Role::Selection => Style::new().bg(code),
                Role::Badge => Style::new().fg(Role::Text.code()).bg(code).add_modifier(Modifier::BOLD),
                _ => Style::new().fg(code),
            };
        }
        Theme { name: "roles".into(), background: (0, 0, 0), styles, screen: None }
    }
}
