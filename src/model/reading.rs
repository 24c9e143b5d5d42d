//! A number that was measured, or why there is none.

mod words;

/// A number that was measured, or why there is none. A missing number is never shown as zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Reading {
    /// Not known yet: nothing was read, or only once.
    #[default]
    Unknown,
    /// The proxy does not collect it (R14): `n/c`.
    NotCollected,
    /// It was read, and nothing happened of which it could be told: a success rate without requests. `–`
    Nothing,
    /// A number.
    Value(f64),
    /// A quantile of few requests: `~38ms`.
    Rough(f64),
    /// A quantile above the last bound of its histogram: `>10s`.
    Above(f64),
}

impl Reading {
    /// The number, if there is one.
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Value(n) | Self::Rough(n) | Self::Above(n) => Some(n),
            Self::Unknown | Self::NotCollected | Self::Nothing => None,
        }
    }

    /// Whether there is a number, and it is more than none.
    pub fn is_positive(self) -> bool {
        self.number().is_some_and(|n| n > 0.0)
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Requests, connections: a second.
    PerSecond,
    /// 0 to 1, shown as a percentage without its sign: `99.97`.
    Percent,
    /// Milliseconds, shown as `38ms`, `2.1s`.
    Milliseconds,
    /// Bytes, shown as `1.2M`.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Things: connections, pods.
    Count,
    /// CPUs, shown as `250m`, `1.5`.
    Cores,
}

/// Where the numbers of a gateway come from (R15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Source {
    /// `istio_requests_total` and its kin: with response flags.
    Istio,
    /// Envoy's own `upstream_rq_*`: no response flags.
    Envoy,
    /// Envoy's `/clusters`: what is always there.
    Admin,
}
