use ratatui::style::Modifier;

use super::*;

fn library(themes: &[(&str, &str)]) -> Library {
    let mut library = Library::default();
    for (name, text) in themes {
        library.add(*name, format!("{name}.toml"), *text);
    }
    library
}

fn warnings(themes: &[(&str, &str)], name: &str) -> Vec<String> {
    Theme::load(&library(themes), name, Depth::True).1.iter().map(ToString::to_string).collect()
}

#[test]
fn themes_that_egret_brings_along_are_whole_and_without_warnings() {
    for (name, ..) in EMBEDDED {
        for depth in Depth::iter() {
            assert_eq!(Theme::load(&Library::default(), name, depth).1, [], "{name}");
        }
    }
}

#[test]
fn a_role_that_is_not_given_looks_like_the_broader_one() {
    let text =
        "[roles]\ntable = 'red'\n'table.row.selected' = { bg = 'blue', modifiers = ['bold', 'reverse'] }";
    let theme = Theme::load(&library(&[("own", text)]), "own", Depth::True).0;
    assert_eq!(theme.style(Role::TableRowStale), Style::new().fg(Color::Red));
    let both = Modifier::BOLD | Modifier::REVERSED;
    assert_eq!(theme.style(Role::TableRowSelected), Style::new().bg(Color::Blue).add_modifier(both));
    assert_eq!(theme.style(Role::Hint), Style::new());
}

#[test]
fn an_heir_changes_roles_and_the_palette_of_what_it_inherits() {
    let themes = [
        ("parent", "[palette]\naccent = 'red'\n[roles]\nhint = 'accent'\ntabs = 'accent'"),
        ("child", "inherits = 'parent'\n[palette]\naccent = '#010203'\n[roles]\ntabs = 'green'"),
    ];
    let theme = Theme::load(&library(&themes), "child", Depth::True).0;
    assert_eq!(theme.style(Role::Hint).fg, Some(Color::Rgb(1, 2, 3)));
    assert_eq!(theme.style(Role::Tabs).fg, Some(Color::Green));
}

#[test]
fn what_cannot_be_used_is_told_by_file_and_key_and_nothing_fails() {
    let own = |text: &'static str| warnings(&[("own", text)], "own").join("; ");
    let cases = [
        ("colour = 1", "own.toml: colour: unknown; there are inherits, background, palette, roles"),
        ("roles = 1", "own.toml: roles: a table is needed"),
        ("[roles]\n'table.rwo' = 'red'", "own.toml: roles.\"table.rwo\": nothing has this role"),
        (
            "[roles]\nhint = 'rouge'",
            "own.toml: roles.\"hint\": `rouge` is neither in the palette nor a colour",
        ),
        (
            "[roles]\nhint = {fgg = 'red'}",
            "own.toml: roles.\"hint\".fgg: unknown; there are fg, bg, modifiers",
        ),
        (
            "[roles]\nhint = {modifiers = ['blink']}",
            "own.toml: roles.\"hint\".modifiers: \"blink\" is unknown; there are bold, dim, italic, underline, reverse",
        ),
        ("inherits = 'own'", "own.toml: inherits: own → own inherits from itself"),
        ("inherits = 'gone'", "own.toml: inherits: there is no theme `gone`"),
    ];
    for (text, wanted) in cases {
        assert_eq!(own(text), wanted);
    }
    assert!(own("[palette]\nx = 'rouge'").starts_with("own.toml: palette.x: \"rouge\" is no colour"));
    assert!(own("this is no toml").starts_with("own.toml: "));
    assert_eq!(warnings(&[], "nowhere"), ["nowhere: there is no theme `nowhere`"]);
    let cycle = [("a", "inherits = 'b'"), ("b", "inherits = 'a'")];
    assert_eq!(warnings(&cycle, "a"), ["b.toml: inherits: a → b → a inherits from itself"]);
}

#[test]
fn the_default_stands_in_for_a_theme_that_is_not_there() {
    assert_eq!(Theme::load(&Library::default(), "nowhere", Depth::True).0, Theme::default());
}

#[test]
fn fewer_colours_are_found_when_the_theme_is_resolved_and_none_means_mono() {
    let theme = |name, depth| Theme::load(&Library::default(), name, depth).0;
    let fg = |theme: &Theme| theme.style(Role::ToneBad).fg;
    assert!(matches!(fg(&theme("default", Depth::TwoFiftySix)), Some(Color::Indexed(16..))));
    assert!(!matches!(fg(&theme("default", Depth::Sixteen)), Some(Color::Indexed(_) | Color::Rgb(..))));
    assert_eq!(theme("default", Depth::None), theme("mono", Depth::True));
    assert_eq!(theme("auto", Depth::Sixteen), theme("ansi", Depth::Sixteen));
    assert_eq!(theme("auto", Depth::True), theme("default", Depth::True));
}

fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
    let part = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
}

fn contrast(a: Color, b: Color) -> Option<f64> {
    let (a, b) = (luminance(color::rgb(a)?), luminance(color::rgb(b)?));
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

#[test]
fn every_text_can_be_read_on_the_background_the_theme_was_made_for() {
    let least = 4.5;
    for (name, ..) in EMBEDDED.iter().filter(|(name, ..)| *name != MONO) {
        let theme = Theme::load(&Library::default(), name, Depth::True).0;
        let background = theme.background().unwrap_or_else(|| panic!("{name} declares no background"));
        let selected = [Role::TableRowSelected, Role::OverlaySelected].map(|r| theme.style(r));
        for role in Role::iter() {
            let style = theme.style(role);
            let Some(fg) = style.fg else { continue };
            let own = [style.bg.unwrap_or(background)];
            // Every tone may stand in the row under the cursor, unless the theme gives that row its own colour.
            let under = selected.iter().filter(|s| s.fg.is_none() && style.bg.is_none()).filter_map(|s| s.bg);
            for bg in own.into_iter().chain(under) {
                let ratio = contrast(fg, bg).unwrap_or(least);
                assert!(ratio >= least, "{name}: {role} has a contrast of {ratio:.1} on {bg:?}");
            }
        }
    }
}
