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
    /// Lines of the last one; none: nothing was printed, or something else since.
    lines: Option<usize>,
    /// Something was printed.
    began: bool,
}

impl Printer {
    pub(super) fn new(wish: &Metrics, redraw: bool) -> Self {
        Self {
            form: wish.output,
            redraw: redraw && wish.output == MetricsForm::Table,
            lines: None,
            began: false,
        }
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
            _ if self.began && self.form == MetricsForm::Table => "\n".to_owned(),
            _ => String::new(),
        };
        self.began = true;
        self.lines = Some(text.iter().filter(|b| **b == b'\n').count());
        out.write_all(between.as_bytes())?;
        if self.redraw {
            // A line that wraps would be two, and what is drawn over them not where they are: it is cut instead.
            out.write_all(b"\x1b[?7l")?;
            out.write_all(&text)?;
            out.write_all(b"\x1b[?7h")?;
        } else {
            out.write_all(&text)?;
        }
        out.flush()
    }

    /// Something else was written to the same terminal: the next table stands below it.
    pub(super) fn interrupted(&mut self) {
        self.lines = None;
    }
}

/// Rows of the terminal: what is longer has left it at the top, and is not drawn over.
fn height() -> usize {
    rustix::termios::tcgetwinsize(io::stdout()).map_or(24, |size| usize::from(size.ws_row))
}
