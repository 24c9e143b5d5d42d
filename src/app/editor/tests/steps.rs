//! Whatever is done can be undone.

use proptest::prelude::*;

use super::*;

/// Keys and what is typed, in any order.
fn action() -> impl Strategy<Value = String> {
    const KEYS: &[&str] = &[
        "enter",
        "backspace",
        "delete",
        "tab",
        "backtab",
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "shift-down",
        "shift-right",
        "shift-end",
        "ctrl-a",
        "ctrl-right",
        "ctrl-shift-left",
        "alt-backspace",
        "ctrl-w",
        "ctrl-k",
        "ctrl-v",
        "ctrl-t",
        "alt-up",
        "alt-down",
        "alt-x",
        "alt-c",
        "alt-f",
        "alt-a",
        "alt-u",
        "ctrl-z",
        "ctrl-y",
        "ctrl-home",
        "ctrl-end",
        "page-down",
        "ctrl-n",
        "alt-n",
        "ctrl-space",
    ];
    prop_oneof![
        4 => (0..KEYS.len()).prop_map(|at| KEYS[at].to_owned()),
        2 => "[a :#é日\u{301}-]{1,4}".prop_map(|text| format!("type {text}")),
        1 => "[a:\\- \n\t\r]{0,12}".prop_map(|text| format!("paste {text}")),
        1 => ("[a-c]", "[x$1]{0,3}").prop_map(|(from, to)| format!("replace {from} {to}")),
        1 => "[a: \n]{0,20}".prop_map(|text| format!("outside {text}")),
    ]
}

fn act(app: &mut App, action: &str) {
    match action.split_once(' ') {
        Some(("type", text)) => drop(types(app, text)),
        Some(("paste", text)) => drop(paste(app, text)),
        Some(("outside", text)) => {
            let _ = update(app, Msg::EditedOutside(Ok(text.to_owned())));
        }
        Some(("replace", words)) => {
            let (from, to) = words.split_once(' ').unwrap_or_default();
            press(app, "ctrl-r ctrl-u");
            types(app, from);
            press(app, "enter ctrl-u");
            types(app, to);
            press(app, "enter");
            types(app, "a");
            // An escape too many would leave.
            if app.prompt().is_some() {
                press(app, "esc");
            }
        }
        _ => drop(press(app, action)),
    }
    assert!(matches!(app.screen(), Screen::Editor(_)), "{action} left the editor");
}

/// What must hold after anything.
fn check(app: &App) -> Result<(), TestCaseError> {
    let editor = editor(app);
    let cursor = editor.buffer.cursor();
    prop_assert_eq!(editor.folds.shown(cursor.line), cursor.line, "the cursor is out of sight");
    let rows = editor.window.rows.iter().filter(|row| row.is_current).count();
    prop_assert_eq!(rows, 1, "the window shows the cursor's line once");
    for row in &editor.window.rows {
        let text: String = row.text.iter().map(|p| &*p.text).collect();
        prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_sequence_of_operations_undone_gives_the_text_back_and_redone_the_end(
        start in prop::sample::select(vec!["", "a: 1\nb:\n  c: 2\n  d:\n  - x\n", "- a\n- b", "a\u{1b}[2J\tb\n日本: é\n"]),
        actions in prop::collection::vec(action(), 1..40),
    ) {
        let mut app = app(start);
        for action in &actions {
            act(&mut app, action);
            check(&app)?;
        }
        // What was taken back last is at the end too.
        while editor(&app).buffer.can_redo() {
            press(&mut app, "ctrl-y");
        }
        let end = text(&app);
        while editor(&app).buffer.can_undo() {
            press(&mut app, "ctrl-z");
            check(&app)?;
        }
        prop_assert_eq!(text(&app), start);
        while editor(&app).buffer.can_redo() {
            press(&mut app, "ctrl-y");
        }
        prop_assert_eq!(text(&app), end);
    }
}
