//! One report after the other, in a form.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::report::Report;
use super::{json, prometheus, table};
use crate::cli::MetricsForm;

/// Prints reports.
#[derive(Debug)]
pub(super) struct Printer {
    form: MetricsForm,
    /// Draw a table again in its place: the output is a terminal.
    redraw: bool,
    /// Rows of the terminal that the last one took; none: nothing was printed, or something else since.
    rows: Option<usize>,
    /// Something was printed.
    began: bool,
    /// Rows and columns of the terminal.
    size: fn() -> (usize, usize),
}

impl Printer {
    pub(super) fn new(form: MetricsForm, redraw: bool, size: fn() -> (usize, usize)) -> Self {
        Self { form, redraw: redraw && form == MetricsForm::Table, rows: None, began: false, size }
    }

    /// Prints a report, in one write.
    pub(super) fn print(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut text = Vec::new();
        match self.form {
            MetricsForm::Table => table::print(report, &mut text)?,
            MetricsForm::Json => json::print(report, &mut text)?,
            MetricsForm::Prometheus => prometheus::print(report, &mut text)?,
        }
        let (height, width) = (self.size)();
        let between = match self.rows {
            Some(rows) if self.redraw && rows < height => format!("\x1b[{rows}A\r\x1b[J"),
            _ if self.began && self.form == MetricsForm::Table => "\n".to_owned(),
            _ => String::new(),
        };
        self.began = true;
        // A line that is longer than the terminal is wide takes several rows.
        let rows = |line: &str| line.width().div_ceil(width.max(1)).max(1);
        self.rows = Some(String::from_utf8_lossy(&text).lines().map(rows).sum());
        out.write_all(between.as_bytes())?;
        out.write_all(&text)?;
        out.flush()
    }

    /// Something else was written to the same terminal: the next table stands below it.
    pub(super) fn interrupted(&mut self) {
        self.rows = None;
    }
}

/// Rows and columns of the terminal: what is longer has left it at the top, and is not drawn over.
pub(super) fn terminal() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(io::stdout());
    size.map_or((24, 80), |size| (usize::from(size.ws_row), usize::from(size.ws_col)))
}
