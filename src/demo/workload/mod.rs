//! Controllers, scheduler and kubelets of a simulated cluster. (Being written.)
use super::state::State;
use super::store::Key;

/// What is due at its moment.
#[derive(Clone, Debug)]
pub enum Work {
    /// An object changed: those who watch it act.
    React(Key),
}

/// What controllers remember between two pieces of work.
#[derive(Clone, Debug, Default)]
pub struct Memory {}

/// Does what is due.
pub fn due(_state: &mut State, work: Work) {
    match work {
        Work::React(_) => {}
    }
}
