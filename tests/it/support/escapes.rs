//! What a program says to its terminal, told apart: text, and each kind of sequence.

/// One thing said to a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Text, one or more characters.
    Text(String),
    /// `CSI …`: parameters and the final character.
    Csi(String),
    /// `OSC …` without its end.
    Osc(String),
    /// Any other control character or sequence.
    Other(String),
}

/// Reads bytes as a terminal does.
pub fn read(bytes: &[u8]) -> Vec<Said> {
    let text = String::from_utf8_lossy(bytes);
    let mut chars = text.chars().peekable();
    let mut out = Vec::new();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => match chars.next() {
                Some('[') => out.push(Said::Csi(until(&mut chars, |c| ('@'..='~').contains(&c)))),
                Some(']') => {
                    let mut body = String::new();
                    while let Some(c) = chars.next() {
                        if c == '\x07' || (c == '\x1b' && chars.next_if_eq(&'\\').is_some()) {
                            break;
                        }
                        body.push(c);
                    }
                    out.push(Said::Osc(body));
                }
                other => out.push(Said::Other(format!("ESC {other:?}"))),
            },
            c if c.is_control() => out.push(Said::Other(format!("{c:?}"))),
            c => match out.last_mut() {
                Some(Said::Text(text)) => text.push(c),
                _ => out.push(Said::Text(c.to_string())),
            },
        }
    }
    out
}

fn until(chars: &mut impl Iterator<Item = char>, end: impl Fn(char) -> bool) -> String {
    let mut body = String::new();
    for c in chars {
        body.push(c);
        if end(c) {
            break;
        }
    }
    body
}

/// The numbers of all `SGR` sequences.
pub fn looks(said: &[Said]) -> Vec<Vec<u16>> {
    let numbers = |body: &str| body.split(';').map(|n| n.parse().unwrap_or(0)).collect();
    let sgr = said.iter().filter_map(|s| match s {
        Said::Csi(body) => body.strip_suffix('m'),
        _ => None,
    });
    sgr.map(numbers).collect()
}

/// Splits what was said into the frames of synchronized updates, and what stands between them.
pub fn frames(said: &[Said]) -> (Vec<&[Said]>, Vec<&Said>) {
    let (begin, end) = (Said::Csi("?2026h".to_owned()), Said::Csi("?2026l".to_owned()));
    let (mut frames, mut between) = (Vec::new(), Vec::new());
    let mut open = None;
    for (at, s) in said.iter().enumerate() {
        match open {
            None if *s == begin => open = Some(at + 1),
            None => between.push(s),
            Some(from) if *s == end => {
                frames.push(&said[from..at]);
                open = None;
            }
            Some(_) => assert!(*s != begin, "a frame within a frame"),
        }
    }
    (frames, between)
}
