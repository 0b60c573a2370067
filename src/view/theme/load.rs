//! Theme files: built in or the user's, each laid over a base. Every fault is named with its line and key.
use super::error::wrong;
use super::{Level, Role, Theme, ThemeError, paint};
use ratatui::style::Style;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

const BUILT_IN: [(&str, &str); 8] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("colourblind", include_str!("../../../themes/colourblind.toml")),
    ("catppuccin-mocha", include_str!("../../../themes/catppuccin-mocha.toml")),
    ("gruvbox-dark", include_str!("../../../themes/gruvbox-dark.toml")),
    ("nord", include_str!("../../../themes/nord.toml")),
    ("solarized-light", include_str!("../../../themes/solarized-light.toml")),
];
const BASE: &str = "dark";
const LARGEST: u64 = 256 << 10;

impl Theme {
    /// The built-in themes, the default first.
    pub fn names() -> Vec<&'static str> {
        BUILT_IN.iter().map(|(name, _)| *name).collect()
    }

    /// A theme by name (`user_dir/NAME.toml` before the built-in ones) or by path (with a `/` or ending in `.toml`).
    ///
    /// What the file leaves out comes from its `base`, or from `dark`.
    pub fn load(name_or_path: &str, level: Level, user_dir: Option<&Path>) -> Result<Theme, ThemeError> {
        if name_or_path.contains(['/', '\\']) || name_or_path.ends_with(".toml") {
            return from_file(Path::new(name_or_path), level);
        }
        let own = user_dir.map(|dir| dir.join(format!("{name_or_path}.toml"))).filter(|path| path.exists());
        match own {
            Some(path) => from_file(&path, level),
            None => built_in(name_or_path, level)?
                .ok_or_else(|| ThemeError::Unknown { name: name_or_path.into(), known: known(user_dir) }),
        }
    }

    #[cfg(test)]
    /// The default theme; cannot fail.
    pub fn dark(level: Level) -> Theme {
        built_in(BASE, level).ok().flatten().unwrap_or_else(|| plain(BASE))
    }
}

/// Every name `load` would find: the built-in ones, then the user's.
pub(super) fn known(user_dir: Option<&Path>) -> Vec<String> {
    let mut names: Vec<String> = Theme::names().into_iter().map(String::from).collect();
    let files = user_dir.and_then(|dir| std::fs::read_dir(dir).ok());
    let mut own: Vec<String> = files
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| PathBuf::from(entry.file_name()))
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .filter(|name| !names.contains(name))
        .collect();
    own.sort();
    names.extend(own);
    names
}

fn from_file(path: &Path, level: Level) -> Result<Theme, ThemeError> {
    let file = path.display().to_string();
    let read = |source| ThemeError::Read { file: file.clone(), source };
    if std::fs::metadata(path).map_err(read)?.len() > LARGEST {
        return Err(ThemeError::TooLarge { file });
    }
    let text = std::fs::read_to_string(path).map_err(read)?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    parse(&name, &file, &text, level, Some(BASE))
}

fn built_in(name: &str, level: Level) -> Result<Option<Theme>, ThemeError> {
    let Some((name, text)) = BUILT_IN.iter().find(|(n, _)| *n == name) else { return Ok(None) };
    let base = Some(BASE).filter(|base| base != name);
    parse(name, &format!("(built-in) {name}.toml"), text, level, base).map(Some)
}

fn plain(name: &str) -> Theme {
    Theme { name: name.into(), background: (0, 0, 0), styles: [Style::new(); Role::COUNT], screen: None }
}

/// Reads every level's table, so that a fault shows on any terminal, and keeps the one asked for.
fn parse(name: &str, file: &str, text: &str, level: Level, base: Option<&str>) -> Result<Theme, ThemeError> {
    let root = DeTable::parse(text).map_err(|e| {
        wrong(file, text, e.span().unwrap_or_default(), "", e.message().trim().replace('\n', "; "), String::new())
    })?;
    let root = root.get_ref();
    let mut theme = match root.get("base") {
        None => base.map_or(Ok(None), |base| built_in(base, level))?.unwrap_or_else(|| plain(name)),
        Some(value) => {
            let asked = value.get_ref().as_str().unwrap_or_default();
            let base = if asked == name && base.is_none() { None } else { built_in(asked, level)? };
            base.ok_or_else(|| {
                let problem = "`base` must be the name of a built-in theme".to_string();
                wrong(file, text, value.span(), "base", problem, Theme::names().join(", "))
            })?
        }
    };
    theme.name = name.into();
    for (key, value) in root {
        let at = key.get_ref().as_ref();
        match (at, value.get_ref()) {
            ("base", _) | ("description", DeValue::String(_)) => {}
            ("background", found) => {
                theme.background = found
                    .as_str()
                    .and_then(paint::rgb)
                    .ok_or_else(|| wrong(file, text, value.span(), at, "not a colour".into(), "\"#rrggbb\"".into()))?;
            }
            (_, DeValue::Table(table)) if Level::ALL.iter().any(|l| l.key() == at) => {
                for l in Level::ALL.into_iter().filter(|l| l.key() == at) {
                    read_level(file, text, table, l, (l == level).then_some(&mut theme))?;
                }
            }
            _ => {
                let allowed = "base, background, description, [truecolor], [ansi256], [ansi16], [none]";
                return Err(wrong(file, text, key.span(), at, "no such key".into(), allowed.into()));
            }
        }
    }
    Ok(theme)
}

fn read_level(
    file: &str,
    text: &str,
    table: &DeTable<'_>,
    level: Level,
    mut into: Option<&mut Theme>,
) -> Result<(), ThemeError> {
    for (key, value) in table {
        let name: &str = key.get_ref();
        let path = format!("{}.{name}", level.key());
        let role = Role::ALL.into_iter().find(|role| role.key() == name);
        if role.is_none() && name != "screen" {
            let roles: Vec<&str> = Role::ALL.iter().map(|role| role.key()).collect();
            let allowed = format!("screen, {}", roles.join(", "));
            return Err(wrong(file, text, key.span(), &path, "no such role".into(), allowed));
        }
        let style = paint::style(value.get_ref(), level)
            .map_err(|problem| wrong(file, text, value.span(), &path, problem, paint::allowed(level).into()))?;
        if let Some(theme) = into.as_deref_mut() {
            match role {
                Some(role) => theme.styles[role as usize] = style,
                None => theme.screen = Some(style).filter(|s| *s != Style::new()),
            }
        }
    }
    Ok(())
}
