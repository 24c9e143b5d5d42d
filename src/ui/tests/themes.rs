//! What must be told apart in every theme.

use super::*;

#[test]
fn the_selected_row_is_told_from_the_others_in_every_theme() {
    let app = fixture::fleet(TableKind::Gateways, NARROW);
    for (theme, depth) in THEMES {
        let (buffer, _) = painted(&app, &look(theme, depth, Glyphs::Unicode));
        let (selected, other) = (cells(&buffer, "▸prod-eu"), cells(&buffer, " prod-us"));
        for (a, b) in selected.iter().zip(&other).skip(1) {
            assert_ne!(a.style(), b.style(), "{theme} {depth:?}");
        }
        if depth == Depth::None || theme != "default" && theme != "light" {
            assert!(selected.iter().all(|c| c.modifier.contains(Modifier::REVERSED)), "{theme} {depth:?}");
        }
    }
}

#[test]
fn what_is_selected_in_the_editor_is_told_from_the_rest_and_from_what_is_found_in_every_theme() {
    let mut app = fixture::editor(NARROW);
    fixture::keys(&mut app, "down down shift-down");
    let mut finding = fixture::editor(NARROW);
    fixture::keys(&mut finding, "ctrl-f");
    fixture::typed(&mut finding, "metadata:");
    for (theme, depth) in THEMES {
        let look = look(theme, depth, Glyphs::Unicode);
        let (buffer, found) = (painted(&app, &look).0, painted(&finding, &look).0);
        let (selected, found) = (cells(&buffer, "metadata:"), cells(&found, "metadata:"));
        let plain = cells(&buffer, "labels:");
        assert_ne!(selected[0].style(), plain[0].style(), "{theme} {depth:?}");
        assert_ne!(selected[0].style(), found[0].style(), "{theme} {depth:?}");
        let wrong = cells(&buffer, "✕ 8");
        assert!(wrong[0].modifier.contains(Modifier::BOLD), "{theme} {depth:?}");
    }
}

#[test]
fn the_cursor_of_the_editor_is_where_the_next_letter_goes() {
    let at = |app: &App| painted(app, &Look::default()).1.map(|p| (p.x, p.y));
    let mut app = fixture::writing("日本: e\u{301}x\n\ta\n", NARROW);
    // Behind the gutter of five cells, below the header.
    assert_eq!(at(&app), Some((5, 1)));
    fixture::keys(&mut app, "right right");
    assert_eq!(at(&app), Some((9, 1)));
    fixture::keys(&mut app, "right right right");
    assert_eq!(at(&app), Some((12, 1)));
    fixture::keys(&mut app, "down");
    fixture::keys(&mut app, "home");
    assert_eq!(at(&app), Some((5, 2)));
    fixture::keys(&mut app, "right");
    assert_eq!(at(&app), Some((6, 2)));
}

#[test]
fn what_is_broken_is_told_from_what_is_well_in_every_theme() {
    let app = fixture::fleet(TableKind::Pods, NARROW);
    for (theme, depth) in THEMES {
        let (buffer, _) = painted(&app, &look(theme, depth, Glyphs::Unicode));
        let (bad, good) = (cells(&buffer, "CrashLoop"), cells(&buffer, "Running"));
        assert_ne!(bad[0].style(), good[0].style(), "{theme} {depth:?}");
        assert!(bad[0].modifier.contains(Modifier::BOLD), "{theme} {depth:?}");
    }
}

#[test]
fn without_colours_no_cell_has_one() {
    for (name, situation) in SITUATIONS.iter().chain(ONCE) {
        let (buffer, _) = painted(&situation(NARROW), &look("default", Depth::None, Glyphs::Unicode));
        let plain = |c: &Cell| (c.fg, c.bg) == (Color::Reset, Color::Reset);
        assert!(buffer.content.iter().all(plain), "{name}");
    }
}
