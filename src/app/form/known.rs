//! What the app knows that a form goes by: clusters and their ids, names that are taken, and who would act.

use std::collections::BTreeSet;

use crate::app::command::Command;
use crate::app::keeping::State;
use crate::app::model::App;
use crate::app::screen::Screen;
use crate::model::holder::Holder;
use crate::model::name::ClusterName;
use crate::model::name::Kind;
use crate::model::snapshot::{Keeper, KindState, Link, Snapshot};
use crate::model::table::Tone;
use crate::routing::ServerMtls;

/// What a form goes by beside the object.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The open clusters, each of which could hold a gateway.
    pub clusters: Vec<Holding>,
    /// Ids that `spec.clusterIds` may name.
    pub ids: Vec<String>,
    /// How clients get along with each server of an existing gateway, with two-way TLS on and off; `None`: not known.
    pub servers: Option<Box<Servers>>,
}

/// The servers of a gateway, with and without the label of two-way TLS.
#[derive(Clone, Debug, Default)]
pub struct Servers {
    /// With it.
    pub on: Vec<ServerMtls>,
    /// Without it.
    pub off: Vec<ServerMtls>,
}

/// A cluster that could hold a gateway.
#[derive(Clone, Debug)]
pub struct Holding {
    /// The cluster.
    pub cluster: ClusterName,
    /// Namespace and name of the gateways that it holds.
    pub taken: BTreeSet<(String, String)>,
    /// Versions in which it serves the kind.
    pub served: Vec<String>,
    /// Whether the kind is known not to be served: nothing can be made there.
    pub absent: bool,
    /// Whether ASM keeps its gateways: that wants ids of clusters.
    pub is_asm: bool,
    /// Whether egret refuses to write there.
    pub read_only: bool,
    /// Who acts on gateways there, or what has to be done first.
    pub acts: (Tone, String),
}

impl Known {
    /// One of the clusters.
    pub fn of(&self, cluster: &ClusterName) -> Option<&Holding> {
        self.clusters.iter().find(|holding| holding.cluster == *cluster)
    }
}

impl App {
    /// What a form goes by now.
    pub fn known(&self) -> Known {
        let written = self.clusters.iter().flat_map(|s| s.istio_gateways.iter());
        let written = written.flat_map(|row| row.gateway.spec.cluster_ids.clone().unwrap_or_default());
        let configured = self.settings.cluster_ids.ids().map(str::to_owned);
        // Only the demo's clusters are named by their contexts; elsewhere an id that nobody gave leads nowhere (R2).
        let open = self.clusters.iter().filter(|_| self.demo.is_some()).map(|s| s.cluster.to_string());
        let ids: BTreeSet<String> = configured.chain(written).chain(open).collect();
        let ids = ids.into_iter().collect();
        let clusters = self.clusters.iter().map(|s| self.holding(s)).collect();
        Known { clusters, ids, servers: None }
    }

    fn holding(&self, s: &Snapshot) -> Holding {
        let taken =
            s.istio_gateways.iter().map(|row| (row.meta.namespace.to_string(), row.meta.name.to_string()));
        // Who keeps them is known a moment before the list of a kind that was just installed.
        let unlisted = matches!(s.kinds.get(&Kind::IstioGateway), Some(KindState::Absent));
        let absent = match s.facts.keeper {
            Keeper::Nobody => true,
            Keeper::Unknown => unlisted,
            _ => false,
        };
        Holding {
            cluster: s.cluster.clone(),
            taken: taken.collect(),
            served: s.facts.served_versions.iter().map(ToString::to_string).collect(),
            absent,
            is_asm: s.facts.keeper == Keeper::Asm,
            read_only: self.is_read_only(&s.cluster),
            acts: self.acts(s, absent),
        }
    }

    /// Who acts on gateways of a cluster, and the way where nobody does (R4).
    fn acts(&self, s: &Snapshot, absent: bool) -> (Tone, String) {
        const OR: &str = "or run `egret install`";
        // The keys of another screen: here they are letters.
        let key = |command| self.keymap.keys(command).first().map(ToString::to_string).unwrap_or_default();
        let (install, keep) = (key(Command::Install), key(Command::Keep));
        let cluster = &s.cluster;
        if !matches!(s.link, Link::Ready) {
            let text =
                format!("{cluster} does not answer now: who keeps gateways there is as it was last seen.");
            return (Tone::Warn, text);
        }
        if matches!(self.keeping.get(cluster).map(|k| &k.state), Some(State::Leading(_))) {
            return (
                Tone::Good,
                format!("This screen keeps the gateways of {cluster}: it acts as soon as this is made."),
            );
        }
        match (&s.facts.keeper, &s.facts.holder) {
            _ if absent => {
                let way = format!(
                    "`{install}` on Clusters installs the CRD and `{keep}` keeps from this screen, {OR}."
                );
                let text = format!(
                    "Nobody keeps gateways in {cluster}: it does not know IstioGateway, and this cannot be made before. {way}"
                );
                (Tone::Warn, text)
            }
            (Keeper::Egret, Holder::Held(by)) => {
                (Tone::Muted, format!("egret keeps the gateways of {cluster} ({}): it acts.", by.identity))
            }
            (Keeper::Egret, Holder::Nobody) => {
                let way = format!("`{keep}` on Clusters keeps from this screen, {OR}.");
                (
                    Tone::Warn,
                    format!(
                        "Nobody acts on gateways in {cluster} now: this would be stored and stay a wish. {way}"
                    ),
                )
            }
            (Keeper::Egret, Holder::Silent { by, .. }) => {
                let way = format!("`{keep}` on Clusters keeps from this screen, {OR}.");
                let who = &by.identity;
                (
                    Tone::Warn,
                    format!("{who} keeps the gateways of {cluster} and is silent: nobody may act. {way}"),
                )
            }
            (Keeper::Egret, Holder::Unknown(fault)) => {
                (Tone::Warn, format!("Whether anybody acts in {cluster} cannot be seen: {}.", fault.summary))
            }
            (Keeper::Egret, Holder::Unread) => {
                (Tone::Muted, format!("egret keeps the gateways of {cluster}."))
            }
            (Keeper::Asm, _) => {
                (Tone::Muted, format!("ASM keeps the gateways of {cluster}: it acts, not egret."))
            }
            (Keeper::Other, _) => {
                let text =
                    format!("Somebody else serves IstioGateway in {cluster}: that one acts, not egret.");
                (Tone::Warn, text)
            }
            (Keeper::Unknown | Keeper::Nobody, _) => {
                (Tone::Warn, format!("Who keeps gateways in {cluster} is not known."))
            }
        }
    }

    /// Brings what the form in front goes by up to date.
    pub(in crate::app) fn refresh_form(&mut self) {
        let known = self.known();
        if let Screen::Form(form) = self.screen_mut() {
            let servers = form.known.servers.take();
            form.known = Known { servers, ..known };
            form.judge();
        }
    }
}
