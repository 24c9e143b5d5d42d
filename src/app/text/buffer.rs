//! A text of many lines that is edited: the engine holds its lines, its cursor, its selection and the edits that undo
//! takes back. What one action of a person is, is told here: the engine knows single edits only.

use std::collections::VecDeque;

use tui_textarea::{CursorMove, TextArea};
use unicode_segmentation::UnicodeSegmentation;

/// Most lines, and most characters of a line: the engine's cursor is sent to places by two bytes each.
pub const MOST: usize = 60_000;

/// Single edits that are kept, so that [`STEPS`] steps of the longest kind are.
const EDITS: usize = STEPS * LONGEST;

/// Steps that can be undone, at least.
pub const STEPS: usize = 10_000;

/// Most single edits of one step: a long word is undone in pieces, so that no undo takes long.
const LONGEST: usize = 32;

/// A place between two characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 0.
    pub line: usize,
    /// Characters before it in the line.
    pub column: usize,
}

impl Place {
    /// That place.
    pub fn new(line: usize, column: usize) -> Self {
        Self { line, column }
    }
}

/// What an edit is, to tell which of them are one step together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// A letter was typed.
    Word,
    /// A space was typed: a word and the space before it are one step.
    Space,
    /// Something was taken away before the cursor.
    Erase,
    /// Something was taken away behind it.
    Delete,
    /// A step of its own.
    Alone,
}

impl Run {
    /// Whether an edit goes on with the step of an edit before it.
    fn goes_on(self, before: Self) -> bool {
        use Run as R;
        matches!(
            (before, self),
            (R::Word | R::Space, R::Word)
                | (R::Space, R::Space)
                | (R::Erase, R::Erase)
                | (R::Delete, R::Delete)
        )
    }
}

/// Lines that an edit put in the place of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The first of them.
    pub line: usize,
    /// How many there were.
    pub gone: usize,
    /// How many there are.
    pub come: usize,
}

impl Touched {
    fn back(self) -> Self {
        Self { gone: self.come, come: self.gone, ..self }
    }
}

/// Cursor, and where the selection began.
type Spot = (Place, Option<Place>);

/// What one action did.
#[derive(Clone, Debug)]
struct Step {
    edits: usize,
    before: Spot,
    after: Spot,
    run: Run,
    touched: Vec<Touched>,
}

/// A text that is edited.
#[derive(Debug)]
pub struct Buffer {
    area: TextArea<'static>,
    done: VecDeque<Step>,
    undone: Vec<Step>,
    /// Edits of all steps that are done.
    edits: usize,
    revision: u64,
    touched: Vec<Touched>,
}

impl Buffer {
    /// That text, the cursor at its beginning.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(unix(text).split('\n').map(str::to_owned).collect());
        area.set_max_histories(EDITS);
        Self { area, done: VecDeque::new(), undone: Vec::new(), edits: 0, revision: 0, touched: Vec::new() }
    }

    /// Its lines: at least one.
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// A line; empty behind the last.
    pub fn line(&self, at: usize) -> &str {
        self.lines().get(at).map_or("", String::as_str)
    }

    /// The number of the last line.
    pub fn last(&self) -> usize {
        self.lines().len() - 1
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// Changes with every edit.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The lines that were touched since this was asked, in order.
    pub fn take_touched(&mut self) -> Vec<Touched> {
        std::mem::take(&mut self.touched)
    }

    /// The cursor.
    pub fn cursor(&self) -> Place {
        let at = self.area.cursor();
        Place::new(at.0, at.1)
    }

    /// Where the selection begins and ends; none when nothing is selected.
    pub fn selection(&self) -> Option<(Place, Place)> {
        let ((a, b), (c, d)) = self.area.selection_range()?;
        let (start, end) = (Place::new(a, b), Place::new(c, d));
        (start != end).then_some((start, end))
    }

    fn spot(&self) -> Spot {
        let at = self.cursor();
        let anchor = self.selection().map(|(start, end)| if start == at { end } else { start });
        (at, anchor)
    }

    /// The place nearest to that one.
    pub fn within(&self, at: Place) -> Place {
        let line = at.line.min(self.last());
        Place::new(line, at.column.min(length(self.line(line))))
    }

    /// Sends the cursor to a place; `selecting`: the selection goes with it.
    pub fn move_to(&mut self, at: Place, selecting: bool) {
        match (selecting, self.area.is_selecting()) {
            (true, false) => self.area.start_selection(),
            (false, _) => self.area.cancel_selection(),
            _ => {}
        }
        let at = self.within(at);
        let short = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(short(at.line), short(at.column)));
    }

    /// Selects from one place to another, where the cursor is then.
    pub fn select(&mut self, from: Place, to: Place) {
        self.move_to(from, false);
        self.move_to(to, true);
    }

    fn put(&mut self, (at, anchor): Spot) {
        match anchor {
            Some(anchor) => self.select(anchor, at),
            None => self.move_to(at, false),
        }
    }

    /// The text between two places.
    pub fn between(&self, start: Place, end: Place) -> String {
        if start.line == end.line {
            let line = self.line(start.line);
            return line[byte(line, start.column)..byte(line, end.column)].to_owned();
        }
        let (first, last) = (self.line(start.line), self.line(end.line));
        let mut text = first[byte(first, start.column)..].to_owned();
        for line in start.line + 1..end.line {
            text.push('\n');
            text.push_str(self.line(line));
        }
        text.push('\n');
        text.push_str(&last[..byte(last, end.column)]);
        text
    }

    /// Puts a text in the place of what is between two places; the cursor is behind it then. Tells whether it could:
    /// there is a longest text.
    pub fn replace(&mut self, (start, end): (Place, Place), text: &str, run: Run) -> bool {
        let (start, end) = (self.within(start), self.within(end));
        let (start, end) = (start.min(end), start.max(end));
        let text = unix(text);
        let come = text.matches('\n').count() + 1;
        let gone = end.line - start.line + 1;
        if start == end && text.is_empty() || self.lines().len() - gone + come > MOST {
            return start == end && text.is_empty();
        }
        let longest = text.split('\n').map(length).max().unwrap_or(0);
        if start.column + longest + length(self.line(end.line)) - end.column > MOST {
            return false;
        }
        let before = self.spot();
        self.select(start, end);
        self.area.insert_str(&*text);
        self.area.cancel_selection();
        let edits = usize::from(start != end) + usize::from(!text.is_empty());
        let touched = Touched { line: start.line, gone, come };
        let after = self.spot();
        self.note(Step { edits, before, after, run, touched: vec![touched] });
        self.touched.push(touched);
        true
    }

    /// What is selected, or the cursor's place twice.
    pub fn selected(&self) -> (Place, Place) {
        self.selection().unwrap_or((self.cursor(), self.cursor()))
    }

    /// As [`Self::replace`], of what is selected.
    pub fn insert(&mut self, text: &str, run: Run) -> bool {
        self.replace(self.selected(), text, run)
    }

    /// Selects after an action; a part of its step, so that redo selects it too.
    pub fn select_after(&mut self, from: Place, to: Place) {
        self.select(from, to);
        let spot = self.spot();
        if let Some(step) = self.done.back_mut() {
            step.after = spot;
        }
    }

    fn note(&mut self, step: Step) {
        self.revision += 1;
        self.undone.clear();
        self.edits += step.edits;
        match self.done.back_mut() {
            Some(last)
                if step.run.goes_on(last.run)
                    && last.after == step.before
                    && step.before.1.is_none()
                    && last.edits + step.edits <= LONGEST =>
            {
                last.edits += step.edits;
                last.after = step.after;
                last.run = step.run;
                last.touched.extend(step.touched);
            }
            _ => self.done.push_back(step),
        }
        // The engine forgets the oldest edits then; a step is undone whole or not at all.
        while self.edits > EDITS
            && let Some(oldest) = self.done.pop_front()
        {
            self.edits -= oldest.edits;
        }
    }

    /// What is typed next is a step of its own.
    pub fn seal(&mut self) {
        self.go_on(Run::Alone);
    }

    /// What is typed next goes on with the last step as if that were such a run.
    pub fn go_on(&mut self, run: Run) {
        if let Some(last) = self.done.back_mut() {
            last.run = run;
        }
    }

    /// Whether there is a step to take back.
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    /// Whether there is a step to make again.
    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// Takes the last step back; tells whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(step) = self.done.pop_back() else { return false };
        for _ in 0..step.edits {
            self.area.undo();
        }
        self.edits -= step.edits;
        self.revision += 1;
        self.touched.extend(step.touched.iter().rev().map(|t| t.back()));
        self.put(step.before);
        self.undone.push(step);
        true
    }

    /// Makes the step again that was taken back last; tells whether there was one.
    pub fn redo(&mut self) -> bool {
        let Some(step) = self.undone.pop() else { return false };
        for _ in 0..step.edits {
            self.area.redo();
        }
        self.edits += step.edits;
        self.revision += 1;
        self.touched.extend(&step.touched);
        self.put(step.after);
        self.done.push_back(step);
        self.seal();
        true
    }
}

/// Line ends as they are here.
fn unix(text: &str) -> std::borrow::Cow<'_, str> {
    match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n").into(),
        false => text.into(),
    }
}

/// Characters of a line.
pub fn length(line: &str) -> usize {
    if line.is_ascii() { line.len() } else { line.chars().count() }
}

/// The byte before which so many characters are.
pub fn byte(line: &str, column: usize) -> usize {
    if line.is_ascii() {
        return column.min(line.len());
    }
    line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}

/// Characters before a byte.
pub fn column(line: &str, byte: usize) -> usize {
    length(&line[..byte])
}

/// Where the character begins that a person sees before this column.
pub fn before(line: &str, column: usize) -> usize {
    let head = &line[..byte(line, column)];
    column - head.graphemes(true).next_back().map_or(0, |g| g.chars().count())
}

/// Where the character ends that a person sees behind this column.
pub fn behind(line: &str, column: usize) -> usize {
    let tail = &line[byte(line, column)..];
    column + tail.graphemes(true).next().map_or(0, |g| g.chars().count())
}

#[cfg(test)]
mod tests {
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
}
