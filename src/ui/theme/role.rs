//! Roles: the closed set of meanings that a theme gives a look.

use std::str::FromStr;

use crate::app::paint::Look;
use crate::model::table::Tone;
use crate::model::yaml::Token;

/// What something on the screen is. Its name is dotted: a role that a theme does not mention looks like the
/// broader one, and in the end like `text`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
    strum::EnumCount,
)]
pub enum Role {
    /// Anything.
    #[strum(serialize = "text")]
    Text,
    /// A heading within a text.
    #[strum(serialize = "text.title")]
    TextTitle,
    /// The name of a value.
    #[strum(serialize = "text.label")]
    TextLabel,
    /// Where a log line comes from.
    #[strum(serialize = "text.source")]
    TextSource,
    /// A match of a search or filter.
    #[strum(serialize = "text.match")]
    TextMatch,
    /// The match that the search is at.
    #[strum(serialize = "text.match.current")]
    TextMatchCurrent,
    /// What is selected in a text that is edited.
    #[strum(serialize = "text.selected")]
    TextSelected,
    /// A state, whichever.
    #[strum(serialize = "tone")]
    Tone,
    /// Less important: unknown, absent, stale.
    #[strum(serialize = "tone.muted")]
    ToneMuted,
    /// As it should be.
    #[strum(serialize = "tone.good")]
    ToneGood,
    /// On its way.
    #[strum(serialize = "tone.busy")]
    ToneBusy,
    /// Look at it.
    #[strum(serialize = "tone.warn")]
    ToneWarn,
    /// Broken.
    #[strum(serialize = "tone.bad")]
    ToneBad,
    /// YAML.
    #[strum(serialize = "yaml")]
    Yaml,
    /// A key.
    #[strum(serialize = "yaml.key")]
    YamlKey,
    /// A text.
    #[strum(serialize = "yaml.string")]
    YamlString,
    /// A number.
    #[strum(serialize = "yaml.number")]
    YamlNumber,
    /// `true`, `false`, `null`.
    #[strum(serialize = "yaml.constant")]
    YamlConstant,
    /// A comment.
    #[strum(serialize = "yaml.comment")]
    YamlComment,
    /// Dashes, colons, brackets.
    #[strum(serialize = "yaml.punctuation")]
    YamlPunctuation,
    /// The first line.
    #[strum(serialize = "header")]
    Header,
    /// The innermost crumb: where the person is.
    #[strum(serialize = "header.place")]
    HeaderPlace,
    /// What may be written.
    #[strum(serialize = "header.rights")]
    HeaderRights,
    /// Writes are allowed.
    #[strum(serialize = "header.rights.write")]
    HeaderRightsWrite,
    /// Writes are refused.
    #[strum(serialize = "header.rights.read-only")]
    HeaderRightsReadOnly,
    /// The cluster is marked as production.
    #[strum(serialize = "header.rights.production")]
    HeaderRightsProduction,
    /// The line of tabs.
    #[strum(serialize = "tabs")]
    Tabs,
    /// The open tab.
    #[strum(serialize = "tabs.current")]
    TabsCurrent,
    /// A table.
    #[strum(serialize = "table")]
    Table,
    /// Its headings.
    #[strum(serialize = "table.heading")]
    TableHeading,
    /// The heading it is sorted by, with its mark.
    #[strum(serialize = "table.heading.sorted")]
    TableHeadingSorted,
    /// A row.
    #[strum(serialize = "table.row")]
    TableRow,
    /// The row under the cursor.
    #[strum(serialize = "table.row.selected")]
    TableRowSelected,
    /// A row of a cluster that no longer answers.
    #[strum(serialize = "table.row.stale")]
    TableRowStale,
    /// A cell that changed since the frame before.
    #[strum(serialize = "table.cell.changed")]
    TableCellChanged,
    /// What is typed.
    #[strum(serialize = "prompt")]
    Prompt,
    /// What it is typed for.
    #[strum(serialize = "prompt.label")]
    PromptLabel,
    /// What comes of it.
    #[strum(serialize = "prompt.outcome")]
    PromptOutcome,
    /// The lines that explain the selected row.
    #[strum(serialize = "explanation")]
    Explanation,
    /// The hint bar.
    #[strum(serialize = "hint")]
    Hint,
    /// A key in the hint bar, the help or the palette.
    #[strum(serialize = "hint.key")]
    HintKey,
    /// A box in front of the screen.
    #[strum(serialize = "overlay")]
    Overlay,
    /// Its frame.
    #[strum(serialize = "overlay.border")]
    OverlayBorder,
    /// Its title, and headings in it.
    #[strum(serialize = "overlay.title")]
    OverlayTitle,
    /// The chosen line of a list in it.
    #[strum(serialize = "overlay.selected")]
    OverlaySelected,
}

impl Role {
    /// The next broader role. `None`: this is the broadest.
    pub fn broader(self) -> Option<Self> {
        let name = self.to_string();
        let mut name = name.as_str();
        while let Some((shorter, _)) = name.rsplit_once('.') {
            if let Ok(role) = Self::from_str(shorter) {
                return Some(role);
            }
            name = shorter;
        }
        (self != Self::Text).then_some(Self::Text)
    }
}

impl From<Tone> for Role {
    fn from(tone: Tone) -> Self {
        match tone {
            Tone::Plain => Self::Tone,
            Tone::Muted => Self::ToneMuted,
            Tone::Good => Self::ToneGood,
            Tone::Busy => Self::ToneBusy,
            Tone::Warn => Self::ToneWarn,
            Tone::Bad => Self::ToneBad,
        }
    }
}

impl From<Token> for Role {
    fn from(token: Token) -> Self {
        match token {
            Token::Key => Self::YamlKey,
            Token::Text => Self::YamlString,
            Token::Number => Self::YamlNumber,
            Token::Bool | Token::Null => Self::YamlConstant,
            Token::Comment => Self::YamlComment,
            Token::Punctuation => Self::YamlPunctuation,
        }
    }
}

impl From<Look> for Role {
    fn from(look: Look) -> Self {
        match look {
            Look::Tone(tone) => tone.into(),
            Look::Title => Self::TextTitle,
            Look::Label => Self::TextLabel,
            Look::Token(token) => token.into(),
            Look::Source => Self::TextSource,
            Look::Match => Self::TextMatch,
            Look::CurrentMatch => Self::TextMatchCurrent,
            Look::Selected => Self::TextSelected,
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_role_falls_back_to_text_by_its_dotted_name() {
        let chain = |role: Role| {
            std::iter::successors(Some(role), |r| r.broader()).map(|r| r.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(chain(Role::TableRowSelected), ["table.row.selected", "table.row", "table", "text"]);
        assert_eq!(chain(Role::TableCellChanged), ["table.cell.changed", "table", "text"]);
        assert_eq!(chain(Role::HintKey), ["hint.key", "hint", "text"]);
        for role in Role::iter() {
            assert_eq!(chain(role).last().map(String::as_str), Some("text"));
            assert_eq!(Role::from_str(&role.to_string()), Ok(role));
        }
    }
}
