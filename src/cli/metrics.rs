//! The command lines of `metrics` and `replay`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};

use crate::metrics::view::{By, Window};

/// Arguments of `metrics`.
#[derive(Args, Clone, Debug)]
#[command(after_help = ABOUT_METRICS)]
pub struct Metrics {
    /// Name of the gateway. With --record there may be several, or none: then all are recorded.
    #[arg(value_name = "GATEWAY", required_unless_present = "record")]
    pub gateways: Vec<String>,

    /// Print again every interval, until it is interrupted.
    #[arg(long)]
    pub watch: bool,

    /// What the rows are.
    #[arg(long, value_name = "WHAT", default_value = "host", value_parser = super::words::<By>())]
    pub by: By,

    /// How far back to look; less than that, as long as egret has not looked for so long.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = super::words::<Window>())]
    pub window: Window,

    /// Form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: MetricsForm,

    /// How often the proxies are read: 1s to 1h. Through the pod proxy of an API server never more often than every 5 s.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = interval)]
    pub interval: Duration,

    /// Print so often, then end.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// End with 3 where less than this part of the requests succeeds: success=99.5.
    #[arg(long, value_name = "RULE", conflicts_with = "record")]
    pub fail_under: Option<Floor>,

    /// Record what the gateways are and what their proxies say, to a file that `egret replay` plays.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["watch", "count", "output", "by", "window"])]
    pub record: Option<PathBuf>,

    /// How long to record: 10m, 2h; else until it is interrupted.
    #[arg(long = "for", value_name = "TIME", value_parser = length, requires = "record")]
    pub lasts: Option<Duration>,

    /// Write over the file, where there is one.
    #[arg(long, requires = "record")]
    pub force: bool,
}

/// What the help of `metrics` ends with.
const ABOUT_METRICS: &str = "\
Proxies are read through the API server: with the right to get pods/proxy, else to create pods/portforward.

Exit codes:
  0  done; what of the pods could not be read is told on the error stream
  1  no pod could be read, or there is no such gateway
  2  not tried: the command line, the environment or the config file is wrong
  3  less succeeded than --fail-under allows";

/// Forms of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MetricsForm {
    /// Aligned columns
    Table,
    /// A JSON object a line
    Json,
    /// Gauges in the text format of Prometheus
    Prometheus,
}

/// What must succeed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floor {
    /// Least part of the requests, 0 to 1.
    pub success: f64,
}

impl FromStr for Floor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let percent = text.strip_prefix("success=").and_then(|n| n.trim_end_matches('%').parse::<f64>().ok());
        match percent {
            Some(percent) if (0.0..=100.0).contains(&percent) => Ok(Self { success: percent / 100.0 }),
            _ => Err("success=PERCENT, such as success=99.5".to_owned()),
        }
    }
}

/// Arguments of `replay`.
#[derive(Args, Clone, Debug)]
pub struct Replay {
    /// The recording, as `egret metrics --record` wrote it.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// How fast its time runs, as a factor; 0 lets it stand still.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = super::speed)]
    pub speed: f64,

    /// Where to begin: a time, 2026-05-03T11:52:00Z, or +5m after the beginning.
    #[arg(long, value_name = "TIME")]
    pub from: Option<From>,
}

/// A moment of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// So long after its beginning.
    After(Duration),
    /// This one.
    At(Timestamp),
}

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = match text.strip_prefix('+') {
            Some(after) => positive(after).map(Self::After),
            None => text.parse().ok().map(Self::At),
        };
        read.ok_or_else(|| "a time such as 2026-05-03T11:52:00Z, or +5m after the beginning".to_owned())
    }
}

fn positive(text: &str) -> Option<Duration> {
    let read: SignedDuration = text.parse().ok()?;
    Duration::try_from(read).ok()
}

/// Least and greatest time between two readings.
const INTERVALS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

fn interval(text: &str) -> Result<Duration, String> {
    let between = |read: &Duration| (INTERVALS.0..=INTERVALS.1).contains(read);
    positive(text).filter(between).ok_or_else(|| "a time from 1s to 1h".to_owned())
}

fn length(text: &str) -> Result<Duration, String> {
    positive(text).filter(|read| !read.is_zero()).ok_or_else(|| "a time such as 10m or 2h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_floors_are_read_or_refused_with_what_is_allowed() {
        assert_eq!(interval("5s"), Ok(Duration::from_secs(5)));
        for wrong in ["0s", "-5s", "2h", "5", "soon", ""] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
        assert_eq!(length("1h 30m"), Ok(Duration::from_secs(5400)));
        assert!(length("0s").is_err());
        assert_eq!("success=99.5".parse(), Ok(Floor { success: 0.995 }));
        assert_eq!("success=90%".parse(), Ok(Floor { success: 0.9 }));
        for wrong in ["success=101", "success=NaN", "success", "p99=1s", "99"] {
            assert!(wrong.parse::<Floor>().is_err(), "{wrong}");
        }
        assert_eq!("+5m".parse(), Ok(From::After(Duration::from_secs(300))));
        assert_eq!("1970-01-01T00:01:00Z".parse(), Ok(From::At(Timestamp::from_second(60).unwrap())));
        for wrong in ["5m", "+", "+-5m", "noon"] {
            assert!(wrong.parse::<From>().is_err(), "{wrong}");
        }
    }
}
