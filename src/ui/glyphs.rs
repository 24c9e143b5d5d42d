//! Every glyph that egret draws with, in three sets, two of which differ in charts alone. Punctuation within texts has its stand-ins here too.

use crate::config;
use crate::model::columns::Symbol;

/// A set of glyphs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumIter)]
pub enum Glyphs {
    /// Symbols, arrows and frames of Unicode, each one cell wide.
    #[default]
    Unicode,
    /// The same, and charts of blocks: for fonts without braille.
    Block,
    /// ASCII: for consoles and locales that have no more.
    Ascii,
}

/// The glyphs of a set that stand alone. Each is one cell wide in both sets, so that a layout is the same.
#[derive(Debug)]
struct Set {
    cursor: char,
    marked: char,
    ellipsis: char,
    ascending: char,
    descending: char,
    crumb: &'static str,
    open_tab: (char, char),
    /// Corners: top left, top right, bottom left, bottom right; then horizontal, vertical.
    frame: [char; 6],
    good: char,
    busy: char,
    bad: char,
    times: char,
    folded: char,
    /// Where the axes of a chart meet.
    corner: char,
    /// Where something changed.
    change: char,
}

const UNICODE: Set = Set {
    cursor: '▸',
    marked: '✓',
    ellipsis: '…',
    ascending: '▲',
    descending: '▼',
    crumb: " › ",
    open_tab: ('▸', '◂'),
    frame: ['╭', '╮', '╰', '╯', '─', '│'],
    good: '●',
    busy: '◐',
    bad: '✕',
    times: '×',
    folded: '⋯',
    corner: '┼',
    change: '¦',
};

const ASCII: Set = Set {
    cursor: '>',
    marked: '+',
    ellipsis: '~',
    ascending: '^',
    descending: 'v',
    crumb: " > ",
    open_tab: ('[', ']'),
    frame: ['+', '+', '+', '+', '-', '|'],
    good: '*',
    busy: '~',
    bad: 'x',
    times: 'x',
    folded: '+',
    corner: '+',
    change: '|',
};

/// What stands for punctuation that texts of the model use, where only ASCII can be shown.
const PLAIN: &[(char, char)] = &[
    ('…', '~'),
    ('–', '-'),
    ('—', '-'),
    ('‑', '-'),
    ('·', '|'),
    ('×', 'x'),
    ('→', '>'),
    ('←', '<'),
    ('↑', '^'),
    ('↓', 'v'),
    ('‹', '<'),
    ('›', '>'),
    ('‘', '\''),
    ('’', '\''),
    ('“', '"'),
    ('”', '"'),
    ('\u{a0}', ' '),
    ('✓', '+'),
    ('✕', 'x'),
    ('▸', '>'),
    ('│', '|'),
    ('▲', '^'),
    ('▼', 'v'),
    ('▁', '_'),
    ('▂', '.'),
    ('▃', ':'),
    ('▄', '-'),
    ('▅', '='),
    ('▆', '+'),
    ('▇', '*'),
    ('█', '#'),
    ('●', '*'),
    ('░', '.'),
];

impl Glyphs {
    /// The set a person asks for, else ASCII on terminals that have no more (`TERM`) and in locales that are not
    /// UTF-8 (the first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set).
    pub fn detect(
        asked: config::Glyphs,
        lc_all: Option<&str>,
        lc_ctype: Option<&str>,
        lang: Option<&str>,
        term: Option<&str>,
    ) -> Self {
        let locale =
            [lc_all, lc_ctype, lang].into_iter().flatten().find(|v| !v.is_empty()).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let is_utf8 = locale.contains("utf-8") || locale.contains("utf8");
        let plain_terminal = matches!(term, Some("linux" | "dumb"));
        match asked {
            config::Glyphs::Ascii => Self::Ascii,
            config::Glyphs::Braille => Self::Unicode,
            config::Glyphs::Block => Self::Block,
            config::Glyphs::Auto if plain_terminal || !is_utf8 => Self::Ascii,
            config::Glyphs::Auto => Self::Unicode,
        }
    }

    /// Whether only ASCII may be shown.
    pub fn is_ascii(self) -> bool {
        self == Self::Ascii
    }

    fn set(self) -> &'static Set {
        match self {
            Self::Unicode | Self::Block => &UNICODE,
            Self::Ascii => &ASCII,
        }
    }

    /// The symbol of a state.
    pub(super) fn symbol(self, symbol: Symbol) -> &'static str {
        if self.is_ascii() { symbol.ascii() } else { symbol.unicode() }
    }

    /// Marks the row under the cursor.
    pub(super) fn cursor(self) -> char {
        self.set().cursor
    }

    /// Stands before a row that is marked.
    pub(super) fn marked(self) -> char {
        self.set().marked
    }

    /// Stands for what was cut.
    pub(super) fn ellipsis(self) -> char {
        self.set().ellipsis
    }

    /// Behind the heading that rows are sorted by.
    pub(super) fn sorted(self, reverse: bool) -> char {
        if reverse { self.set().descending } else { self.set().ascending }
    }

    /// Between two crumbs.
    pub(super) fn crumb(self) -> &'static str {
        self.set().crumb
    }

    /// Around the open tab.
    pub(super) fn open_tab(self) -> (char, char) {
        self.set().open_tab
    }

    /// Corners (top left, top right, bottom left, bottom right), horizontal and vertical line of a box.
    pub(super) fn frame(self) -> [char; 6] {
        self.set().frame
    }

    /// Before the number of clusters that are well.
    pub(super) fn good(self) -> char {
        self.set().good
    }

    /// Before the number of clusters that are loading.
    pub(super) fn busy(self) -> char {
        self.set().busy
    }

    /// Before the number of clusters in trouble.
    pub(super) fn bad(self) -> char {
        self.set().bad
    }

    /// Between columns and rows of a size.
    pub(super) fn times(self) -> char {
        self.set().times
    }

    /// Behind the number of a line that stands for a folded block.
    pub(super) fn folded(self) -> char {
        self.set().folded
    }

    /// Where the axes of a chart meet.
    pub(super) fn corner(self) -> char {
        self.set().corner
    }

    /// Where something changed.
    pub(super) fn change(self) -> char {
        self.set().change
    }

    /// What the first line of a chart is drawn with, in its legend.
    pub(super) fn line(self) -> char {
        match self {
            Self::Unicode => '⠒',
            Self::Block => '▄',
            Self::Ascii => '*',
        }
    }

    /// The character that is shown for another one: the same, or one of ASCII.
    pub(super) fn shown(self, c: char) -> char {
        if c.is_ascii() || !self.is_ascii() {
            return c;
        }
        PLAIN.iter().find(|(from, _)| *from == c).map_or('?', |(_, to)| *to)
    }
}

#[cfg(test)]
mod tests {
    use config::Glyphs as Asked;
    use unicode_width::UnicodeWidthChar;

    use super::*;

    #[test]
    fn the_set_is_what_is_asked_for_else_by_locale_and_terminal() {
        let cases = [
            (Asked::Auto, None, None, Some("en_US.UTF-8"), Some("xterm"), Glyphs::Unicode),
            (Asked::Auto, Some("C.utf8"), None, Some("C"), Some("xterm"), Glyphs::Unicode),
            (Asked::Auto, Some("C"), None, Some("en_US.UTF-8"), Some("xterm"), Glyphs::Ascii),
            (Asked::Auto, Some(""), Some("de_DE.UTF-8"), None, None, Glyphs::Unicode),
            (Asked::Auto, None, None, None, Some("xterm"), Glyphs::Ascii),
            (Asked::Auto, None, None, Some("en_US.UTF-8"), Some("linux"), Glyphs::Ascii),
            (Asked::Auto, None, None, Some("en_US.UTF-8"), Some("dumb"), Glyphs::Ascii),
            (Asked::Ascii, None, None, Some("en_US.UTF-8"), Some("xterm"), Glyphs::Ascii),
            (Asked::Braille, None, None, Some("C"), Some("linux"), Glyphs::Unicode),
            (Asked::Block, None, None, Some("C"), Some("linux"), Glyphs::Block),
        ];
        for (asked, all, ctype, lang, term, set) in cases {
            assert_eq!(
                Glyphs::detect(asked, all, ctype, lang, term),
                set,
                "{all:?} {ctype:?} {lang:?} {term:?}"
            );
        }
    }

    #[test]
    fn every_glyph_is_one_cell_wide_and_the_ascii_set_is_ascii() {
        for (set, ascii) in [(&UNICODE, false), (&ASCII, true)] {
            let (left, right) = set.open_tab;
            let single = [
                set.cursor,
                set.marked,
                set.ellipsis,
                set.ascending,
                set.descending,
                left,
                right,
                set.good,
                set.busy,
                set.bad,
                set.times,
                set.folded,
                set.corner,
                set.change,
            ];
            for c in single.into_iter().chain(set.frame).chain(set.crumb.chars()) {
                assert_eq!(c.width(), Some(1), "{c:?}");
                assert!(!ascii || c.is_ascii(), "{c:?}");
            }
        }
    }

    #[test]
    fn punctuation_of_texts_has_a_plain_stand_in() {
        let shown = |text: &str| text.chars().map(|c| Glyphs::Ascii.shown(c)).collect::<String>();
        assert_eq!(shown("1–5 → 2 … é"), "1-5 > 2 ~ ?");
    }
}
