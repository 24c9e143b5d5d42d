//! Commands of the Traffic tab.

use super::{Command as C, Group as G, Scope as S, Spec, spec};

/// The commands, in the order in which hint bar and help show them.
pub(super) const TABLE: &[Spec] = &[
    spec(
        C::TrafficPlot,
        &["m"],
        &[S::Traffic],
        G::Traffic,
        "chart",
        "Chart the next number: requests, errors, success, …",
    ),
    spec(C::TrafficBy, &["b"], &[S::Traffic], G::Traffic, "by", "Rows by pod, code, flag, or host again"),
    spec(
        C::LongerWindow,
        &[">", "-"],
        &[S::Traffic],
        G::Traffic,
        "longer",
        "Look further back: up to 24 hours",
    ),
    spec(
        C::ShorterWindow,
        &["<", "+"],
        &[S::Traffic],
        G::Traffic,
        "shorter",
        "Look less far back: down to a minute",
    ),
    spec(
        C::Freeze,
        &["f"],
        &[S::Traffic],
        G::Traffic,
        "freeze",
        "Let the screen stand, and read nothing meanwhile; or go on",
    ),
    spec(
        C::Compare,
        &["x"],
        &[S::Traffic],
        G::Traffic,
        "compare",
        "Compare with the gateway of the same name in another cluster",
    ),
    spec(
        C::Interval,
        &["i"],
        &[S::Traffic],
        G::Traffic,
        "",
        "Read less often: as fast as allowed, 5 s, 15 s, a minute",
    ),
];
