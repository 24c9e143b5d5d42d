//! From the state to bytes on their way to the terminal.

use std::io;
use std::time::Instant;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::line::QUESTION;
use super::looping::{Effects, Loop};
use super::painter::Painted;
use super::terminal;
use crate::app::views::Print;
use crate::ui;

impl<E: Effects> Loop<'_, E> {
    /// The bytes of the screen as it is now.
    fn frame(&mut self) -> io::Result<Option<Painted>> {
        self.app.settle();
        // Only now it is known what is selected.
        for effect in self.app.ask_for_rights() {
            self.effects.start(effect);
        }
        let (app, look) = (&*self.app, &self.look);
        let drawn = self.painter.frame(self.line.room(), |buffer| ui::draw(app, look, buffer))?;
        self.still = app.held.is_some().then(|| self.painter.wanted().clone());
        Ok(drawn)
    }

    /// The bytes of a screen that stands still: none, but for an answer to a key.
    fn frame_behind(&mut self) -> io::Result<Option<Painted>> {
        self.app.settle_behind();
        let (app, look) = (&*self.app, &self.look);
        let Some(still) = &self.still else { return Ok(None) };
        self.painter.frame(self.line.room(), |buffer| {
            buffer.content.clone_from(&still.content);
            ui::still::say_over(app, look, buffer);
            None
        })
    }

    /// The title, where it is asked for and another one now. A screen that stands still keeps its own.
    fn new_title(&self) -> Option<String> {
        let title = (self.app.settings.title && self.still.is_none()).then(|| self.app.title())?;
        (self.title.as_ref() != Some(&title) || !terminal::is_titled()).then_some(title)
    }

    /// Writes what is to be seen now, if anything of it is not seen yet.
    pub(super) fn paint(&mut self) -> io::Result<()> {
        self.dirty = false;
        let mut out = std::mem::take(&mut self.raw);
        if self.app.held.is_none() {
            self.still = None;
        }
        let drawn = if self.still.is_some() { self.frame_behind()? } else { self.frame()? };
        for dump in std::mem::take(&mut self.dumps) {
            self.effects.dump(dump, self.painter.wanted().clone());
        }
        if let Some(frame) = drawn {
            out.extend(frame.bytes);
            self.dirty = frame.is_part;
        }
        if let Some(title) = self.new_title() {
            out.extend(terminal::title(&title));
            self.title = Some(title);
        } else if !self.app.settings.title && self.title.take().is_some() {
            out.extend(terminal::untitled());
        }
        if !out.is_empty() {
            let now = Instant::now();
            let asks = self.line.asks(now, out.len());
            if asks {
                out.extend_from_slice(QUESTION);
            }
            self.line.sent(now, out.len(), asks);
        }
        if out.is_empty() && self.line.probes() {
            out.extend_from_slice(QUESTION);
            self.line.sent(Instant::now(), out.len(), true);
        }
        if out.is_empty() {
            return Ok(());
        }
        self.writing = true;
        if self.frames.try_send(out).is_err() {
            // Cannot be: nothing is under way. Drawing all of it again puts it right.
            self.painter.reset(self.app.size);
            self.dirty = true;
        }
        Ok(())
    }

    /// The screen as it is to be seen now.
    pub(super) fn screen_now(&mut self) -> Buffer {
        if let Some(still) = &self.still {
            return still.clone();
        }
        self.app.settle();
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.app.size.0, self.app.size.1));
        ui::draw(self.app, &self.look, &mut buffer);
        buffer
    }

    /// The screen as it is left: what a palette or a question covered is seen again.
    pub(super) fn last_screen(&mut self, form: Print) -> String {
        self.app.overlay = None;
        self.app.notice = None;
        let screen = self.screen_now();
        match form {
            Print::Text => ui::still::text(&screen),
            Print::Svg => ui::svg::svg(&screen),
        }
    }
}
