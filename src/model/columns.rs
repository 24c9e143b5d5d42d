//! stub
use super::snapshot::Link;
use super::table::*;
use jiff::Timestamp;
use std::cmp::Ordering;
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Symbol {
    Running,
}
impl Symbol {
    pub fn unicode(self) -> &'static str {
        "●"
    }
    pub fn ascii(self) -> &'static str {
        "*"
    }
}
pub fn columns(_k: TableKind) -> &'static [Column] {
    &[]
}
pub fn symbol(_i: &Item) -> Option<Symbol> {
    None
}
pub fn explain(_i: &Item, _n: Timestamp) -> [String; 2] {
    Default::default()
}
pub fn compare(_a: &SortKey, _b: &SortKey, _r: bool) -> Ordering {
    Ordering::Equal
}
pub fn link_words(_l: &Link) -> Option<(Tone, String)> {
    None
}
