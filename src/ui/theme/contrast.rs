//! Whether what themes paint can be read: contrast as WCAG counts it, and colours as colour-blind eyes see them.

use strum::IntoEnumIterator as _;

use super::color::{self, Depth};
use super::*;

type Linear = [f64; 3];

/// A colour as light.
fn linear(color: Color) -> Linear {
    let (r, g, b) = color::rgb(color).unwrap();
    [r, g, b].map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.039_28 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    })
}

/// The ratio of two colours, from 1 to 21.
fn ratio(one: Color, other: Color) -> f64 {
    let luminance = |c| {
        let [r, g, b] = linear(c);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn theme(name: &str) -> Theme {
    let (theme, warnings) = Theme::load(&Library::default(), name, Depth::True);
    assert_eq!(warnings, [], "{name}");
    theme
}

/// What is drawn on a row or line that may be the selected one.
fn is_on_rows(role: Role) -> bool {
    let name = role.to_string();
    ["tone", "table.cell", "table.row", "hint.key", "overlay"].iter().any(|start| name.starts_with(start))
        && !name.ends_with("selected")
        && role != Role::OverlayBorder
        && role != Role::OverlayTitle
}

/// Text and what is behind it, wherever it is drawn.
fn pairs(theme: &Theme) -> Vec<(String, Color, Color)> {
    let known = |c: Option<Color>| c.filter(|c| *c != Color::Reset);
    let background = theme.background().unwrap();
    // The terminal's own text, where a theme leaves it: as bright as the theme's own.
    let text = known(theme.style(Role::Text).fg).or(known(theme.style(Role::TextSelected).fg)).unwrap();
    let mut all = Vec::new();
    for role in Role::iter() {
        let style = theme.style(role);
        let fg = known(style.fg).unwrap_or(text);
        all.push((role.to_string(), fg, known(style.bg).unwrap_or(background)));
        if !is_on_rows(role) || known(style.bg).is_some_and(|bg| bg != background) {
            continue;
        }
        for selected in [Role::TableRowSelected, Role::OverlaySelected] {
            let over = theme.style(selected);
            let (fg, bg) = (known(over.fg).unwrap_or(fg), known(over.bg).unwrap_or(background));
            all.push((format!("{role} on {selected}"), fg, bg));
        }
    }
    all
}

#[test]
fn the_ratio_is_that_of_the_standard() {
    let grey = Color::Rgb(0x76, 0x76, 0x76);
    assert!((ratio(Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255)) - 21.0).abs() < 1e-9);
    // The darkest grey that passes on white, by the standard's own table.
    assert!((ratio(grey, Color::Rgb(255, 255, 255)) - 4.54).abs() < 0.005);
}

#[test]
fn all_text_of_every_theme_can_be_read_on_what_is_behind_it() {
    let mut bad = Vec::new();
    // `ansi` and `mono` have the terminal's own colours, of which nobody knows how they look.
    for (name, ..) in EMBEDDED.iter().filter(|(name, ..)| !matches!(*name, "ansi" | MONO)) {
        let least = if *name == "high-contrast" { 7.0 } else { 4.5 };
        for (what, fg, bg) in pairs(&theme(name)) {
            if ratio(fg, bg) < least {
                bad.push(format!("{name}: {what}: {:.2}", ratio(fg, bg)));
            }
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

/// What eyes see that lack the red or the green cones (Machado, Oliveira and Fernandes 2009, severity 1).
const EYES: [(&str, [Linear; 3]); 2] = [
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
];

/// A colour in CIELAB, where distances are about what eyes make of them, as seen by these eyes.
fn lab(color: Color, eyes: &[Linear; 3]) -> Linear {
    let seen = linear(color);
    let [r, g, b] = eyes.map(|row| row.iter().zip(seen).map(|(m, c)| m * c).sum::<f64>().clamp(0.0, 1.0));
    let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.950_47);
    let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
    let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn distance(a: Color, b: Color, eyes: &[Linear; 3]) -> f64 {
    let squares = lab(a, eyes).into_iter().zip(lab(b, eyes)).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

#[test]
fn colour_blind_eyes_tell_good_from_what_to_look_at_and_from_broken() {
    let theme = theme("okabe-ito");
    let tones =
        [Role::ToneGood, Role::ToneWarn, Role::ToneBad].map(|role| (role, theme.style(role).fg.unwrap()));
    for (name, eyes) in &EYES {
        for (n, (one, a)) in tones.iter().enumerate() {
            for (other, b) in &tones[n + 1..] {
                // Two and a half is just noticed; ten times that is told at a glance.
                let apart = distance(*a, *b, eyes);
                assert!(apart >= 25.0, "{name}: {one} and {other}: {apart:.0}");
            }
        }
    }
    // The measure can fail: a usual red and green are one colour to these eyes.
    let (red, green) = (Color::Rgb(0xc0, 0x50, 0x28), Color::Rgb(0x80, 0x78, 0x20));
    assert!(distance(red, green, &EYES[1].1) < 25.0);
}
