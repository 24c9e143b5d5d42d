//! The mouse as terminals tell it: buttons and the wheel (1000), in decimal numbers (1006). Movements are not asked for.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::app::pointing::{Gesture, Pointed};

/// Has a terminal tell of the mouse.
pub const ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// Leaves the mouse to the terminal.
pub const OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Rows that one turn of the wheel moves by.
const ROWS: isize = 3;

/// Whether these bytes begin an event of the mouse.
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1b[<")
}

/// Reads an event from what stands between `ESC [ <` and the last character.
pub(super) fn event(numbers: &[u8], last: u8) -> Option<MouseEvent> {
    let mut numbers = std::str::from_utf8(numbers).ok()?.split(';').map(|n| n.parse::<u16>().ok());
    let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    if numbers.next().is_some() || button > 127 {
        return None;
    }
    let pressed = match last {
        b'M' => true,
        b'm' => false,
        _ => return None,
    };
    let which = match button & 3 {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let is_wheel = button & 64 != 0;
    let kind = match (is_wheel, button & 3) {
        (true, 0) => MouseEventKind::ScrollUp,
        (true, 1) => MouseEventKind::ScrollDown,
        (true, 2) => MouseEventKind::ScrollLeft,
        (true, _) => MouseEventKind::ScrollRight,
        // A movement that nobody asked for.
        (false, _) if button & 32 != 0 => MouseEventKind::Moved,
        (false, _) if pressed => MouseEventKind::Down(which?),
        (false, _) => MouseEventKind::Up(which?),
    };
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)] {
        if button & bit != 0 {
            modifiers |= modifier;
        }
    }
    // Cells are counted from 1.
    Some(MouseEvent { kind, column: column.checked_sub(1)?, row: row.checked_sub(1)?, modifiers })
}

/// What an event means to the screens; `None`: nothing.
pub fn pointed(event: &MouseEvent) -> Option<Pointed> {
    let what = match event.kind {
        MouseEventKind::Down(MouseButton::Left) if event.modifiers.is_empty() => Gesture::Click,
        MouseEventKind::ScrollUp => Gesture::Wheel(-ROWS),
        MouseEventKind::ScrollDown => Gesture::Wheel(ROWS),
        _ => return None,
    };
    Some(Pointed { x: event.column, y: event.row, what })
}

/// Turns of the wheel that come before a frame are one movement: adds a later one to those that wait, if both are such.
pub fn merged(waits: &Pointed, next: &Pointed) -> Option<Pointed> {
    match (waits.what, next.what) {
        (Gesture::Wheel(a), Gesture::Wheel(b)) => Some(Pointed { what: Gesture::Wheel(a + b), ..*next }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::Event;

    use super::*;
    use crate::runtime::keys::{Read, read};

    fn told(bytes: &[u8]) -> Option<Pointed> {
        match read(bytes, true) {
            Read::Event(Event::Mouse(event), used) if used == bytes.len() => pointed(&event),
            other => panic!("{other:?} of {bytes:?}"),
        }
    }

    #[test]
    fn the_left_button_and_the_wheel_are_told_where_they_are() {
        let at = |x, y, what| Some(Pointed { x, y, what });
        for (bytes, wanted) in [
            ("\x1b[<0;1;1M", at(0, 0, Gesture::Click)),
            ("\x1b[<0;200;60M", at(199, 59, Gesture::Click)),
            ("\x1b[<0;1234;999M", at(1233, 998, Gesture::Click)),
            ("\x1b[<64;3;4M", at(2, 3, Gesture::Wheel(-3))),
            ("\x1b[<65;3;4M", at(2, 3, Gesture::Wheel(3))),
            // The wheel with a modifier is the wheel; a click with one is the terminal's own.
            ("\x1b[<69;3;4M", at(2, 3, Gesture::Wheel(3))),
            ("\x1b[<4;3;4M", None),
            // Released, the other buttons, sideways, moved.
            ("\x1b[<0;3;4m", None),
            ("\x1b[<1;3;4M", None),
            ("\x1b[<2;3;4M", None),
            ("\x1b[<66;3;4M", None),
            ("\x1b[<32;3;4M", None),
            ("\x1b[<35;3;4M", None),
        ] {
            assert_eq!(told(bytes.as_bytes()), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_event_of_the_mouse_is_no_key_either() {
        for bytes in [
            &b"\x1b[<M"[..],
            b"\x1b[<0M",
            b"\x1b[<0;1M",
            b"\x1b[<0;0;1M",
            b"\x1b[<0;1;0M",
            b"\x1b[<0;1;1;1M",
            b"\x1b[<-1;1;1M",
            b"\x1b[<0;1;99999M",
            b"\x1b[<128;1;1M",
            b"\x1b[<3;1;1M",
            b"\x1b[<0;1;1A",
        ] {
            assert_eq!(read(bytes, true), Read::Nothing(bytes.len()), "{bytes:?}");
        }
    }

    #[test]
    fn an_event_that_breaks_off_leaves_the_next_one_whole() {
        let bytes = b"\x1b[<0;1\x1b[<65;7;8M";
        assert_eq!(read(bytes, false), Read::Nothing(6));
        assert_eq!(told(&bytes[6..]), Some(Pointed { x: 6, y: 7, what: Gesture::Wheel(3) }));
    }

    #[test]
    fn an_event_that_comes_in_parts_is_waited_for_wherever_it_is_cut() {
        let whole = b"\x1b[<65;120;40M";
        for end in 2..whole.len() {
            assert_eq!(read(&whole[..end], false), Read::More, "{:?}", &whole[..end]);
        }
        assert!(begins(whole) && !begins(b"\x1b["));
    }

    #[test]
    fn turns_of_the_wheel_add_up_and_a_click_stands_between() {
        let wheel = |x, rows| Pointed { x, y: 1, what: Gesture::Wheel(rows) };
        assert_eq!(merged(&wheel(1, 3), &wheel(2, 3)), Some(wheel(2, 6)));
        assert_eq!(merged(&wheel(1, 6), &wheel(2, -3)), Some(wheel(2, 3)));
        let click = Pointed { x: 1, y: 1, what: Gesture::Click };
        assert_eq!(merged(&wheel(1, 3), &click), None);
        assert_eq!(merged(&click, &wheel(1, 3)), None);
    }
}
