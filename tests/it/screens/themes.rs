//! Themes: every built-in one defines every role at every level, reads well, and faults in files are named.
use edot_tui::view::theme::{Level, Role, Theme, ThemeError};
use ratatui::style::{Color, Modifier, Style};

type Rgb = (u8, u8, u8);

/// Linear light of each part, 0–1.
fn linear((r, g, b): Rgb) -> [f64; 3] {
    [r, g, b].map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    })
}

/// WCAG 2.2 contrast ratio, 1–21.
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let light = |c| {
        let [r, g, b] = linear(c);
        0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
    };
    let (a, b) = (light(a), light(b));
    a.max(b) / a.min(b)
}

/// Björn Ottosson's perceptual space; 0.02 is just noticeable.
fn oklab(c: Rgb) -> [f64; 3] {
    let [r, g, b] = linear(c);
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
    ]
}

fn apart(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (oklab(a), oklab(b));
    (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
}

/// The 240 fixed colours of the xterm palette.
fn rgb(colour: Color) -> Rgb {
    match colour {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Indexed(n @ 16..=231) => {
            let part = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            ((part((n - 16) / 36)), part((n - 16) / 6 % 6), part((n - 16) % 6))
        }
        Color::Indexed(n @ 232..=255) => (8 + 10 * (n - 232), 8 + 10 * (n - 232), 8 + 10 * (n - 232)),
        other => panic!("{other:?} has no fixed value"),
    }
}

fn load(name: &str, level: Level) -> Theme {
    Theme::load(name, level, None).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn every_theme_defines_every_role_at_every_level() {
    for name in Theme::names() {
        for level in Level::ALL {
            let theme = load(name, level);
            assert_eq!(theme.name, name);
            if level == Level::None {
                assert!(theme.colourless() && theme.screen().is_none(), "{name} has colours at level none");
                continue;
            }
            for role in Role::ALL {
                let style = theme.style(role);
                assert!(style.fg.is_some() || style.bg.is_some(), "{name} {level:?} lacks {role:?}");
                for colour in [style.fg, style.bg].into_iter().flatten() {
                    let fits = match (level, colour) {
                        (_, Color::Indexed(n)) => level >= Level::Ansi256 || n < 16,
                        (_, Color::Rgb(..)) => level == Level::TrueColor,
                        _ => level == Level::Ansi16,
                    };
                    assert!(fits, "{name} {level:?} {role:?} is {colour:?}");
                }
            }
        }
    }
}

#[test]
fn without_colour_what_matters_still_stands_out() {
    let theme = load("dark", Level::None);
    let set = |role| theme.style(role).add_modifier;
    assert!(set(Role::Selection).contains(Modifier::REVERSED));
    assert!(set(Role::Badge).contains(Modifier::REVERSED));
    for (a, b) in [(Role::Focus, Role::Border), (Role::Bad, Role::Good), (Role::Warn, Role::Good)] {
        assert_ne!(set(a), set(b), "{a:?} and {b:?}");
    }
}

#[test]
fn text_and_lines_stand_out_from_the_background() {
    for name in Theme::names() {
        for level in [Level::TrueColor, Level::Ansi256] {
            let theme = load(name, level);
            let fg = |role| rgb(theme.style(role).fg.expect("a foreground"));
            let ground = theme.screen().and_then(|s| s.bg).map_or(theme.background, rgb);
            let mut wanted = vec![(Role::Text, 4.5), (Role::Title, 4.5), (Role::Cursor, 4.5)];
            wanted.extend(Role::SERIES.map(|role| (role, 3.0)));
            let others = [Role::Muted, Role::Focus, Role::Accent, Role::Good, Role::Warn, Role::Bad];
            wanted.extend(others.map(|role| (role, 3.0)));
            wanted.extend([Role::Target, Role::Marker, Role::Load].map(|role| (role, 3.0)));
            for (role, least) in wanted {
                let ratio = contrast(fg(role), ground);
                assert!(ratio >= least, "{name} {level:?}: {role:?} has contrast {ratio:.2}, wants {least}");
            }
            // lines run over the shades too
            for (shade, role) in [Role::Band, Role::Above].into_iter().flat_map(|s| Role::SERIES.map(|r| (s, r))) {
                let ratio = contrast(fg(role), rgb(theme.fill(shade).expect("a background")));
                assert!(ratio >= 2.3, "{name} {level:?}: {role:?} on {shade:?} has contrast {ratio:.2}");
            }
            for shade in [Role::Band, Role::Above, Role::Selection] {
                let bg = rgb(theme.fill(shade).expect("a background"));
                assert!(apart(bg, ground) > 0.02, "{name} {level:?}: {shade:?} cannot be seen");
                let text = theme.style(shade).fg.map_or_else(|| fg(Role::Text), rgb);
                assert!(contrast(text, bg) >= 4.0, "{name} {level:?}: text on {shade:?} cannot be read");
            }
            let badge = theme.style(Role::Badge);
            let ratio = contrast(rgb(badge.fg.expect("fg")), rgb(badge.bg.expect("bg")));
            assert!(ratio >= 3.9, "{name} {level:?}: the badge has contrast {ratio:.2}");
        }
    }
}

#[test]
fn series_and_what_lies_beside_them_differ() {
    for name in Theme::names() {
        for level in [Level::Ansi16, Level::Ansi256, Level::TrueColor] {
            let theme = load(name, level);
            for (i, a) in Role::SERIES.into_iter().enumerate() {
                for b in Role::SERIES.into_iter().skip(i + 1) {
                    let (x, y) = (theme.style(a).fg.expect("fg"), theme.style(b).fg.expect("fg"));
                    assert_ne!(x, y, "{name} {level:?}: {a:?} is {b:?}");
                    if level == Level::TrueColor {
                        let far = apart(rgb(x), rgb(y));
                        assert!(far > 0.075, "{name}: {a:?} and {b:?} are only {far:.3} apart");
                    }
                }
            }
            let (band, above) = (theme.style(Role::Band), theme.style(Role::Above));
            assert_ne!(band, above, "{name} {level:?}");
            assert_ne!(theme.style(Role::Good), theme.style(Role::Bad), "{name} {level:?}");
            assert_ne!(theme.style(Role::Focus), theme.style(Role::Border), "{name} {level:?}");
        }
    }
}

#[test]
fn the_example_loads_and_lies_over_its_base() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/themes/example.toml");
    let theme = load(path, Level::TrueColor);
    assert_eq!(theme.name, "example");
    assert_eq!(theme.style(Role::Text), Style::new().fg(Color::Rgb(0xdc, 0xef, 0xff)));
    assert_eq!(theme.style(Role::Series5), load("dark", Level::TrueColor).style(Role::Series5));
    assert!(theme.screen().is_some());
    let plain = load(path, Level::None);
    assert!(plain.colourless());
    assert_eq!(plain.style(Role::Selection), Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED));
}

#[test]
fn a_users_theme_goes_before_a_built_in_one_of_its_name() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("dark.toml"), "base = \"light\"\n[truecolor]\ntext = 7").expect("written");
    std::fs::write(dir.path().join("ocean.toml"), "").expect("written");
    let theme = Theme::load("dark", Level::TrueColor, Some(dir.path())).expect("loads");
    assert_eq!(theme.style(Role::Text).fg, Some(Color::Indexed(7)));
    assert_eq!(theme.style(Role::Muted), load("light", Level::TrueColor).style(Role::Muted));
    let e = Theme::load("lagoon", Level::TrueColor, Some(dir.path())).expect_err("there is none");
    let error = e.to_string();
    assert!(
        error.contains("no theme `lagoon`") && error.contains("high-contrast") && error.contains("ocean"),
        "{error}"
    );
}

#[test]
fn faults_name_file_line_key_and_what_is_allowed() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("ocean.toml");
    let cases = [
        ("[truecolor]\ntext = \"#12\"", 2, &["truecolor.text", "`#12`", "#rrggbb", "^^^^^"][..]),
        ("\n[truecolor]\n\ntxet = 7", 4, &["truecolor.txet", "no such role", "selection", "^^^^"]),
        ("[ansi16]\nbad = 200", 2, &["ansi16.bad", "`200` is not within 0-15"]),
        ("[ansi256]\nbad = \"#ff0000\"", 2, &["ansi256.bad", "needs true colour", "0-255"]),
        ("[none]\nbad = \"red\"", 2, &["none.bad", "no colours at this level", "reverse"]),
        ("[none]\nbad = { bolt = true }", 2, &["none.bad", "`bolt`", "bold"]),
        ("[truecolour]\n", 1, &["truecolour", "no such key", "[truecolor]"]),
        ("base = \"drak\"", 1, &["base", "built-in", "solarized-light"]),
        ("background = 3", 1, &["background", "#rrggbb"]),
        ("[truecolor]\ntext = = 3", 2, &["ocean.toml", "^"]),
        ("[truecolor]\ntext = \"red blue\"", 2, &["two colours"]),
        ("[truecolor]\ntext = [1]", 2, &["truecolor.text", "no colour"]),
    ];
    for (text, line, words) in cases {
        std::fs::write(&path, text).expect("written");
        // At any level of the terminal: the fault is in the file.
        for level in Level::ALL {
            let e = Theme::load(path.to_str().expect("utf-8"), level, None).expect_err(text);
            assert!(matches!(&e, ThemeError::Wrong(fault) if fault.line == line), "{text}: {e}");
            let error = e.to_string();
            assert!(error.contains("ocean.toml") && words.iter().all(|w| error.contains(w)), "{text}: {error}");
        }
    }
    let e = Theme::load("./no/such.toml", Level::None, None).expect_err("there is none");
    assert!(e.to_string().contains("./no/such.toml"), "{e}");
}
