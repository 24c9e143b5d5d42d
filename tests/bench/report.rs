//! The table, and how each of its figures was taken.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// What is measured.
    pub what: String,
    /// What it should be.
    pub aim: String,
    /// A figure for each program, `–` where there is none.
    pub figures: Vec<String>,
    /// How it was taken.
    pub how: &'static str,
}

/// The report.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Where and on what.
    pub setting: String,
    /// The headings of the programs.
    pub programs: Vec<&'static str>,
    /// The lines.
    pub rows: Vec<Row>,
}

impl Report {
    /// As Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("{}\n\n| | aim | {} |\n", self.setting, self.programs.join(" | "));
        let _ = writeln!(text, "|{}", "---|".repeat(self.programs.len() + 2));
        for row in &self.rows {
            let _ = writeln!(text, "| {} | {} | {} |", row.what, row.aim, row.figures.join(" | "));
        }
        text.push('\n');
        let mut told: Vec<&str> = Vec::new();
        for row in self.rows.iter().filter(|row| !row.how.is_empty()) {
            if !told.contains(&row.how) {
                told.push(row.how);
                let _ = writeln!(text, "- {}", row.how);
            }
        }
        text
    }

    /// Puts the report into a README, between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.
    pub(crate) fn write_into(&self, readme: &Path, name: &str) -> std::io::Result<()> {
        let text = std::fs::read_to_string(readme)?;
        let missing = || std::io::Error::other("the README has no place for the benchmark");
        let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
        let from = text.find(&begin).ok_or_else(missing)? + begin.len();
        let to = from + text[from..].find(&end).ok_or_else(missing)?;
        std::fs::write(readme, format!("{}{}{}", &text[..from], self.markdown(), &text[to..]))
    }
}

/// Several measurements of one thing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// The middle one.
    pub median: Duration,
    /// The longest.
    pub worst: Duration,
    /// The shortest.
    pub best: Duration,
}

impl Spread {
    /// Of at least one measurement.
    pub(crate) fn of(mut all: Vec<Duration>) -> Self {
        all.sort();
        let [best, .., worst] = all[..] else {
            let only = all.first().copied().unwrap_or_default();
            return Self { median: only, worst: only, best: only };
        };
        Self { median: all[all.len() / 2], worst, best }
    }
}

/// Milliseconds, with as many digits as mean something.
pub(crate) fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    match ms {
        ..0.95 => format!("{ms:.2} ms"),
        ..9.5 => format!("{ms:.1} ms"),
        _ => format!("{ms:.0} ms"),
    }
}

/// Mebibytes.
pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
