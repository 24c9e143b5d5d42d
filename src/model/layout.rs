//! stub
use super::table::Column;
pub struct Fitted {
    pub shown: Vec<(usize, u16)>,
    pub hidden: usize,
}
pub fn fit(_: &[Column], _: bool, _: Option<&[String]>, _: u16, _: &[u16]) -> Fitted {
    Fitted { shown: vec![], hidden: 0 }
}
pub fn text_width(s: &str) -> u16 {
    unicode_width::UnicodeWidthStr::width(s) as u16
}
