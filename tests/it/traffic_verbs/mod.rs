//! `egret metrics` and `egret replay`: what they print, what they record, and that a recording shows again what was seen.

mod print;
mod record;
mod replay;
mod support;
