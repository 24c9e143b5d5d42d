//! Simulated clusters as the TUI's: the world behind the contexts.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use kube::client::Body;
use tower::util::BoxCloneSyncService;

use super::Clusters;
use crate::app::tour;
use crate::cluster::clock::Clock;
use crate::cluster::kubeconfig::Contexts;
use crate::demo::fault::Rule;
use crate::demo::story;
use crate::demo::world::World;
use crate::model::name::ClusterName;

/// How long an answer of a simulated cluster may take.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// How long a way into a simulated pod may take. It leads there: only a busy machine makes it slow.
pub const INSIDE: Duration = Duration::from_secs(10);

/// What the demo is begun with.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// What its chances are drawn from.
    pub seed: u64,
    /// Seconds of its time in one second; 0: it stands still.
    pub speed: f64,
    /// Whether the tour begins at once.
    pub tour: bool,
    /// Whether half an hour of what proxies counted is there from the start; else so much of it that there are rates.
    pub past: bool,
    /// What goes wrong from the start.
    pub faults: Vec<Rule>,
}

/// Makes the world. Must be called within a runtime: its time begins now.
pub fn begin(options: &Options) -> World {
    let world = story::world_to_come(options.seed, options.speed);
    options.faults.iter().for_each(|rule| world.faults().add(rule.clone()));
    world
}

/// The world's clusters as contexts.
pub fn contexts(world: &World) -> Contexts {
    let names = world.names().into_iter().map(ClusterName::from).collect();
    let (clock, world) = (Clock::new(Arc::new(world.clock().clone())), world.clone());
    Contexts::handed(names, clock, move |cluster| {
        let service = world.service(cluster.as_str())?;
        Some(BoxCloneSyncService::<Request<Body>, _, _>::new(service))
    })
}

/// What the screens know of it.
pub fn in_app(world: &World, clusters: &Clusters) -> tour::Demo {
    let faults = world.faults().rules().iter().map(ToString::to_string).collect();
    let tours = matches!(clusters, Clusters::Demo(options) if options.tour);
    tour::Demo { faults, tour: tours.then_some(0) }
}
