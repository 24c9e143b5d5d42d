//! Draws `app::review`: what changes would do, and at the bottom what to press or what is being typed.

use ratatui::layout::Position;

use super::canvas::{Canvas, Cut};
use super::theme::Role;
use super::{edges, lines};
use crate::app::App;
use crate::app::geometry::Area;
use crate::app::review::{Review, Stage};

/// Draws it; tells where the cursor is, while something is typed.
pub(super) fn draw(app: &App, review: &Review, canvas: &mut Canvas<'_>, area: Area) -> Option<Position> {
    let inside = Area { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let shown = review.lines.iter().skip(review.offset).take(review.height).cloned().collect::<Vec<_>>();
    lines::draw(&shown, canvas, Area { height: inside.height.saturating_sub(2), ..inside });
    more(review, canvas, area);
    let y = (area.y + area.height).saturating_sub(1);
    answer(app, review, canvas, Area { y, height: 1, ..inside })
}

/// Says that there is more than is shown.
fn more(review: &Review, canvas: &mut Canvas<'_>, area: Area) {
    let below = review.last_offset().saturating_sub(review.offset);
    let text = match (review.offset, below) {
        (0, 0) => return,
        (0, below) => format!("↓ {below} more lines"),
        (above, 0) => format!("↑ {above} more lines"),
        (above, below) => format!("↑ {above} and ↓ {below} more lines"),
    };
    let style = canvas.style(Role::Hint);
    let y = (area.y + area.height).saturating_sub(2);
    canvas.text(area.x + 1, y, area.width, &text, style, Cut::End);
}

/// The last line: what to press, or what is being typed.
fn answer(app: &App, review: &Review, canvas: &mut Canvas<'_>, area: Area) -> Option<Position> {
    let strong = canvas.style(Role::PromptLabel);
    let failed = review.items.iter().any(|item| matches!(item.stage, Stage::Failed(..)));
    let act = deed(failed, review.open().map(|item| item.wish.target.cluster.as_str()));
    let say = |text: &str, canvas: &mut Canvas<'_>| {
        canvas.text(area.x, area.y, area.width, text, strong, Cut::End);
        None
    };
    let choosing = review.item().is_some_and(|item| matches!(item.stage, Stage::Choosing(..)));
    if choosing {
        return say("m keeps yours, t takes theirs, then enter goes on; esc goes back.", canvas);
    }
    if review.is_over() {
        let text = match review.items.iter().any(|item| matches!(item.stage, Stage::Made(_))) {
            true => "enter opens the gateway, esc goes back.",
            false => "esc goes back.",
        };
        return say(text, canvas);
    }
    if review.is_making() {
        return say("Being made …", canvas);
    }
    if !review.waits() {
        let typed = review.draft.is_some();
        return say(if typed { "esc goes back to where it was typed." } else { "esc goes back." }, canvas);
    }
    let Some(word) = app.typed_for(review) else {
        return say(&format!("y to {act}, esc goes back."), canvas);
    };
    let why: Vec<String> = review
        .open()
        .filter_map(|item| match &item.stage {
            Stage::Asking(checked) | Stage::Failed(checked, _) => checked.grave.first().cloned(),
            _ => None,
        })
        .take(1)
        .collect();
    let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
    let label = match review.mistyped {
        true => format!("That is another word. Type {word} to {act}: "),
        false => format!("Type {word} to {act}{why}: "),
    };
    // All of the word is seen while it is typed, the cursor behind it; the question gives way.
    let typed = crate::model::layout::text_width(&word).saturating_add(2);
    let room = area.width.saturating_sub(typed.clamp(12, (area.width / 2).max(12)));
    let x = canvas.text(area.x, area.y, room, &label, strong, Cut::Middle);
    let left = (area.x + area.width).saturating_sub(x);
    edges::input(canvas, (x, area.y), left, review.input.text(), Some(review.input.cursor()))
}

/// What a yes does, and in which clusters: of several changes it makes all, not only the one in front.
fn deed<'a>(failed: bool, clusters: impl Iterator<Item = &'a str>) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for cluster in clusters {
        match counts.iter_mut().find(|(name, _)| *name == cluster) {
            Some((_, count)) => *count += 1,
            None => counts.push((cluster, 1)),
        }
    }
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let verb = match (failed, all) {
        (false, 0 | 1) => "do it".to_owned(),
        (false, _) => format!("do all {all}"),
        (true, 0 | 1) => "try again".to_owned(),
        (true, _) => format!("try all {all} again"),
    };
    match counts.as_slice() {
        [(cluster, _)] => format!("{verb} in {cluster}"),
        several => {
            let each: Vec<String> =
                several.iter().map(|(name, count)| format!("{count} in {name}")).collect();
            format!("{verb}, {}", each.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::deed;

    #[test]
    fn a_yes_to_several_changes_says_how_many_and_names_every_cluster() {
        let said = |failed, clusters: &[&'static str]| deed(failed, clusters.iter().copied());
        assert_eq!(said(false, &["prod"]), "do it in prod");
        assert_eq!(said(true, &["prod"]), "try again in prod");
        assert_eq!(said(false, &["prod", "prod"]), "do all 2 in prod");
        assert_eq!(said(false, &["lab", "prod", "lab"]), "do all 3, 2 in lab, 1 in prod");
        assert_eq!(said(true, &["lab", "prod"]), "try all 2 again, 1 in lab, 1 in prod");
    }
}
