//! What terminals send, read as keys, pasted text and the mouse.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::mouse;

/// What the beginning of some bytes is.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// An event, and how many bytes it is.
    Event(Event, usize),
    /// The terminal says that it took all before: what it was asked (see `runtime::line`), and how many bytes that is.
    Answer(usize),
    /// So many bytes mean nothing to egret.
    Nothing(usize),
    /// It depends on what follows.
    More,
}

const ESC: u8 = 0x1b;
const PASTE: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Longest sequence that a key is.
const LONGEST: usize = 32;

/// Most bytes of a pasted text.
const LONGEST_PASTE: usize = 1 << 20;

/// Whether these bytes begin a pasted text.
pub fn is_paste(bytes: &[u8]) -> bool {
    bytes.starts_with(PASTE)
}

/// Whether these bytes are a pasted text whose end did not come.
pub fn is_cut(bytes: &[u8]) -> bool {
    is_paste(bytes) && !bytes.ends_with(PASTE_END)
}

/// Takes away what belongs to a pasted text that was cut; tells whether more of it may come. `ctrl-c` ends it too: a
/// terminal that never says where a paste ends must not take the keyboard away.
pub fn skips_paste(bytes: &mut Vec<u8>) -> bool {
    if bytes.as_slice() == [0x03] {
        return false;
    }
    match memchr::memmem::find(bytes, PASTE_END) {
        Some(at) => {
            bytes.drain(..at + PASTE_END.len());
            false
        }
        None => {
            // The end itself may come in two pieces.
            bytes.drain(..bytes.len().saturating_sub(PASTE_END.len() - 1));
            true
        }
    }
}

/// Reads the first event of `bytes`, which are not empty. `all_there`: nothing follows them for now, so that they
/// must be read as they are.
pub fn read(bytes: &[u8], all_there: bool) -> Read {
    if is_paste(bytes) {
        return paste(bytes, all_there);
    }
    match bytes {
        [ESC] if all_there => key(KeyCode::Esc, KeyModifiers::NONE, 1),
        [ESC] => Read::More,
        [ESC, ESC, ..] => key(KeyCode::Esc, KeyModifiers::NONE, 1),
        [ESC, b'[', rest @ ..] if !rest.is_empty() || !all_there => sequence(rest, all_there),
        [ESC, b'O', rest @ ..] if !rest.is_empty() || !all_there => match rest {
            [] => Read::More,
            [last, ..] => named(*last, KeyModifiers::NONE).map_or(Read::Nothing(3), |e| Read::Event(e, 3)),
        },
        [ESC, rest @ ..] => match read(rest, all_there) {
            Read::Event(Event::Key(k), used) => key(k.code, k.modifiers | KeyModifiers::ALT, used + 1),
            Read::Event(other, used) => Read::Event(other, used + 1),
            Read::Answer(used) => Read::Answer(used + 1),
            Read::Nothing(used) => Read::Nothing(used + 1),
            Read::More => Read::More,
        },
        _ => character(bytes, all_there),
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers, used: usize) -> Read {
    Read::Event(Event::Key(KeyEvent::new(code, modifiers)), used)
}

fn paste(bytes: &[u8], all_there: bool) -> Read {
    let text = &bytes[PASTE.len()..];
    let end = memchr::memmem::find(text, PASTE_END);
    let (text, used) = match end {
        Some(at) => (&text[..at], PASTE.len() + at + PASTE_END.len()),
        None if all_there || text.len() > LONGEST_PASTE => (text, bytes.len()),
        None => return Read::More,
    };
    Read::Event(Event::Paste(String::from_utf8_lossy(text).into_owned()), used)
}

/// What follows `ESC [`.
fn sequence(rest: &[u8], all_there: bool) -> Read {
    // The console of Linux has its own for the first five function keys.
    if let [b'[', rest @ ..] = rest {
        return match rest {
            [] if all_there => Read::Nothing(3),
            [] => Read::More,
            [last @ b'A'..=b'E', ..] => key(KeyCode::F(last - b'A' + 1), KeyModifiers::NONE, 4),
            _ => Read::Nothing(4),
        };
    }
    let Some(end) = rest.iter().take(LONGEST).position(|b| *b == ESC || (0x40..=0x7e).contains(b)) else {
        let broken = all_there || rest.len() >= LONGEST;
        return if broken { Read::Nothing(2 + rest.len()) } else { Read::More };
    };
    if rest[end] == ESC {
        // It breaks off, and something else begins.
        return Read::Nothing(2 + end);
    }
    let used = 2 + end + 1;
    if let [b'<', numbers @ ..] = &rest[..end] {
        let event = mouse::event(numbers, rest[end]).map(Event::Mouse);
        return event.map_or(Read::Nothing(used), |event| Read::Event(event, used));
    }
    let numbers = std::str::from_utf8(&rest[..end]).unwrap_or_default();
    let mut numbers = numbers.split(';').map(|n| n.parse::<u8>().ok());
    let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
    let modifiers = modifiers(second.unwrap_or(1));
    if rest[end] == b'n' {
        return Read::Answer(used);
    }
    let event = match (rest[end], first) {
        (b'~', Some(number)) => numbered(number, modifiers),
        (b'Z', _) => Some(Event::Key(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT))),
        (last, _) => named(last, modifiers),
    };
    event.map_or(Read::Nothing(used), |event| Read::Event(event, used))
}

fn modifiers(number: u8) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)] {
        if bits & bit > 0 {
            modifiers |= modifier;
        }
    }
    modifiers
}

/// Keys that are told by the last character of their sequence.
fn named(last: u8, modifiers: KeyModifiers) -> Option<Event> {
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    };
    Some(Event::Key(KeyEvent::new(code, modifiers)))
}

/// Keys that are told by a number.
fn numbered(number: u8, modifiers: KeyModifiers) -> Option<Event> {
    let code = match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number - 10),
        17..=21 => KeyCode::F(number - 11),
        23 | 24 => KeyCode::F(number - 12),
        _ => return None,
    };
    Some(Event::Key(KeyEvent::new(code, modifiers)))
}

fn character(bytes: &[u8], all_there: bool) -> Read {
    let control = |c: u8| key(KeyCode::Char(char::from(c)), KeyModifiers::CONTROL, 1);
    match bytes[0] {
        b'\r' => key(KeyCode::Enter, KeyModifiers::NONE, 1),
        b'\t' => key(KeyCode::Tab, KeyModifiers::NONE, 1),
        0x7f => key(KeyCode::Backspace, KeyModifiers::NONE, 1),
        0 => control(b' '),
        c @ 1..=0x1a => control(c - 1 + b'a'),
        c @ 0x1b..=0x1f => control(c - 0x1c + b'4'),
        first => {
            let length = match first {
                0..0x80 => 1,
                0xc0..0xe0 => 2,
                0xe0..0xf0 => 3,
                0xf0..0xf8 => 4,
                _ => return Read::Nothing(1),
            };
            let Some(bytes) = bytes.get(..length) else {
                return if all_there { Read::Nothing(1) } else { Read::More };
            };
            let Some(c) = std::str::from_utf8(bytes).ok().and_then(|text| text.chars().next()) else {
                return Read::Nothing(1);
            };
            let shift = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
            key(KeyCode::Char(c), shift, length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keymap::Chord;

    /// Reads everything, as names of keys; pasted text stands in quotes, what means nothing is a dot.
    fn names(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            match read(&bytes[at..], true) {
                Read::Event(Event::Key(k), used) => {
                    out.push(Chord::from(k).to_string());
                    at += used;
                }
                Read::Event(Event::Paste(text), used) => {
                    out.push(format!("{text:?}"));
                    at += used;
                }
                Read::Event(Event::Mouse(event), used) => {
                    out.push(format!("mouse-{}-{}", event.column, event.row));
                    at += used;
                }
                Read::Event(other, _) => panic!("{other:?}"),
                Read::Answer(used) => {
                    out.push("answer".to_owned());
                    at += used;
                }
                Read::Nothing(used) => {
                    out.push(".".to_owned());
                    at += used;
                }
                Read::More => panic!("more of {:?}", &bytes[at..]),
            }
        }
        out.join(" ")
    }

    #[test]
    fn the_rest_of_a_paste_that_was_cut_is_no_keys() {
        assert!(is_cut(b"\x1b[200~yes") && !is_cut(b"\x1b[200~yes\x1b[201~") && !is_cut(b"y"));
        let mut bytes = b"y\r d".to_vec();
        assert!(skips_paste(&mut bytes));
        bytes.extend(b"y\x1b[20");
        assert!(skips_paste(&mut bytes));
        bytes.extend(b"1~j");
        assert!(!skips_paste(&mut bytes));
        assert_eq!(names(&bytes), "j");
        let mut bytes = vec![0x03];
        assert!(!skips_paste(&mut bytes));
        assert_eq!(names(&bytes), "ctrl-c");
    }

    #[test]
    fn what_the_terminal_answers_is_no_key_wherever_it_stands() {
        assert_eq!(names(b"j\x1b[0nk"), "j answer k");
        // A key `esc` just before it must not make another key of it.
        assert_eq!(names(b"\x1b\x1b[0nk"), "esc answer k");
        assert_eq!(read(b"\x1b[0", false), Read::More);
    }

    #[test]
    fn keys_are_read_as_terminals_send_them() {
        for (bytes, wanted) in [
            ("aG?é漢", "a G ? é 漢"),
            ("\r\t\x7f \x1b", "enter tab backspace space esc"),
            ("\x03\x0c\x00\x1d", "ctrl-c ctrl-l ctrl-space ctrl-5"),
            ("\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F\x1b[Z", "up down right left home end backtab"),
            ("\x1bOA\x1bOH\x1bOP\x1bOS", "up home f1 f4"),
            ("\x1b[1~\x1b[2~\x1b[3~\x1b[4~\x1b[5~\x1b[6~", "home insert delete end page-up page-down"),
            ("\x1b[11~\x1b[15~\x1b[17~\x1b[21~\x1b[23~\x1b[24~\x1b[[C", "f1 f5 f6 f10 f11 f12 f3"),
            ("\x1b[1;5A\x1b[3;2~\x1b[1;3P", "ctrl-up shift-delete alt-f1"),
            ("\x1bx\x1b\x01", "alt-x ctrl-alt-a"),
            ("\x1b\x1b\x1b[A", "esc esc up"),
            ("\x1b[200~a\nb\x1b[1\x1b[201~c", "\"a\\nb\\u{1b}[1\" c"),
            ("\x1b[?62;c\x1b[Ia\x1b[<0;1;2Mb", ". . a mouse-0-1 b"),
        ] {
            assert_eq!(names(bytes.as_bytes()), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn what_comes_in_parts_is_one_key() {
        for bytes in [&b"\x1b"[..], b"\x1b[", b"\x1b[1;", b"\x1bO", b"\x1b[200~ab", b"\xc3", b"\x1b\xc3"] {
            assert_eq!(read(bytes, false), Read::More, "{bytes:?}");
        }
    }

    #[test]
    fn nothing_waits_for_ever() {
        assert_eq!(names(b"\x1b["), "alt-[");
        assert_eq!(names(b"\x1bO"), "alt-O");
        assert_eq!(names(b"\x1b[1;"), ".");
        assert_eq!(names(b"\x1b[200~ab"), "\"ab\"");
        assert_eq!(names(b"\xc3\xffa"), ". . a");
    }

    #[test]
    fn any_bytes_are_read_to_their_end() {
        let mut state = 1_u32;
        for _ in 0..2_000 {
            let bytes: Vec<u8> = (0..16)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let byte = (state >> 24) as u8;
                    // Half of them what sequences are made of.
                    if byte < 128 { b"\x1b[O;012~A<M"[usize::from(byte) % 11] } else { byte }
                })
                .collect();
            names(&bytes);
        }
    }
}
