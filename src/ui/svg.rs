//! A frame as an SVG picture: text, colours and exact cells. For documents; the terminal never sees it.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Size of a cell, in pixels.
const CELL: (u32, u32) = (8, 17);

/// What stands for the terminal's own foreground and background.
const OWN: (&str, &str) = ("#d4d7dc", "#16191d");

/// The 16 colours, as xterm has them.
const SIXTEEN: [&str; 16] = [
    "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5", "#666666",
    "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
];

/// Draws the cells of a buffer.
pub fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (u32::from(buffer.area.width), u32::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 16, rows * CELL.1 + 16);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"13.3\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{}\"/>\n",
        OWN.1
    );
    for (y, row) in buffer.content.chunks(columns.max(1) as usize).enumerate() {
        let mut x = 0;
        while x < row.len() {
            let run = row[x..].iter().take_while(|c| look(c) == look(&row[x])).count();
            draw(&mut out, x as u32, y as u32, &row[x..x + run]);
            x += run;
        }
    }
    out.push_str("</svg>\n");
    out
}

/// What cells must share to be drawn together.
fn look(cell: &Cell) -> (Color, Color, Modifier) {
    (cell.fg, cell.bg, cell.modifier)
}

fn draw(out: &mut String, x: u32, y: u32, cells: &[Cell]) {
    let Some(first) = cells.first() else { return };
    let (mut front, mut back) = (color(first.fg, OWN.0), color(first.bg, OWN.1));
    if first.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut front, &mut back);
    }
    let (left, top) = (8 + x * CELL.0, 8 + y * CELL.1);
    let width = cells.len() as u32 * CELL.0;
    // Writing to a string cannot fail.
    if back != OWN.1 {
        let _ = writeln!(
            out,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{back}\"/>",
            CELL.1
        );
    }
    let text: String = cells.iter().map(Cell::symbol).collect();
    if text.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        (Modifier::DIM, " opacity=\"0.6\""),
    ] {
        if first.modifier.contains(modifier) {
            style.push_str(attribute);
        }
    }
    let _ = writeln!(
        out,
        "<text x=\"{left}\" y=\"{}\" fill=\"{front}\"{style} textLength=\"{width}\" xml:space=\"preserve\">{}</text>",
        top + 13,
        escaped(&text)
    );
}

fn color(color: Color, own: &str) -> String {
    match color {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(n) => indexed(n),
        Color::Reset => own.to_owned(),
        named => SIXTEEN.get(number(named)).map_or(own, |c| c).to_owned(),
    }
}

/// The number of one of the 16.
fn number(color: Color) -> usize {
    const ORDER: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    ORDER.iter().position(|c| *c == color).unwrap_or(7)
}

/// xterm's 256: 16 named, a cube of 6 levels, 24 greys.
fn indexed(n: u8) -> String {
    let level = |i: u8| if i == 0 { 0 } else { 55 + i * 40 };
    match n {
        0..=15 => SIXTEEN[usize::from(n)].to_owned(),
        16..=231 => {
            let i = n - 16;
            format!("#{:02x}{:02x}{:02x}", level(i / 36), level(i / 6 % 6), level(i % 6))
        }
        _ => {
            let grey = 8 + (n - 232) * 10;
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_cell_stays_text() {
        let buffer = Buffer::with_lines(["<script>&"]);
        let picture = svg(&buffer);
        assert!(picture.contains("&lt;script&gt;&amp;") && !picture.contains("<script"), "{picture}");
    }
}
