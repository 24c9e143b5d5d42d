//! Colours: how a theme writes them, and what is left of them on a terminal of few.

use ratatui::style::Color;

use crate::config;

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter)]
pub enum Depth {
    /// No colour: bold, reverse, underline and dim only.
    None,
    /// The terminal's own 16.
    Sixteen,
    /// 256.
    TwoFiftySix,
    /// 24 bits.
    True,
}

impl Depth {
    /// The depth a person asks for (`--color`, config), else what the environment promises: `NO_COLOR` (any text
    /// but an empty one), `COLORTERM`, `TERM`. The terminal itself is not asked: an answer costs a round trip.
    pub fn detect(
        asked: config::Color,
        no_color: Option<&str>,
        colorterm: Option<&str>,
        term: Option<&str>,
    ) -> Self {
        let term = term.unwrap_or_default();
        let promised = |words: &[&str]| colorterm.is_some_and(|c| words.contains(&c));
        match asked {
            config::Color::Never => Self::None,
            config::Color::Ansi => Self::Sixteen,
            config::Color::Indexed => Self::TwoFiftySix,
            config::Color::Truecolor => Self::True,
            config::Color::Auto if no_color.is_some_and(|v| !v.is_empty()) => Self::None,
            config::Color::Auto if matches!(term, "" | "dumb") => Self::None,
            config::Color::Auto if promised(&["truecolor", "24bit"]) || term.ends_with("-direct") => {
                Self::True
            }
            config::Color::Auto if term.contains("256color") => Self::TwoFiftySix,
            config::Color::Auto => Self::Sixteen,
        }
    }

    /// The nearest colour that the terminal has.
    pub(super) fn nearest(self, color: Color) -> Color {
        match (self, color) {
            (_, Color::Reset) | (Self::True, _) => color,
            (Self::None, _) => Color::Reset,
            (Self::TwoFiftySix, Color::Rgb(..)) => rgb(color).map_or(color, nearest_256),
            (Self::Sixteen, Color::Rgb(..) | Color::Indexed(16..)) => rgb(color).map_or(color, nearest_16),
            _ => color,
        }
    }
}

type Rgb = (u8, u8, u8);

/// The terminal's own colours by name, with the values xterm gives them.
const NAMED: [(&str, Color, Rgb); 16] = [
    ("black", Color::Black, (0, 0, 0)),
    ("red", Color::Red, (205, 0, 0)),
    ("green", Color::Green, (0, 205, 0)),
    ("yellow", Color::Yellow, (205, 205, 0)),
    ("blue", Color::Blue, (0, 0, 238)),
    ("magenta", Color::Magenta, (205, 0, 205)),
    ("cyan", Color::Cyan, (0, 205, 205)),
    ("white", Color::Gray, (229, 229, 229)),
    ("bright-black", Color::DarkGray, (127, 127, 127)),
    ("bright-red", Color::LightRed, (255, 0, 0)),
    ("bright-green", Color::LightGreen, (0, 255, 0)),
    ("bright-yellow", Color::LightYellow, (255, 255, 0)),
    ("bright-blue", Color::LightBlue, (92, 92, 255)),
    ("bright-magenta", Color::LightMagenta, (255, 0, 255)),
    ("bright-cyan", Color::LightCyan, (0, 255, 255)),
    ("bright-white", Color::White, (255, 255, 255)),
];

/// Reads `#rrggbb`, a name of the terminal's own 16, a number of the 256, or `default`.
pub(super) fn parse(text: &str) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    if let Some((_, color, _)) = NAMED.iter().find(|(name, ..)| *name == text) {
        return Some(*color);
    }
    let digits = text.strip_prefix('#').filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()));
    let part = |at: usize| digits.and_then(|d| u8::from_str_radix(&d[at..at + 2], 16).ok());
    match (part(0), part(2), part(4)) {
        (Some(r), Some(g), Some(b)) => Some(Color::Rgb(r, g, b)),
        _ => text.parse::<u8>().ok().map(Color::Indexed),
    }
}

/// What a colour looks like; `None`: the terminal's default, which nobody knows.
pub(super) fn rgb(color: Color) -> Option<Rgb> {
    match color {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(n) => Some(indexed(n)),
        other => NAMED.iter().find(|(_, c, _)| *c == other).map(|(.., value)| *value),
    }
}

/// The steps of the cube that 216 of the 256 colours are.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn indexed(n: u8) -> Rgb {
    match n {
        0..16 => NAMED[usize::from(n)].2,
        16..232 => {
            let n = usize::from(n - 16);
            (STEPS[n / 36], STEPS[n / 6 % 6], STEPS[n % 6])
        }
        232.. => {
            let grey = 8 + (n - 232) * 10;
            (grey, grey, grey)
        }
    }
}

fn distance(a: Rgb, b: Rgb) -> u32 {
    let part = |x: u8, y: u8, weight: u32| u32::from(x.abs_diff(y)).pow(2) * weight;
    // The eye tells greens apart best and blues worst.
    part(a.0, b.0, 3) + part(a.1, b.1, 4) + part(a.2, b.2, 2)
}

/// The first 16 of the 256 are the terminal's own, of which nobody knows how they look: never chosen here.
fn nearest_256(value: Rgb) -> Color {
    let nearest = (16..=255u8).min_by_key(|n| distance(indexed(*n), value));
    nearest.map_or(Color::Reset, Color::Indexed)
}

fn nearest_16(value: Rgb) -> Color {
    NAMED.iter().min_by_key(|(.., v)| distance(*v, value)).map_or(Color::Reset, |(_, color, _)| *color)
}

#[cfg(test)]
mod tests {
    use config::Color as Asked;

    use super::*;

    #[test]
    fn the_depth_is_what_is_asked_for_else_what_the_environment_promises() {
        let cases = [
            (Asked::Auto, None, None, Some("xterm"), Depth::Sixteen),
            (Asked::Auto, None, None, Some("xterm-256color"), Depth::TwoFiftySix),
            (Asked::Auto, None, Some("truecolor"), Some("xterm-256color"), Depth::True),
            (Asked::Auto, None, Some("24bit"), Some("screen"), Depth::True),
            (Asked::Auto, None, None, Some("xterm-direct"), Depth::True),
            (Asked::Auto, None, None, Some("linux"), Depth::Sixteen),
            (Asked::Auto, None, Some("truecolor"), Some("dumb"), Depth::None),
            (Asked::Auto, None, None, None, Depth::None),
            (Asked::Auto, Some("1"), Some("truecolor"), Some("xterm"), Depth::None),
            (Asked::Auto, Some(""), Some("truecolor"), Some("xterm"), Depth::True),
            (Asked::Truecolor, Some("1"), None, Some("dumb"), Depth::True),
            (Asked::Never, None, Some("truecolor"), Some("xterm"), Depth::None),
            (Asked::Ansi, None, Some("truecolor"), Some("xterm"), Depth::Sixteen),
        ];
        for (asked, no_color, colorterm, term, depth) in cases {
            assert_eq!(
                Depth::detect(asked, no_color, colorterm, term),
                depth,
                "{asked:?} {colorterm:?} {term:?}"
            );
        }
    }

    #[test]
    fn a_colour_is_read_in_every_spelling_and_nothing_else_is() {
        let cases = [
            ("#ff8000", Some(Color::Rgb(255, 128, 0))),
            ("bright-red", Some(Color::LightRed)),
            ("white", Some(Color::Gray)),
            ("208", Some(Color::Indexed(208))),
            ("default", Some(Color::Reset)),
            ("#ff80", None),
            ("#gg8000", None),
            ("#+f8000", None),
            ("rouge", None),
            ("256", None),
        ];
        for (text, color) in cases {
            assert_eq!(parse(text), color, "{text}");
        }
    }

    #[test]
    fn a_colour_becomes_the_nearest_one_the_terminal_has() {
        let cases = [
            (Depth::True, Color::Rgb(1, 2, 3), Color::Rgb(1, 2, 3)),
            (Depth::TwoFiftySix, Color::Rgb(255, 0, 0), Color::Indexed(196)),
            (Depth::TwoFiftySix, Color::Rgb(130, 130, 130), Color::Indexed(244)),
            (Depth::TwoFiftySix, Color::LightRed, Color::LightRed),
            (Depth::Sixteen, Color::Rgb(250, 10, 10), Color::LightRed),
            (Depth::Sixteen, Color::Indexed(196), Color::LightRed),
            (Depth::Sixteen, Color::Reset, Color::Reset),
            (Depth::None, Color::Red, Color::Reset),
        ];
        for (depth, from, to) in cases {
            assert_eq!(depth.nearest(from), to, "{depth:?} {from:?}");
        }
    }
}
