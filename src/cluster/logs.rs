//! Logs of containers, followed over closed streams without repeating or losing a line.

use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt;
use jiff::Timestamp;

use super::connect::Connection;
use super::error::Asked;
use super::stream::{get, get_slow, refusal};
use crate::model::fault::{Fault, Reason};

/// Longest line kept, in bytes; what is longer is cut, with a mark.
const LONGEST: usize = 16 << 10;

/// Pause before a log that ended is asked for again: its container may be restarting.
const PAUSE: Duration = Duration::from_secs(2);

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
    /// Lines: time, and text as it was written.
    Lines(Vec<(Option<Timestamp>, String)>),
    /// Something about the log itself; empty: it goes on.
    Note(String),
}

/// Where reading has come to.
#[derive(Default)]
struct Mark {
    time: Option<Timestamp>,
    /// Lines seen of exactly that time.
    same: usize,
}

/// Reads a log and follows it until dropped; the previous one ends.
pub async fn follow(c: &Connection, log: &LogOf, mut on: impl FnMut(Said)) {
    let mut mark = Mark::default();
    let mut told = String::new();
    loop {
        let note = match read(c, log, &mut mark, &mut on, &mut told).await {
            Ok(()) if log.previous => {
                on(Said::Note(
                    "This log has ended: it is that of the container before its last restart.".to_owned(),
                ));
                return;
            }
            Ok(()) => "The log ended; waiting for more.".to_owned(),
            Err(fault)
                if fault.reason == Reason::Missing
                    || fault.reason == Reason::Denied
                    || (fault.reason == Reason::Invalid && (log.previous || is_final(&fault.summary))) =>
            {
                on(Said::Note(fault.summary));
                return;
            }
            Err(fault) => fault.summary,
        };
        if told != note {
            told.clone_from(&note);
            on(Said::Note(note));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Of what the server calls a bad request, this stays so; that a container has not started yet does not.
fn is_final(summary: &str) -> bool {
    summary.contains("is not valid for pod")
}

async fn read(
    c: &Connection,
    log: &LogOf,
    mark: &mut Mark,
    on: &mut impl FnMut(Said),
    told: &mut String,
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
    // A log that is followed is answered when there is a line, which may be never.
    let answer = if *previous { get(c, &path, &asked).await? } else { get_slow(c, &path, &asked).await? };
    if answer.status() != StatusCode::OK {
        return Err(refusal(answer, &asked).await);
    }
    if !told.is_empty() {
        told.clear();
        on(Said::Note(String::new()));
    }
    let mut resumed = Resumed { from: mark.time, skip: std::mem::take(&mut mark.same) };
    let mut body = answer.into_body();
    let mut cut = Cutter::default();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|e| asked.fault(&e))?.into_data() else { continue };
        let mut lines = Vec::new();
        cut.feed(&data, |line| lines.extend(resumed.take(mark, &line)));
        if !lines.is_empty() {
            on(Said::Lines(lines));
        }
    }
    // The end is the server's own: what stands after the last line break is a line too.
    if let Some(line) = cut.rest().and_then(|line| resumed.take(mark, &line)) {
        on(Said::Lines(vec![line]));
    }
    Ok(())
}

/// Where a log is resumed: what was read before comes again, in part.
struct Resumed {
    from: Option<Timestamp>,
    skip: usize,
}

impl Resumed {
    /// A line, unless it was read before.
    fn take(&mut self, mark: &mut Mark, line: &str) -> Option<(Option<Timestamp>, String)> {
        let (time, text) = split(line);
        if let (Some(time), Some(from)) = (time, self.from)
            && (time < from || (time == from && self.skip > 0))
        {
            if time == from {
                self.skip -= 1;
                mark.same += 1;
            }
            return None;
        }
        if time.is_some() {
            mark.same = if time == mark.time { mark.same + 1 } else { 1 };
            mark.time = time;
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
            line(self.text());
            chunk = &chunk[end + 1..];
        }
        self.keep(chunk);
    }

    /// What came after the last line break, if anything.
    fn rest(&mut self) -> Option<String> {
        (!self.line.is_empty()).then(|| self.text())
    }

    fn text(&mut self) -> String {
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
    fn the_time_is_taken_off_a_line_that_has_one() {
        let (time, text) = split("2026-01-01T00:00:00.5Z hello world");
        assert_eq!((time.unwrap().as_millisecond() % 1000, text), (500, "hello world"));
        assert_eq!(split("hello world"), (None, "hello world"));
    }
}
