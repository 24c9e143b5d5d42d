//! The list of themes.

use super::*;

const THEMES: [&str; 5] = ["auto", "default", "light", "mine", "nord"];

#[test]
fn the_list_of_themes_says_which_one_is_now_and_what_is_wrong_with_a_broken_one() {
    for size in SIZES.into_iter().chain([(40, 12)]) {
        let mut app = fixture::fleet(TableKind::Gateways, size);
        app.settings.themes = THEMES.map(str::to_owned).to_vec();
        app.settings.theme = "default".to_owned();
        let fault = "mine.toml: palette.night: \"pink\" is no colour".to_owned();
        app.settings.theme_faults.insert("mine".to_owned(), fault);
        fixture::keys(&mut app, "z t down");
        snapshot("themes", size, &app);
    }
}
