//! Cells to bytes. Colours are written as they are meant: the terminal's own 16 as 30–37 and 90–97, which every
//! terminal knows, and not, as crossterm does, by their numbers among 256.

use std::io::{self, Write};

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// What the terminal draws with.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pen {
    text: Color,
    ground: Color,
    line: Color,
    modifiers: Modifier,
}

/// Every frame begins and ends with this one.
const PLAIN: Pen =
    Pen { text: Color::Reset, ground: Color::Reset, line: Color::Reset, modifiers: Modifier::empty() };

/// The attributes, with the number that switches each on.
const ATTRIBUTES: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// Appends what draws these cells (column, row, cell) to `out`.
///
/// # Errors
/// Those of `out`.
pub fn write<'a>(out: &mut impl Write, cells: impl Iterator<Item = (u16, u16, &'a Cell)>) -> io::Result<()> {
    let mut pen = PLAIN;
    // Where the terminal's cursor is known to be.
    let mut at = None;
    for (x, y, cell) in cells {
        if at != Some((x, y)) {
            write!(out, "\x1b[{};{}H", y + 1, x + 1)?;
        }
        let wanted =
            Pen { text: cell.fg, ground: cell.bg, line: cell.underline_color, modifiers: cell.modifier };
        change(out, pen, wanted)?;
        pen = wanted;
        let symbol = cell.symbol();
        out.write_all(symbol.as_bytes())?;
        // How wide anything but one narrow character is, terminals disagree.
        at = (symbol.width() == 1 && symbol.chars().count() == 1).then_some((x + 1, y));
    }
    change(out, pen, PLAIN)
}

/// Appends rows of cells, each with a line end behind it, for a file: nothing says where they stand.
///
/// # Errors
/// Those of `out`.
pub fn rows<'a>(out: &mut impl Write, rows: impl IntoIterator<Item = Vec<&'a Cell>>) -> io::Result<()> {
    for row in rows {
        let mut pen = PLAIN;
        for cell in row {
            let wanted =
                Pen { text: cell.fg, ground: cell.bg, line: cell.underline_color, modifiers: cell.modifier };
            change(out, pen, wanted)?;
            pen = wanted;
            out.write_all(cell.symbol().as_bytes())?;
        }
        change(out, pen, PLAIN)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Goes from one pen to another, in one sequence.
fn change(out: &mut impl Write, from: Pen, to: Pen) -> io::Result<()> {
    if from == to {
        return Ok(());
    }
    if to == PLAIN {
        return out.write_all(b"\x1b[0m");
    }
    let mut numbers: Vec<u8> = Vec::with_capacity(16);
    let mut base = from;
    if from.modifiers != to.modifiers {
        if !(from.modifiers - to.modifiers).is_empty() {
            numbers.push(0);
            base = PLAIN;
        }
        let more = to.modifiers - base.modifiers;
        numbers.extend(ATTRIBUTES.iter().filter(|(m, _)| more.contains(*m)).map(|(_, n)| *n));
    }
    if base.text != to.text {
        color(&mut numbers, to.text, 30);
    }
    if base.ground != to.ground {
        color(&mut numbers, to.ground, 40);
    }
    if base.line != to.line {
        color(&mut numbers, to.line, 50);
    }
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    write!(out, "\x1b[{}m", numbers.join(";"))
}

/// The numbers of a colour: of text (30), ground (40) or underline (50).
fn color(numbers: &mut Vec<u8>, color: Color, of: u8) {
    let own = match color {
        Color::Reset => return numbers.push(of + 9),
        Color::Rgb(r, g, b) => return numbers.extend([of + 8, 2, r, g, b]),
        Color::Indexed(n) => return numbers.extend([of + 8, 5, n]),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    match own {
        // An underline has no numbers of the 16.
        n if of == 50 => numbers.extend([58, 5, n]),
        n if n < 8 => numbers.push(of + n),
        n => numbers.push(of + 52 + n),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn written(texts: &[(u16, &str, Style)]) -> String {
        let blank = Buffer::empty(Rect::new(0, 0, 20, 1));
        let mut next = blank.clone();
        for (x, text, style) in texts {
            next.set_string(*x, 0, text, *style);
        }
        let mut out = Vec::new();
        write(&mut out, blank.diff(&next).into_iter()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_16_colours_are_written_so_that_every_terminal_knows_them() {
        let style = |text, ground| Style::new().fg(text).bg(ground);
        for (colors, numbers) in [
            (style(Color::Red, Color::Reset), "31"),
            (style(Color::LightRed, Color::Black), "91;40"),
            (style(Color::Gray, Color::White), "37;107"),
            (style(Color::DarkGray, Color::Reset), "90"),
            (style(Color::Indexed(200), Color::Rgb(1, 2, 3)), "38;5;200;48;2;1;2;3"),
        ] {
            assert_eq!(written(&[(0, "x", colors)]), format!("\x1b[1;1H\x1b[{numbers}mx\x1b[0m"));
        }
    }

    #[test]
    fn only_what_changes_between_cells_is_written() {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let bold_red = bold.fg(Color::Red);
        let line = written(&[(0, "a", bold), (1, "b", bold_red), (2, "c", Style::new().fg(Color::Red))]);
        assert_eq!(line, "\x1b[1;1H\x1b[1ma\x1b[31mb\x1b[0;31mc\x1b[0m");
    }

    #[test]
    fn the_cursor_is_placed_anew_behind_what_terminals_may_find_wider_or_narrower() {
        assert_eq!(written(&[(0, "漢a", Style::new())]), "\x1b[1;1H漢\x1b[1;3Ha");
        assert_eq!(written(&[(0, "e\u{301}a", Style::new())]), "\x1b[1;1He\u{301}\x1b[1;2Ha");
    }
}
