//! Steps, places, limits.

use proptest::prelude::*;

use super::*;

fn at(line: usize, column: usize) -> Place {
    Place::new(line, column)
}

fn typed(buffer: &mut Buffer, text: &str) {
    for c in text.chars() {
        let run = if c == ' ' { Run::Space } else { Run::Word };
        assert!(buffer.insert(&c.to_string(), run));
    }
}

#[test]
fn a_typed_word_is_one_step_with_the_space_before_it() {
    let mut buffer = Buffer::new("");
    typed(&mut buffer, "one two");
    assert!(buffer.undo());
    assert_eq!(buffer.text(), "one");
    assert!(buffer.undo());
    assert_eq!((buffer.text(), buffer.undo()), (String::new(), false));
    assert!(buffer.redo() && buffer.redo() && !buffer.redo());
    assert_eq!((buffer.text().as_str(), buffer.cursor()), ("one two", at(0, 7)));
}

#[test]
fn what_is_typed_elsewhere_is_another_step() {
    let mut buffer = Buffer::new("ab");
    typed(&mut buffer, "x");
    buffer.move_to(at(0, 3), false);
    typed(&mut buffer, "y");
    assert_eq!(buffer.text(), "xaby");
    buffer.undo();
    assert_eq!(buffer.text(), "xab");
}

#[test]
fn replacing_what_is_selected_is_one_step_and_undo_selects_it_again() {
    let mut buffer = Buffer::new("one\ntwo\nthree");
    buffer.select(at(0, 1), at(2, 2));
    assert!(buffer.insert("日本\r\n語", Run::Alone));
    assert_eq!(buffer.text(), "o日本\n語ree");
    assert_eq!(buffer.take_touched(), [Touched { line: 0, gone: 3, come: 2 }]);
    buffer.undo();
    assert_eq!(buffer.text(), "one\ntwo\nthree");
    assert_eq!(buffer.selection(), Some((at(0, 1), at(2, 2))));
    assert_eq!(buffer.take_touched(), [Touched { line: 0, gone: 2, come: 3 }]);
}

#[test]
fn ten_thousand_steps_can_be_undone() {
    let mut buffer = Buffer::new("");
    for n in 0..STEPS + 5 {
        buffer.replace((at(0, 0), at(0, 9)), &n.to_string(), Run::Alone);
    }
    let steps = std::iter::from_fn(|| buffer.undo().then_some(())).count();
    assert_eq!((steps, buffer.text()), (STEPS + 5, String::new()));
}

#[test]
fn the_oldest_steps_are_forgotten_whole() {
    let mut buffer = Buffer::new("");
    let long = "x".repeat(LONGEST);
    for _ in 0..STEPS / 10 {
        buffer.replace((at(0, 0), at(0, MOST)), "", Run::Alone);
        typed(&mut buffer, &long);
        buffer.seal();
    }
    // Each of the engine's edits belongs to a step that is known here.
    assert_eq!(buffer.edits, buffer.done.iter().map(|s| s.edits).sum::<usize>());
    while buffer.undo() {}
    assert_eq!(buffer.text(), "");
}

#[test]
fn a_text_too_long_for_the_engine_is_refused_and_nothing_is_changed() {
    let mut buffer = Buffer::new("a");
    assert!(!buffer.insert(&"x".repeat(MOST + 1), Run::Alone));
    assert!(!buffer.insert(&"\n".repeat(MOST + 1), Run::Alone));
    assert_eq!((buffer.text().as_str(), buffer.undo()), ("a", false));
    buffer.insert(&"x".repeat(MOST - 1), Run::Alone);
    buffer.move_to(at(0, MOST), false);
    assert_eq!(buffer.cursor(), at(0, MOST));
}

#[test]
fn the_cursor_steps_over_what_a_person_sees_as_one_character() {
    let line = "ae\u{301}日👩‍💻";
    assert_eq!((behind(line, 1), before(line, 3)), (3, 1));
    assert_eq!((behind(line, 4), before(line, 7)), (7, 4));
    assert_eq!((behind("", 0), before("x", 0)), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_replacements_undone_give_the_text_back_and_redone_the_end(
        start in "[ab日e\u{301}\n]{0,30}",
        edits in prop::collection::vec((0..6usize, 0..8usize, 0..6usize, 0..8usize, "[xy\n é]{0,5}", 0..5usize), 1..40),
    ) {
        let mut buffer = Buffer::new(&start);
        for (a, b, c, d, text, run) in edits {
            let (from, to) = (buffer.within(at(a, b)), buffer.within(at(c, d)));
            let run = [Run::Word, Run::Space, Run::Erase, Run::Delete, Run::Alone][run];
            let (mut model, within) = (buffer.text(), (from.min(to), from.max(to)));
            let offset = |p: Place| {
                let lines = &buffer.lines()[..p.line];
                lines.iter().map(|l| l.len() + 1).sum::<usize>() + byte(buffer.line(p.line), p.column)
            };
            model.replace_range(offset(within.0)..offset(within.1), &text);
            prop_assert!(buffer.replace((from, to), &text, run));
            prop_assert_eq!(buffer.text(), model);
        }
        let end = buffer.text();
        while buffer.undo() {}
        prop_assert_eq!(buffer.text(), start);
        while buffer.redo() {}
        prop_assert_eq!(buffer.text(), end);
    }
}
