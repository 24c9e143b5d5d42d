//! The sentences of the Traffic tab: why there is nothing, what is wrong with a row, and what comes next.

use jiff::Timestamp;

use super::briefs::{above, below};
use super::rows::{Judge, code_meaning, flags_of, name};
use crate::app::command::Command;
use crate::app::model::App;
use crate::envoy::flags::flag;
use crate::metrics::view::{By, PodReading, Row, Totals};
use crate::model::age::age;
use crate::model::clean::clean;
use crate::model::columns::{clock, figure, link_words};
use crate::model::fault::{Fault, Reason};
use crate::model::gateway::GatewayRow;
use crate::model::reading::{Reading, Source, Unit};
use crate::model::table::Tone;

/// A sentence and the next step.
type Saying = (Tone, String, String);

impl App {
    /// Why there is nothing to show of a gateway's traffic; none: there is.
    pub(super) fn nothing_to_show(
        &self,
        row: Option<&GatewayRow>,
        readings: &[PodReading],
        totals: &Totals,
        rows: usize,
    ) -> Option<Saying> {
        let say = |tone, text: &str, next: String| Some((tone, text.to_owned(), next));
        let Some(row) = row else {
            let next = format!("{} goes back.", self.key_of(Command::Back));
            return say(Tone::Warn, "This gateway is not there any more.", next);
        };
        if rows > 0 || readings.iter().filter(|r| r.last.is_some()).count() > 0 && totals.source.is_some() {
            return None;
        }
        let cluster = self.cluster(&row.id.cluster);
        if let Some((tone, words)) = cluster.and_then(|s| link_words(&s.cluster, &s.link)) {
            let next = format!("{} tries again now.", self.key_of(Command::Retry));
            return Some((tone, format!("{} {words}.", row.id.cluster), next));
        }
        if row.pods_unknown() {
            return say(Tone::Warn, "Its pods are not known.", format!("{}.", row.health.reason));
        }
        let pods = row.pods.len();
        if pods == 0 {
            let next = format!(
                "{} scales it; {} tells more.",
                self.key_of(Command::Scale),
                self.key_of(Command::Tab1)
            );
            return say(Tone::Warn, "It has no pods: nothing can go through it.", next);
        }
        if !row.pods.iter().any(|pod| &*pod.phase == "Running") {
            let next = format!("{} pods tells why.", self.key_of(Command::Tab2));
            return Some((Tone::Warn, format!("None of its {pods} pods runs."), next));
        }
        let faults: Vec<&Fault> = readings.iter().filter_map(|r| r.fault.as_ref()).collect();
        if let Some(fault) = faults.first().filter(|_| faults.len() >= readings.len() && !readings.is_empty())
        {
            let tone = if fault.reason == Reason::Denied { Tone::Warn } else { Tone::Bad };
            return Some((tone, format!("{}.", clean(&fault.summary)), clean(&fault.hint).into_owned()));
        }
        if readings.iter().all(|r| r.last.is_none()) {
            let proxies = if pods == 1 { "its proxy".to_owned() } else { format!("its {pods} proxies") };
            return Some((Tone::Busy, format!("Reading {proxies} …"), String::new()));
        }
        if totals.source.is_none() && totals.requests == Reading::Unknown {
            return say(
                Tone::Busy,
                "Its proxies were read once: a rate needs two readings.",
                "The second comes within seconds.".to_owned(),
            );
        }
        None
    }

    /// What is not as it should be, in a line.
    pub(super) fn note_of(
        &self,
        row: &GatewayRow,
        readings: &[PodReading],
        totals: &Totals,
        open: &[String],
    ) -> Option<(Tone, String)> {
        let stale = self.cluster(&row.id.cluster).and_then(|s| link_words(&s.cluster, &s.link));
        if let Some((tone, words)) = stale {
            return Some((tone, format!("{}: {words}", row.id.cluster)));
        }
        let failed: Vec<&PodReading> = readings.iter().filter(|r| r.fault.is_some()).collect();
        if let Some(fault) = failed.first().and_then(|r| r.fault.as_ref()) {
            let (some, all) = (failed.len(), readings.len());
            return Some((
                Tone::Warn,
                format!(
                    "{some} of {all} pods cannot be read: {}. {}",
                    clean(&fault.summary),
                    clean(&fault.hint)
                ),
            ));
        }
        if totals.requests == Reading::NotCollected {
            let key = format!(":{}", Command::Statistics);
            return Some((
                Tone::Warn,
                format!(
                    "n/c: its proxies do not collect this. {key} turns it on for this gateway, after showing what that restarts."
                ),
            ));
        }
        if !open.is_empty() {
            return Some((Tone::Bad, format!("circuit breakers are open: {}", open.join(", "))));
        }
        let broken: u32 = readings.iter().map(|r| r.broken).sum();
        if broken > 0 {
            return Some((
                Tone::Warn,
                format!("{broken} lines of the last readings could not be understood"),
            ));
        }
        let dropped: u32 = readings.iter().map(|r| r.dropped).sum();
        if dropped > 0 {
            return Some((
                Tone::Warn,
                format!("{dropped} numbers are not shown: a proxy tells more than egret keeps of a pod"),
            ));
        }
        let fault = self.routes_fault(&row.id.cluster)?;
        Some((Tone::Muted, format!("changes of routes are not all marked: {}", clean(&fault.summary))))
    }

    /// The selected row in words: how it does, since when and why; then the next step.
    pub(super) fn explain_row(
        &self,
        row: &Row,
        by: &Judge<'_>,
        pods: Option<(usize, usize)>,
        now: Timestamp,
    ) -> [String; 2] {
        match by.by {
            By::Code => {
                let meaning = code_meaning(&row.key);
                let next = format!(
                    "Next: {} shows the same by flags, which tell who said so.",
                    self.key_of(Command::TrafficBy)
                );
                [format!("{}: {meaning}. {}", name(row), rate_words(row)), next]
            }
            By::Flag => match flag(&row.key) {
                Some(flag) => [format!("{}: {}", flag.short, flag.meaning), format!("Next: {}", flag.next)],
                None => [format!("{}: {}", name(row), rate_words(row)), String::new()],
            },
            By::Host | By::Pod => self.explain_of_many(row, by, pods, now),
        }
    }

    fn explain_of_many(
        &self,
        row: &Row,
        by: &Judge<'_>,
        pods: Option<(usize, usize)>,
        now: Timestamp,
    ) -> [String; 2] {
        let totals = &row.totals;
        let who = name(row);
        let fails = below(totals.success, by.limits.success) != Tone::Plain;
        let slow = above(totals.p99, by.limits.p99) != Tone::Plain;
        let since = row
            .failing_since
            .map(|at| format!(" since {} ({})", clock(at), age(at, now)))
            .unwrap_or_default();
        let places = match pods {
            Some((some, all)) if all > 1 && some > 0 => format!(", in {some} of {all} pods"),
            _ => String::new(),
        };
        let first_flag = row.flags.first().map(|(flag, _)| &**flag);
        if fails || (first_flag.is_some() && row.failing_since.is_some()) {
            let part = figure(totals.success, Unit::Percent);
            let rate = figure(totals.requests, Unit::PerSecond);
            let how = format!("{who}: {part} % of {rate}/s succeed{since}{places}.");
            return match first_flag.and_then(|short| flag(short.split(',').next().unwrap_or(short))) {
                Some(flag) => {
                    let much = figure(
                        row.flags.first().map_or(Reading::Unknown, |(_, n)| Reading::Value(*n)),
                        Unit::PerSecond,
                    );
                    [
                        format!("{how} {} {much}/s: {}", flag.short, flag.meaning),
                        format!("Next: {}", flag.next),
                    ]
                }
                None if by.source == Some(Source::Istio) && first_flag.is_none() => {
                    let key = self.key_of(Command::TrafficBy);
                    [
                        format!("{how} No flag: the host itself answers so."),
                        format!("Next: {key} shows its codes; the host's own operators know more."),
                    ]
                }
                None => {
                    let flags = flags_of(row);
                    let key = self.key_of(Command::Tab9);
                    [
                        format!("{how} {flags}").trim_end().to_owned(),
                        format!("Next: {key} upstreams shows its endpoints and failed connections."),
                    ]
                }
            };
        }
        if slow {
            let p99 = figure(totals.p99, Unit::Milliseconds);
            let p50 = figure(totals.p50, Unit::Milliseconds);
            let key = self.key_of(Command::TrafficPlot);
            return [
                format!(
                    "{who}: one of a hundred requests takes {p99} or longer, half of them {p50}{places}."
                ),
                format!(
                    "Next: {key} until the chart shows p99 tells since when; {} upstreams, what waits.",
                    self.key_of(Command::Tab9)
                ),
            ];
        }
        let how = if totals.is_tcp() {
            format!(
                "{who}: passed through, {} opened a second, {} open.",
                figure(totals.connections, Unit::PerSecond),
                figure(totals.active, Unit::Count)
            )
        } else if totals.requests.is_positive() {
            format!(
                "{who}: nothing is wrong. {}, {} % succeed.",
                rate_words(row),
                figure(totals.success, Unit::Percent)
            )
        } else {
            format!("{who}: {}.", quiet_words(totals))
        };
        let next = match by.by {
            By::Pod => format!("{} on two pods compares them on the chart.", self.key_of(Command::Mark)),
            _ => format!("{} shows this host alone.", self.key_of(Command::Open)),
        };
        [how, next]
    }
}

/// What there is of a row without a request or connection that is known to be new.
fn quiet_words(totals: &Totals) -> String {
    let open = || format!("{} connections are open", figure(totals.active, Unit::Count));
    match totals.requests {
        Reading::Unknown => "it was read once, and a rate needs two readings".to_owned(),
        Reading::NotCollected if totals.active.is_positive() => {
            format!("its requests are not collected; {}", open())
        }
        Reading::NotCollected => "its requests are not collected".to_owned(),
        _ if totals.bytes_out.is_positive() || totals.bytes_in.is_positive() => {
            format!("nothing new is opened, and data goes through what is: {}", open())
        }
        _ if totals.active.is_positive() => format!("no request now; {}", open()),
        _ => "nothing goes there now".to_owned(),
    }
}

fn rate_words(row: &Row) -> String {
    match row.totals.requests.number() {
        Some(_) => format!("{} requests a second", figure(row.totals.requests, Unit::PerSecond)),
        None => "its requests".to_owned(),
    }
}

/// Where numbers come from, where that takes something away (R15).
pub(super) fn source_words(source: Option<Source>) -> &'static str {
    match source {
        Some(Source::Envoy) => "from Envoy's own counters: no response flags",
        Some(Source::Admin) => "from /clusters: requests are not collected",
        Some(Source::Istio) | None => "",
    }
}
