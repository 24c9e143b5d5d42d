//! A stream cut into lines, whatever the chunks it comes in.

/// Longest line that is read; a longer one is lost, and counted.
pub(super) const LONGEST: usize = 64 * 1024;

/// Cuts lines; holds at most the one that is not complete.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    /// The line under way is longer than [`LONGEST`]: what is left of it is thrown away.
    too_long: bool,
}

impl Lines {
    /// Takes a chunk and gives the lines that are complete with it, without their end; `None`: one was too long.
    pub(super) fn push(&mut self, chunk: &[u8], mut line: impl FnMut(Option<&[u8]>)) {
        let mut rest = chunk;
        if !self.partial.is_empty() || self.too_long {
            let Some(end) = memchr::memchr(b'\n', rest) else {
                return self.keep(rest);
            };
            let (head, tail) = rest.split_at(end);
            self.keep(head);
            self.end(&mut line);
            rest = tail.get(1..).unwrap_or_default();
        }
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', rest) {
            let whole = rest.get(from..end).unwrap_or_default();
            line((whole.len() <= LONGEST).then_some(whole));
            from = end + 1;
        }
        self.keep(rest.get(from..).unwrap_or_default());
    }

    /// There are no more chunks: a last line need not have an end.
    pub(super) fn finish(mut self, mut line: impl FnMut(Option<&[u8]>)) {
        if !self.partial.is_empty() || self.too_long {
            self.end(&mut line);
        }
    }

    fn keep(&mut self, part: &[u8]) {
        if self.too_long || self.partial.len() + part.len() > LONGEST {
            self.too_long = true;
            self.partial.clear();
        } else {
            self.partial.extend_from_slice(part);
        }
    }

    fn end(&mut self, line: &mut impl FnMut(Option<&[u8]>)) {
        line((!self.too_long).then_some(&self.partial));
        self.partial.clear();
        self.too_long = false;
    }
}
