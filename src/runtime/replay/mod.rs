//! A recording as the TUI's clusters: simulated ones that hold what was recorded, in which nothing happens by itself.

mod clusters;
mod player;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::From;
use crate::model::clean::clean;
use crate::recording::Past;
pub use clusters::Stage;
pub use player::Player;

/// What a replay is begun with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The recording.
    pub past: Arc<Past>,
    /// Seconds of it in one second; 0: it stands.
    pub speed: f64,
    /// Where it begins.
    pub from: Timestamp,
}

/// Reads a recording. The error says what is wrong with it.
///
/// # Errors
/// A file that cannot be read or is no recording, or a moment outside of it.
pub fn open(file: &Path, speed: f64, from: Option<From>) -> Result<Options, String> {
    let wrong = |why: String| format!("{}: {}", file.display(), clean(&why));
    let bytes = std::fs::read(file).map_err(|why| wrong(why.to_string()))?;
    let past = Past::read(&bytes).map_err(|why| wrong(why.to_string()))?;
    let (start, end) = (past.start(), past.end());
    let from = match from {
        None => start,
        Some(From::At(at)) => at,
        Some(From::After(time)) => start.checked_add(time).unwrap_or(Timestamp::MAX),
    };
    if !(start..=end).contains(&from) {
        return Err(format!("--from: the recording is from {start} to {end}"));
    }
    Ok(Options { past: Arc::new(past), speed, from })
}
