//! What both changed, side by side.

use super::text::changed;
use crate::app::paint::{Line, Look, piece};
use crate::app::screen::facts;
use crate::materialize::change::Checked;
use crate::model::clean::clean;
use crate::model::edit::diff::Changed;
use crate::model::edit::merge::{Clash, Side};
use crate::model::facts::{Fact, Section};
use crate::model::table::Tone;
use crate::model::yaml;

/// What both changed: the two sides beside each other, or one above the other where that does not fit.
pub(super) fn clashes(checked: &Checked, chosen: &[Option<Side>], cursor: usize, width: u16) -> Vec<Line> {
    let Some(merged) = &checked.clashing else { return Vec::new() };
    let head = "Somebody changed the same while you edited it. Choose for each: m keeps yours, t takes theirs; then enter.";
    let mut sections = vec![Section::new("", vec![Fact::new("", head).tone(Tone::Warn)])];
    // What is to be chosen is not kept yet.
    let is_else = |other: &&Changed| {
        let both = |clash: &Clash| clash.path.is_below(&other.path) || other.path.is_below(&clash.path);
        !merged.clashes.iter().any(both)
    };
    let others: Vec<Fact> = checked.meanwhile.iter().filter(is_else).map(changed).collect();
    if !others.is_empty() {
        sections.push(Section::new("What else others changed, and is kept", others));
    }
    let mut lines = facts::lines(&sections, width);
    for (n, clash) in merged.clashes.iter().enumerate() {
        lines.push(Line::new());
        lines.extend(clash_lines(clash, chosen.get(n).copied().flatten(), n == cursor, width));
    }
    lines
}

fn clash_lines(clash: &Clash, side: Option<Side>, is_here: bool, width: u16) -> Vec<Line> {
    let said = match side {
        Some(Side::Mine) => "  yours is kept",
        Some(Side::Theirs) => "  theirs is taken",
        None => "  to be chosen",
    };
    let mark = if is_here { "▸ " } else { "  " };
    let head = if side.is_none() { Look::Tone(Tone::Warn) } else { Look::Tone(Tone::Good) };
    let mut lines =
        vec![vec![piece(format!("{mark}{}", clean(&clash.place)), Look::Title), piece(said, head)]];
    let text = |value: &Option<serde_json::Value>| -> Vec<String> {
        match value {
            None => vec!["(not there)".to_owned()],
            Some(value @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
                let text = yaml::text(value).unwrap_or_else(|_| value.to_string());
                text.lines().map(|line| clean(line).into_owned()).collect()
            }
            Some(serde_json::Value::String(text)) if text.contains('\n') => {
                text.lines().map(|line| clean(line).into_owned()).collect()
            }
            Some(serde_json::Value::String(text)) => vec![clean(text).into_owned()],
            Some(value) => vec![value.to_string()],
        }
    };
    let (was, mine, theirs) = (text(&clash.before), text(&clash.mine), text(&clash.theirs));
    let was = was.join(" ");
    lines.push(vec![piece(
        format!("    was: {}", cut(&was, usize::from(width).saturating_sub(9))),
        Look::Tone(Tone::Muted),
    )]);
    let half = (usize::from(width).saturating_sub(9)) / 2;
    let pad = |text: &str| {
        let text = cut(text, half);
        let cells = usize::from(crate::model::layout::text_width(&text));
        format!("{text}{}", " ".repeat(half.saturating_sub(cells)))
    };
    let (yours, others) = (side == Some(Side::Mine), side == Some(Side::Theirs));
    let look = |is: bool| Look::Tone(if is { Tone::Good } else { Tone::Plain });
    lines.push(vec![
        piece(format!("    {}", pad("yours (m)")), Look::Label),
        piece(" │ ", Look::Tone(Tone::Muted)),
        piece(pad("theirs (t)"), Look::Label),
    ]);
    for n in 0..mine.len().max(theirs.len()) {
        let (left, right) =
            (mine.get(n).map_or("", String::as_str), theirs.get(n).map_or("", String::as_str));
        let differs = if left == right { ' ' } else { '!' };
        // Long values are shown whole: they may differ at their ends alone.
        let (left, right) = (facts::wrap(left, half.max(1)), facts::wrap(right, half.max(1)));
        for row in 0..left.len().max(right.len()) {
            let side = |side: &[String]| pad(side.get(row).map_or("", String::as_str));
            let differs = if row == 0 { differs } else { ' ' };
            lines.push(vec![
                piece(format!("  {differs} {}", side(&left)), look(yours)),
                piece(" │ ", Look::Tone(Tone::Muted)),
                piece(side(&right), look(others)),
            ]);
        }
    }
    lines
}

fn cut(text: &str, room: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for cluster in unicode_segmentation::UnicodeSegmentation::graphemes(text, true) {
        let cells = usize::from(crate::model::layout::text_width(cluster));
        if used + cells > room {
            if room > 0 {
                out.pop();
                out.push('…');
            }
            break;
        }
        used += cells;
        out.push_str(cluster);
    }
    out
}
