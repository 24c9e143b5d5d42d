//! Logs of containers, followed over closed streams without repeating or losing a line.

use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt;
use jiff::Timestamp;

use super::connect::Connection;
use super::error::Asked;
use super::stream::{get, refusal};
use crate::model::fault::{Fault, Reason};

/// Longest line kept, in bytes; what is longer is cut, with a mark.
const LONGEST: usize = 16 << 10;

/// First and longest pause before a log that ended is asked for again: its container may be starting, or restarting.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// A log whose head has not come by then has no line yet, most likely.
const SOON: Duration = Duration::from_secs(1);

/// Which log.
#[derive(Clone, Debug)]
pub struct LogOf {
    /// Namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// The log before the last restart, which ends.
    pub previous: bool,
    /// Lines to begin with.
    pub tail: u32,
}

/// What a log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Lines: time, and text as it was written. None: the log is open, and has nothing new to say.
    Lines(Vec<(Option<Timestamp>, String)>),
    /// Something about the log itself; empty: it goes on.
    Note(String),
}

/// Reads a log and follows it until dropped; the previous one ends.
pub async fn follow(c: &Connection, log: &LogOf, mut on: impl FnMut(Said)) {
    let mut mark = Mark::default();
    let mut told = String::new();
    let mut pause = PAUSES.0;
    loop {
        let before = mark.time;
        let mut on_lines = |lines| {
            if !told.is_empty() {
                told.clear();
                on(Said::Note(String::new()));
            }
            on(Said::Lines(lines));
        };
        let (note, ends) = match read(c, log, &mut mark, &mut on_lines).await {
            Ok(()) if log.previous => (ENDED.to_owned(), true),
            Ok(()) => (WAITING.to_owned(), false),
            Err(fault) => (fault.summary.clone(), is_final(&fault, log.previous)),
        };
        if told != note {
            told.clone_from(&note);
            on(Said::Note(note));
        }
        if ends {
            return;
        }
        // A log that goes on is asked for soon, one that says nothing new ever later.
        pause = if mark.time == before { pause } else { PAUSES.0 };
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

const ENDED: &str = "This log has ended: it is that of the container before its last restart.";
const WAITING: &str = "The log ended; waiting for more.";

/// Whether asking again cannot help.
fn is_final(fault: &Fault, previous: bool) -> bool {
    match fault.reason {
        Reason::Missing | Reason::Denied => true,
        // Of what the server calls a bad request, these stay so: there is no log before the restart, and no such
        // container. That a container has not started yet does not.
        Reason::Invalid => previous || fault.summary.contains("is not valid for pod"),
        _ => false,
    }
}

/// Reads a log until it ends.
async fn read(
    c: &Connection,
    log: &LogOf,
    mark: &mut Mark,
    on: &mut impl FnMut(Vec<(Option<Timestamp>, String)>),
) -> Result<(), Fault> {
    let LogOf { namespace, pod, container, previous, tail } = log;
    let from = match mark.time {
        // Whole seconds, downwards: what comes twice is dropped below.
        Some(time) => format!("&sinceTime={}", time.strftime("%Y-%m-%dT%H:%M:%SZ")),
        None => format!("&tailLines={tail}"),
    };
    let path = format!(
        "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&timestamps=true&follow={}&previous={previous}{from}",
        !previous
    );
    let asked = Asked::new(&c.cluster, format!("read the log of {container} in pod {namespace}/{pod}"));
    let answer = match previous {
        true => get(c, &path, &asked, c.patience.answer).await?,
        // The head comes with the first line: that may take hours, and is no sign of anything.
        false => soon_or_later(get(c, &path, &asked, None), || on(Vec::new())).await?,
    };
    if answer.status() != StatusCode::OK {
        return Err(refusal(c, answer, &asked).await);
    }
    // That it is open is news by itself.
    on(Vec::new());
    let mut filter = mark.resume();
    let mut body = answer.into_body();
    let mut cut = Cutter::default();
    let mut lines = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|e| asked.fault(&e))?.into_data() else { continue };
        cut.feed(&data, |line| lines.extend(filter.pass(mark, &line)));
        if !lines.is_empty() {
            on(std::mem::take(&mut lines));
        }
    }
    // The last line may have no end. Of a connection that broke, half a line comes again, whole.
    cut.end(|line| lines.extend(filter.pass(mark, &line)));
    if !lines.is_empty() {
        on(lines);
    }
    Ok(())
}

/// Waits for an answer, and tells when it does not come soon.
async fn soon_or_later<T>(answer: impl Future<Output = T>, not_soon: impl FnOnce()) -> T {
    let mut answer = std::pin::pin!(answer);
    match tokio::time::timeout(SOON, &mut answer).await {
        Ok(answer) => answer,
        Err(_) => {
            not_soon();
            answer.await
        }
    }
}

/// Where reading has come to.
#[derive(Default)]
struct Mark {
    /// The latest time seen.
    time: Option<Timestamp>,
    /// Lines seen of exactly that time.
    same: usize,
}

/// Drops the lines that were read before the log was asked for again.
struct Filter {
    until: Option<Timestamp>,
    /// Lines of exactly that time still to be dropped.
    skip: usize,
}

impl Mark {
    fn resume(&self) -> Filter {
        Filter { until: self.time, skip: self.same }
    }

    fn saw(&mut self, time: Timestamp) {
        match self.time {
            Some(latest) if time < latest => {}
            Some(latest) if time == latest => self.same += 1,
            _ => (self.time, self.same) = (Some(time), 1),
        }
    }
}

impl Filter {
    /// The line with its time, unless it was read before.
    fn pass(&mut self, mark: &mut Mark, line: &str) -> Option<(Option<Timestamp>, String)> {
        let (time, text) = split(line);
        if let (Some(time), Some(until)) = (time, self.until) {
            if time == until && self.skip > 0 {
                self.skip -= 1;
                return None;
            }
            // Two streams of one container may be a little out of order: only what came before the first new line is old.
            if time < until {
                return None;
            }
            if time > until {
                self.until = None;
            }
        }
        if let Some(time) = time {
            mark.saw(time);
        }
        Some((time, text.to_owned()))
    }
}

/// Cuts text into lines, and lines that are too long short.
#[derive(Default)]
struct Cutter {
    line: Vec<u8>,
    dropped: usize,
}

impl Cutter {
    fn feed(&mut self, mut chunk: &[u8], mut line: impl FnMut(String)) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            self.keep(&chunk[..end]);
            line(self.take());
            chunk = &chunk[end + 1..];
        }
        self.keep(chunk);
    }

    /// The log has ended, maybe in the middle of a line.
    fn end(&mut self, mut line: impl FnMut(String)) {
        if !self.line.is_empty() {
            line(self.take());
        }
    }

    fn take(&mut self) -> String {
        let mut text = String::from_utf8_lossy(&self.line).into_owned();
        if self.dropped > 0 {
            text.push_str(&format!(" … [{} bytes more]", self.dropped));
        }
        self.line.clear();
        self.dropped = 0;
        text
    }

    fn keep(&mut self, part: &[u8]) {
        let room = LONGEST.saturating_sub(self.line.len()).min(part.len());
        self.line.extend_from_slice(&part[..room]);
        self.dropped += part.len() - room;
    }
}

/// The time that `timestamps=true` puts in front of a line, and the line.
fn split(line: &str) -> (Option<Timestamp>, &str) {
    match line.split_once(' ') {
        Some((time, text)) => match time.parse::<Timestamp>() {
            Ok(time) => (Some(time), text),
            Err(_) => (None, line),
        },
        None => (line.parse::<Timestamp>().ok(), if line.parse::<Timestamp>().is_ok() { "" } else { line }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(chunks: &[&[u8]]) -> Vec<String> {
        let mut cutter = Cutter::default();
        let mut lines = Vec::new();
        for chunk in chunks {
            cutter.feed(chunk, |l| lines.push(l));
        }
        lines
    }

    #[test]
    fn lines_come_whole_whatever_the_chunks() {
        assert_eq!(cut(&[b"on", b"e\ntwo\nth", b"ree\n"]), ["one", "two", "three"]);
    }

    #[test]
    fn a_line_of_ten_megabytes_is_cut_and_says_so() {
        let long = vec![b'x'; 10 << 20];
        let lines = cut(&[&long, b"\nnext\n"]);
        assert_eq!(lines[0].len(), LONGEST + format!(" … [{} bytes more]", (10 << 20) - LONGEST).len());
        assert!(lines[0].ends_with("bytes more]"));
        assert_eq!(lines[1], "next");
    }

    #[test]
    fn what_was_read_before_is_dropped_and_nothing_else() {
        let line = |time: &str, text: &str| format!("2026-01-01T00:00:0{time}Z {text}");
        let mut mark = Mark::default();
        let mut read = |lines: &[String]| -> Vec<String> {
            let mut filter = mark.resume();
            lines.iter().filter_map(|l| filter.pass(&mut mark, l)).map(|(_, text)| text).collect()
        };
        // stderr may be written down a little later than a line of stdout that came after it.
        let first = [line("1.1", "a"), line("1.5", "b"), line("1.4", "late"), line("1.5", "c")];
        assert_eq!(read(&first), ["a", "b", "late", "c"]);
        // Asked again from 1 s: the same lines, two more of the same moment, and newer ones.
        let mut again = first.to_vec();
        again.extend([line("1.5", "d"), line("2.0", "e"), line("1.9", "late too")]);
        assert_eq!(read(&again), ["d", "e", "late too"]);
        assert_eq!(read(&[line("2.0", "e"), line("2.0", "f")]), ["f"]);
    }

    #[test]
    fn a_last_line_without_an_end_is_a_line() {
        let mut cutter = Cutter::default();
        let mut lines = Vec::new();
        cutter.feed(b"one\ntwo", |l| lines.push(l));
        cutter.end(|l| lines.push(l));
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    fn the_time_is_taken_off_a_line_that_has_one() {
        let (time, text) = split("2026-01-01T00:00:00.5Z hello world");
        assert_eq!((time.unwrap().as_millisecond() % 1000, text), (500, "hello world"));
        assert_eq!(split("hello world"), (None, "hello world"));
    }
}
