//! An `IstioGateway` as the objects that make it run: judged, built, and compared with what is there.
//!
//! Pure: the reconciler, `egret render` and the screens use the same functions. [`validate()`] says everything that is
//! wrong with a gateway at once; [`build()`] makes the objects of a valid one for one cluster; [`compare`] tells what of
//! them differs from the live ones, field by field and by meaning.
//!
//! What ASM does not publish is decided here once, in the doc comment of the function that does it (asm-api.md marks
//! such points *inferred*).

pub mod adopt;
pub mod build;
pub mod change;
pub mod compare;
pub mod fields;
pub mod forecast;
pub mod forgetting;
pub mod injection;
pub mod install;
pub mod meaning;
pub mod names;
pub mod objects;
pub mod ours;
pub mod pending;
pub mod removal;
pub mod report;
pub mod statistics;
pub mod status;
pub mod validate;

pub use build::{Owner, Site, build};
pub use objects::{Applied, Desired, Objects, Part};
pub use report::Report;
pub use validate::{Problem, validate};
