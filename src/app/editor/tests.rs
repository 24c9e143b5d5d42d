//! The editor by its keys.

mod leaving;
mod offers;
mod steps;

use crossterm::event::KeyEvent;

use super::*;
use crate::app::keymap::Chord;
use crate::app::keymap::Keymap;
use crate::app::screen::Screen;
use crate::app::{App, Effect, Msg, Settings, update};
use crate::model::table::TableKind;

pub(super) fn app_of(editor: Editor) -> App {
    let now = "2026-05-03T11:52:00Z".parse().unwrap();
    let mut app =
        App::new(Settings::default(), Keymap::default(), vec!["prod-eu".into()], TableKind::Gateways, now);
    let _ = app.open_editor(editor);
    app.settle();
    app
}

/// An app that makes objects of a text.
pub(super) fn app(text: &str) -> App {
    app_of(Editor::create("d1", &"prod-eu".into(), text))
}

pub(super) fn editor(app: &App) -> &Editor {
    app.stack
        .iter()
        .find_map(|s| match s {
            Screen::Editor(editor) => Some(editor),
            _ => None,
        })
        .expect("an editor")
}

pub(super) fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for name in keys.split(' ') {
        let chord: Chord = name.parse().unwrap();
        effects.extend(update(app, Msg::Key(KeyEvent::from(chord))));
        app.settle();
    }
    effects
}

pub(super) fn types(app: &mut App, text: &str) -> Vec<Effect> {
    let key = |c| KeyEvent::from(crossterm::event::KeyCode::Char(c));
    let effects = text.chars().flat_map(|c| update(app, Msg::Key(key(c)))).collect();
    app.settle();
    effects
}

pub(super) fn paste(app: &mut App, text: &str) -> Vec<Effect> {
    let effects = update(app, Msg::Paste(text.to_owned()));
    app.settle();
    effects
}

fn text(app: &App) -> String {
    editor(app).text()
}

fn at(app: &App) -> (usize, usize) {
    let place = editor(app).buffer.cursor();
    (place.line, place.column)
}

#[test]
fn letters_are_typed_whatever_they_mean_elsewhere() {
    let mut app = app("");
    types(&mut app, "q: ?jk:/n");
    assert_eq!(text(&app), "q: ?jk:/n");
    assert!(app.overlay.is_none());
    press(&mut app, "f1");
    assert!(app.overlay.is_some());
}

#[test]
fn a_new_line_goes_on_as_what_is_above_it() {
    let cases = [
        ("a: 1", "a: 1\nx"),
        ("  a: 1", "  a: 1\n  x"),
        ("a:", "a:\n  x"),
        ("a: # why", "a: # why\n  x"),
        ("- a", "- a\n- x"),
        ("  - a", "  - a\n  - x"),
        ("- name: a", "- name: a\n  x"),
        ("- name:", "- name:\n    x"),
        ("a: |", "a: |\n  x"),
        ("- >-", "- >-\n    x"),
        ("a: |\n   - b:", "a: |\n   - b:\n   x"),
        ("a:\n- b\n- ", "a:\n- b\nx"),
        ("# a:", "# a:\nx"),
    ];
    for (before, after) in cases {
        let mut app = app(before);
        press(&mut app, "ctrl-end enter");
        types(&mut app, "x");
        assert_eq!(text(&app), after, "{before:?}");
        press(&mut app, "ctrl-z ctrl-z");
        assert_eq!(text(&app), before);
    }
}

#[test]
fn backspace_takes_a_level_of_indentation_and_a_whole_character() {
    let mut app = app("    ae\u{301}");
    press(&mut app, "end backspace");
    assert_eq!(text(&app), "    a");
    press(&mut app, "left backspace backspace");
    assert_eq!(text(&app), "a");
    press(&mut app, "delete delete backspace");
    assert_eq!(text(&app), "");
}

#[test]
fn lines_that_are_selected_move_in_and_out_and_are_comments_in_one_step_each() {
    let mut app = app("a:\n  b: 1\n\nc: 2");
    press(&mut app, "shift-down shift-down shift-down tab");
    assert_eq!(text(&app), "  a:\n    b: 1\n\nc: 2");
    press(&mut app, "tab backtab");
    assert_eq!(text(&app), "  a:\n    b: 1\n\nc: 2");
    press(&mut app, "ctrl-t");
    assert_eq!(text(&app), "  # a:\n  #   b: 1\n\nc: 2");
    press(&mut app, "ctrl-t ctrl-z ctrl-z ctrl-z ctrl-z ctrl-z");
    assert_eq!(text(&app), "a:\n  b: 1\n\nc: 2");
    press(&mut app, "ctrl-z");
    assert!(app.notice.as_ref().is_some_and(|n| n.text.contains("nothing was changed")));
}

#[test]
fn what_is_cut_can_be_pasted_and_is_told_the_clipboard() {
    let mut app = app("one two");
    let effects = press(&mut app, "ctrl-right shift-end alt-x");
    assert!(effects.contains(&Effect::Copy(" two".to_owned())), "{effects:?}");
    press(&mut app, "home ctrl-v");
    assert_eq!(text(&app), " twoone");
    paste(&mut app, "x\r\ny");
    assert_eq!((text(&app).as_str(), at(&app)), (" twox\nyone", (1, 1)));
    press(&mut app, "ctrl-z");
    assert_eq!(text(&app), " twoone");
}

#[test]
fn lines_move_and_go_and_come_back() {
    let mut app = app("a\nb\nc");
    press(&mut app, "alt-down");
    assert_eq!((text(&app).as_str(), at(&app)), ("b\na\nc", (1, 0)));
    press(&mut app, "ctrl-k");
    assert_eq!(text(&app), "b\nc");
    press(&mut app, "ctrl-v");
    assert_eq!(text(&app), "b\na\nc");
    press(&mut app, "ctrl-end ctrl-k");
    assert_eq!(text(&app), "b\na");
}

#[test]
fn the_cursor_keeps_its_cell_over_shorter_lines_and_wide_characters() {
    let mut app = app("abcdef\n\n日本語\nx");
    press(&mut app, "end left down");
    assert_eq!(at(&app), (1, 0));
    press(&mut app, "down");
    assert_eq!(at(&app), (2, 2));
    press(&mut app, "down up up up");
    assert_eq!(at(&app), (0, 5));
    press(&mut app, "up");
    assert_eq!(at(&app), (0, 0));
}

#[test]
fn finding_begins_at_the_cursor_and_goes_round() {
    let mut app = app("port: 1\nPort: 2\nport: 3");
    press(&mut app, "down ctrl-f");
    types(&mut app, "port");
    assert_eq!(at(&app), (1, 0));
    press(&mut app, "down");
    assert_eq!(at(&app), (2, 0));
    press(&mut app, "enter ctrl-n");
    assert_eq!(at(&app), (0, 0));
    press(&mut app, "ctrl-p");
    assert_eq!(at(&app), (2, 0));
    press(&mut app, "ctrl-f");
    assert_eq!(app.prompt().map(|p| (p.text, p.outcome)), Some(("port".to_owned(), "3 found".to_owned())));
    press(&mut app, "esc");
    assert_eq!(app.prompt(), None);
    assert_eq!(text(&app), "port: 1\nPort: 2\nport: 3");
}

#[test]
fn replacing_asks_for_each_and_all_the_rest_is_one_step() {
    let mut app = app("a1 a2\na3\na4");
    press(&mut app, "ctrl-r");
    types(&mut app, "/a(.)/");
    press(&mut app, "enter");
    types(&mut app, "$1b");
    press(&mut app, "enter");
    types(&mut app, "yn");
    assert_eq!(text(&app), "1b a2\na3\na4");
    types(&mut app, "a");
    assert_eq!(text(&app), "1b 2b\n3b\n4b");
    assert_eq!(app.notice.as_ref().map(|n| n.text.as_str()), Some("4 replaced."));
    press(&mut app, "ctrl-z");
    assert_eq!(text(&app), "1b a2\na3\na4");
    press(&mut app, "ctrl-z");
    assert_eq!(text(&app), "a1 a2\na3\na4");
}

#[test]
fn a_line_is_gone_to_by_its_number() {
    let mut app = app("a\nb\nccc");
    press(&mut app, "ctrl-g");
    types(&mut app, "3:2");
    press(&mut app, "enter");
    assert_eq!(at(&app), (2, 1));
    press(&mut app, "ctrl-g");
    types(&mut app, "x");
    press(&mut app, "enter");
    assert!(app.prompt().is_some_and(|p| !p.good));
    press(&mut app, "esc");
    assert_eq!((app.prompt(), at(&app)), (None, (2, 1)));
}

#[test]
fn the_cursor_never_is_in_lines_out_of_sight() {
    let mut app = app("spec:\n  ports:\n  - a\n  - b\nkind: X");
    press(&mut app, "down down alt-f");
    assert_eq!(at(&app), (1, 0));
    let shown = |app: &App| editor(app).window.rows.iter().map(|r| r.number).collect::<Vec<_>>();
    assert_eq!(shown(&app), [1, 2, 5]);
    press(&mut app, "down");
    assert_eq!(at(&app).0, 4);
    press(&mut app, "home left");
    assert_eq!((at(&app), shown(&app).len()), ((3, 5), 5));
    press(&mut app, "alt-a");
    assert_eq!((at(&app).0, shown(&app)), (0, vec![1, 5]));
    press(&mut app, "end");
    types(&mut app, "x");
    assert_eq!(shown(&app).len(), 5);
}

#[test]
fn a_frame_lexes_what_it_shows_and_not_all_that_is_before() {
    let mut app = app(&"key: value\n".repeat(5_000));
    press(&mut app, "ctrl-end");
    let before = editor(&app).lexer.work;
    press(&mut app, "up up page-up");
    types(&mut app, "x");
    let work = editor(&app).lexer.work - before;
    assert!(work < 100, "{work} lines lexed");
}

#[test]
fn a_text_that_is_too_long_is_not_edited_here() {
    let long = "a: 1\n".repeat(MOST_LINES + 1);
    let mut app = app(&long);
    types(&mut app, "x");
    press(&mut app, "enter");
    assert_eq!(text(&app), long);
    assert!(editor(&app).outside_words()[0].contains("20001 lines"));
}

#[test]
fn another_text_takes_the_place_of_all_in_one_step_and_leaves_what_is_the_same() {
    for (before, after) in
        [("a\nb\nc", "a\nx\ny\nc"), ("a\nb", "b"), ("a", "a\nb"), ("", "a\n"), ("a\na", "a"), ("x\n", "")]
    {
        let mut app = app(before);
        if let Screen::Editor(editor) = app.screen_mut() {
            editor.set_text(after);
        }
        assert_eq!(text(&app), after);
        press(&mut app, "ctrl-z");
        assert_eq!(text(&app), before, "{after:?}");
    }
}
