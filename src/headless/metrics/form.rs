//! One report after the other, in a form.

use std::io::{self, Write};

use super::report::Report;
use super::{json, prometheus, table};
use crate::cli::{Metrics, MetricsForm};

/// Prints reports.
#[derive(Debug)]
pub(super) struct Printer {
    form: MetricsForm,
    /// Draw a table again in its place: the output is a terminal.
    redraw: bool,
    /// Lines of the last one; none: nothing was printed.
    lines: Option<usize>,
}

impl Printer {
    pub(super) fn new(wish: &Metrics, redraw: bool) -> Self {
        Self { form: wish.output, redraw: redraw && wish.output == MetricsForm::Table, lines: None }
    }

    /// Prints a report, in one write.
    pub(super) fn print(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut text = Vec::new();
        match self.form {
            MetricsForm::Table => table::print(report, &mut text)?,
            MetricsForm::Json => json::print(report, &mut text)?,
            MetricsForm::Prometheus => prometheus::print(report, &mut text)?,
        }
        let between = match self.lines {
            Some(lines) if self.redraw && lines < height() => format!("\x1b[{lines}F\x1b[J"),
            Some(_) if self.form == MetricsForm::Table => "\n".to_owned(),
            _ => String::new(),
        };
        self.lines = Some(text.iter().filter(|b| **b == b'\n').count());
        out.write_all(between.as_bytes())?;
        out.write_all(&text)?;
        out.flush()
    }
}

/// Rows of the terminal: what is longer has left it at the top, and is not drawn over.
fn height() -> usize {
    rustix::termios::tcgetwinsize(io::stdout()).map_or(24, |size| usize::from(size.ws_row))
}
