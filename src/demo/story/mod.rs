//! The clusters of `egret demo`. (Being written.)
use super::world::{World, begin};

/// The world of the demo.
pub fn world(_seed: u64, speed: f64) -> World {
    World::new(Vec::new(), begin(), speed)
}
