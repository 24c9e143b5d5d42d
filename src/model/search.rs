//! stub
use std::ops::Range;
#[derive(Debug)]
pub struct Search;
impl Search {
    pub fn new(_: &str) -> Result<Self, String> {
        Ok(Self)
    }
    pub fn matches(&self, _: &str) -> Vec<Range<usize>> {
        vec![]
    }
}
