//! Exposition text in, numbers out: what proxies say of their traffic, kept over time.
//!
//! [`read`] takes the bytes of a scrape as they arrive and gives a [`Scrape`]; a [`Store`] takes scrapes of many pods and
//! answers for any set of them: rates, quantiles, tables, lines of a chart. Nothing here knows a task, a client or a clock.

pub mod read;
pub mod scrape;
pub mod series;
pub mod store;
pub mod view;

pub use scrape::{Missed, Scrape, Scraped, Want};
pub use store::Store;
