//! stub
use super::fault::Fault;
use serde_json::Value;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Key,
}
pub fn to_yaml(_: &Value, _: bool) -> Result<String, Fault> {
    Ok(String::new())
}
pub mod lines {
    use std::ops::Range;
    #[derive(Default)]
    pub struct State;
    pub fn spans(l: &str, _: &mut State) -> Vec<(Range<usize>, super::Token)> {
        vec![(0..l.len(), super::Token::Key)]
    }
}
