//! The grammar of one value in a theme file: `"#e6e6e6"`, `252`, `"bold red"`, `{ fg = "#..", bg = 236, bold = true }`.
use super::Level;
use ratatui::style::{Color, Modifier, Style};
use toml::de::{DeInteger, DeValue};

const NAMES: [(&str, Color); 18] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    // ANSI 7 is what terminals call white and ratatui calls gray
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
    ("gray", Color::DarkGray),
    ("default", Color::Reset),
];

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

/// What a value may be at a level, for error messages.
pub(super) fn allowed(level: Level) -> &'static str {
    match level {
        Level::TrueColor => {
            "\"#rrggbb\", a palette number 0-255, a name (black red green yellow blue magenta cyan white, bright-…, \
             default), the modifiers bold dim italic underline reverse, or { fg = …, bg = …, bold = true }"
        }
        Level::Ansi256 => {
            "a palette number 0-255, a name (black red green yellow blue magenta cyan white, bright-…, default), the \
             modifiers bold dim italic underline reverse, or { fg = …, bg = …, bold = true }"
        }
        Level::Ansi16 => {
            "a palette number 0-15, a name (black red green yellow blue magenta cyan white, bright-…, default), the \
             modifiers bold dim italic underline reverse, or { fg = …, bg = …, bold = true }"
        }
        Level::None => "the modifiers bold dim italic underline reverse, as \"bold reverse\" or { bold = true }",
    }
}

/// The style that a value describes; the error is what is wrong with it.
pub(super) fn style(value: &DeValue<'_>, level: Level) -> Result<Style, String> {
    match value {
        DeValue::String(words) => {
            let mut style = Style::new();
            for word in words.split_whitespace() {
                match MODIFIERS.iter().find(|(name, _)| *name == word) {
                    Some((_, modifier)) => style = style.add_modifier(*modifier),
                    None if style.fg.is_some() => return Err(format!("`{words}` names two colours")),
                    None => style = style.fg(colour(word, level)?),
                }
            }
            Ok(style)
        }
        DeValue::Integer(n) => Ok(Style::new().fg(indexed(n, level)?)),
        DeValue::Table(parts) => {
            let mut style = Style::new();
            for (key, value) in parts {
                let key: &str = key.get_ref();
                match (key, value.get_ref()) {
                    ("fg", value) => style = style.fg(colour_value(value, level)?),
                    ("bg", value) => style = style.bg(colour_value(value, level)?),
                    (key, DeValue::Boolean(on)) => match MODIFIERS.iter().find(|(name, _)| *name == key) {
                        Some((_, modifier)) if *on => style = style.add_modifier(*modifier),
                        Some(_) => {}
                        None => return Err(format!("`{key}` is no part of a style")),
                    },
                    (key, _) => return Err(format!("`{key}` is no part of a style, or not true or false")),
                }
            }
            Ok(style)
        }
        _ => Err("this is no colour".into()),
    }
}

fn colour_value(value: &DeValue<'_>, level: Level) -> Result<Color, String> {
    match value {
        DeValue::String(word) => colour(word, level),
        DeValue::Integer(n) => indexed(n, level),
        _ => Err("this is no colour".into()),
    }
}

fn colour(word: &str, level: Level) -> Result<Color, String> {
    if level == Level::None {
        return Err(format!("`{word}` is no modifier, and there are no colours at this level"));
    }
    if let Some((_, colour)) = NAMES.iter().find(|(name, _)| *name == word) {
        return Ok(*colour);
    }
    match rgb(word) {
        Some((r, g, b)) if level == Level::TrueColor => Ok(Color::Rgb(r, g, b)),
        Some(_) => Err(format!("`{word}` needs true colour")),
        None => Err(format!("`{word}` is neither a colour nor a modifier")),
    }
}

fn indexed(number: &DeInteger<'_>, level: Level) -> Result<Color, String> {
    let top = match level {
        Level::None => return Err("there are no colours at this level".into()),
        Level::Ansi16 => 15,
        Level::Ansi256 | Level::TrueColor => 255,
    };
    match u8::from_str_radix(number.as_str(), number.radix()) {
        Ok(n) if n <= top => Ok(Color::Indexed(n)),
        _ => Err(format!("`{number}` is not within 0-{top}")),
    }
}

/// `#rrggbb` as its parts.
pub(super) fn rgb(word: &str) -> Option<(u8, u8, u8)> {
    let hex = word.strip_prefix('#').filter(|h| h.len() == 6 && h.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let part = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).ok();
    Some((part(0)?, part(2)?, part(4)?))
}
