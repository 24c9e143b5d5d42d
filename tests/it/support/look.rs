//! How a terminal looks and is set, beside its text.

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::pty::{Pty, Seen};

impl Seen {
    /// Whether a text on the screen is underlined, as changed cells are.
    pub fn is_marked(&self, text: &str) -> bool {
        let screen = self.emulated();
        let (rows, columns) = screen.size();
        (0..rows).any(|row| {
            let line: Vec<&vt100::Cell> = (0..columns).filter_map(|c| screen.cell(row, c)).collect();
            let found = (0..line.len()).find(|at| {
                let rest: String = line[*at..].iter().map(|c| c.contents()).take(text.len()).collect();
                rest.starts_with(text)
            });
            found.is_some_and(|at| line[at].underline())
        })
    }
}

impl Pty {
    /// Whether the program left line editing and echo to the terminal, as a shell finds it.
    pub fn is_cooked(&self) -> bool {
        let modes = tcgetattr(self.master()).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Everything that is set in the terminal, to be compared.
    pub fn modes(&self) -> String {
        let t = tcgetattr(self.master()).unwrap();
        format!("{:?} {:?} {:?} {:?}", t.input_modes, t.output_modes, t.control_modes, t.local_modes)
    }

    /// Gives the terminal the modes that a shell sets for itself: line editing and echo on.
    pub fn cook(&self) {
        let mut t = tcgetattr(self.master()).unwrap();
        t.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        tcsetattr(self.master(), OptionalActions::Now, &t).unwrap();
    }

    /// Whether a text on the screen is underlined, as changed cells are.
    pub fn marked(&self, text: &str) -> bool {
        self.seen().is_marked(text)
    }

    /// The rows of the screen in which a cell is drawn in reverse.
    pub fn rows_in_reverse(&self) -> Vec<u16> {
        let seen = self.seen();
        let screen = seen.emulated();
        let (rows, columns) = screen.size();
        let reverse = |row: u16, column: u16| screen.cell(row, column).is_some_and(vt100::Cell::inverse);
        (0..rows).filter(|row| (0..columns).any(|column| reverse(*row, column))).collect()
    }
}
