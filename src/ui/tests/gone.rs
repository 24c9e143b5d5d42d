//! A row that goes away under the cursor between two frames: no key is about what nobody has seen there.

use std::sync::Arc;

use crate::app::{Msg, update};
use crate::model::table::TableKind;

use super::fixture;

fn press(app: &mut crate::app::App, keys: &str) {
    for key in keys.split(' ') {
        let chord: crate::app::keymap::Chord = key.parse().unwrap();
        // No frame between: they came at once, or the line is slow.
        drop(update(app, Msg::Key(chord.into())));
    }
}

/// The pod under the cursor is deleted, and no frame is drawn.
fn delete_selected(app: &mut crate::app::App) -> String {
    let id = app.active_table().and_then(|table| table.item()).unwrap().id();
    let mut snapshot = (**app.cluster(&id.cluster).unwrap()).clone();
    snapshot.pods = snapshot.pods.iter().filter(|pod| pod.meta.name != id.name).cloned().collect();
    snapshot.revision += 1;
    drop(update(app, Msg::Snapshot(Arc::new(snapshot))));
    id.name.to_string()
}

fn selected(app: &crate::app::App) -> String {
    app.active_table().and_then(|table| table.item()).unwrap().id().name.to_string()
}

#[test]
fn a_key_does_nothing_to_the_row_that_took_the_place_of_one_that_is_gone() {
    let mut app = fixture::fleet(TableKind::Pods, (80, 24));
    fixture::keys(&mut app, "down");
    let gone = delete_selected(&mut app);
    let depth = app.stack.len();
    press(&mut app, "enter");
    assert_eq!(app.stack.len(), depth, "nothing is opened");
    let said = app.notice.as_ref().unwrap().text.clone();
    assert!(said.contains(&gone) && said.contains("is gone; nothing was done"), "{said}");
    assert!(said.contains(&selected(&app)), "{said}");
    // What the next frame shows is seen.
    app.settle();
    press(&mut app, "enter");
    assert_eq!(app.stack.len(), depth + 1);
}

#[test]
fn a_cursor_that_is_moved_by_keys_alone_is_where_they_led_it() {
    let mut app = fixture::fleet(TableKind::Pods, (80, 24));
    fixture::keys(&mut app, "down");
    let depth = app.stack.len();
    press(&mut app, "down enter");
    assert_eq!(app.stack.len(), depth + 1);
}

#[test]
fn the_last_row_may_go_while_the_cursor_is_on_it() {
    let mut app = fixture::fleet(TableKind::Pods, (80, 24));
    fixture::keys(&mut app, "end");
    let gone = delete_selected(&mut app);
    press(&mut app, "y");
    assert!(app.notice.as_ref().is_some_and(|notice| notice.text.contains(&gone)));
    press(&mut app, "home");
    app.settle();
    press(&mut app, "enter");
    assert!(app.stack.len() > 1);
}
