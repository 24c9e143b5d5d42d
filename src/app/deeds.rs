//! The commands that change a cluster: whether they apply, and the deeds they ask for.

use std::sync::Arc;

use super::command::Command;
use super::deed::{Deed, Named, What};
use super::effect::Effect;
use super::model::App;
use crate::materialize::names::{CLUSTERS, PAUSED};
use crate::materialize::statistics;
use crate::model::gateway::{Direction, GatewayRow, Origin};
use crate::model::name::{ClusterName, Kind};
use crate::model::snapshot::Keeper;
use crate::model::table::Tone;

impl App {
    /// Whether a command that changes a cluster can do so now, and if not, why.
    pub(super) fn deed_applies(&self, command: Command) -> Result<(), String> {
        match command {
            Command::Install | Command::Keep => self.cluster_deed_applies(command),
            _ => self.gateway_deed_applies(command),
        }
    }

    fn cluster_deed_applies(&self, command: Command) -> Result<(), String> {
        let cluster = self.acting_on().ok_or("no row is selected")?;
        let name = &cluster.cluster;
        let ours = self.keeps(name);
        if command == Command::Keep && ours {
            return Ok(());
        }
        self.may_write(name)?;
        match (command, cluster.facts.keeper) {
            (Command::Keep, Keeper::Egret) => Ok(()),
            (Command::Keep, Keeper::Nobody) => {
                Err(format!("{name} serves no IstioGateway; {} installs it", self.key_of(Command::Install)))
            }
            (Command::Install, Keeper::Nobody) => Ok(()),
            (Command::Install, Keeper::Egret) => Err("the CRD is there, and is egret's".to_owned()),
            (_, Keeper::Asm) => Err(format!("ASM keeps the gateways of {name}")),
            (_, Keeper::Other) => Err(format!("somebody else keeps the gateways of {name}")),
            (_, Keeper::Unknown) => Err(format!("it is not known who keeps the gateways of {name}")),
            _ => Ok(()),
        }
    }

    fn gateway_deed_applies(&self, command: Command) -> Result<(), String> {
        let row = self.gateway_here().ok_or("no gateway is selected")?;
        let home = self.home_of(&row);
        self.may_write(&home)?;
        match self.keeper_of(&home) {
            // An edit of the CR, which whoever keeps the gateway acts on.
            Keeper::Egret | Keeper::Asm | Keeper::Other if command == Command::Statistics => {}
            Keeper::Egret => {}
            Keeper::Asm => return Err(format!("ASM keeps the gateways of {home}")),
            Keeper::Other => return Err(format!("somebody else keeps the gateways of {home}")),
            Keeper::Nobody if command == Command::Adopt => {
                return Err(format!("{home} serves no IstioGateway: install it in the clusters table first"));
            }
            Keeper::Nobody | Keeper::Unknown => {
                return Err(format!("egret does not keep the gateways of {home}"));
            }
        }
        let is_cr = row.origin == Origin::IstioGateway;
        match command {
            Command::Adopt if is_cr => Err("it is an IstioGateway already".to_owned()),
            Command::Adopt if row.origin == Origin::GatewayApi => {
                Err("it is of the Gateway API, whose controller makes its objects".to_owned())
            }
            Command::Adopt => match &row.workload {
                Some(workload) if workload.kind == Kind::Deployment => Ok(()),
                _ => Err("only a gateway with a Deployment can be adopted".to_owned()),
            },
            Command::Statistics if !is_cr => Err(format!(
                "it is no IstioGateway; whoever made it may set the annotation {} on its pods",
                statistics::ANNOTATION
            )),
            _ if !is_cr => Err("it is no IstioGateway".to_owned()),
            Command::ForgetCluster if self.recorded(&row).is_empty() => {
                Err("it has objects in no other cluster".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn may_write(&self, cluster: &ClusterName) -> Result<(), String> {
        if self.is_read_only(cluster) { Err(format!("{cluster} is read-only here")) } else { Ok(()) }
    }

    /// Ids of the other clusters on the record of a gateway.
    pub(super) fn recorded(&self, row: &GatewayRow) -> Vec<String> {
        let record = row.cr.as_ref().and_then(|cr| cr.gateway.annotation(CLUSTERS));
        let record = record.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        record.and_then(|r| Some(r.as_object()?.keys().cloned().collect())).unwrap_or_default()
    }

    /// Asks for what a command means here.
    pub(super) fn deed_command(&mut self, command: Command, argument: &str) -> Vec<Effect> {
        let deed = match command {
            Command::Install | Command::Keep => self.cluster_deed(command),
            _ => self.gateway_deed(command, argument.trim()),
        };
        match deed {
            Ok(deed) => self.ask(deed),
            Err(why) => {
                self.say(Tone::Warn, format!("{command}: {why}"));
                Vec::new()
            }
        }
    }

    fn cluster_deed(&self, command: Command) -> Result<Deed, String> {
        let cluster = self.acting_on().ok_or("no row is selected")?.cluster.clone();
        let what = match command {
            Command::Install => What::Install,
            _ if self.keeps(&cluster) => What::StopKeeping,
            _ => What::Keep,
        };
        Ok(Deed { cluster, what })
    }

    fn gateway_deed(&self, command: Command, argument: &str) -> Result<Deed, String> {
        let row = self.gateway_here().ok_or("no gateway is selected")?;
        let cluster = self.home_of(&row);
        if command == Command::Adopt {
            let workload = row.workload.as_ref().ok_or("it has no Deployment")?;
            let deployment =
                Named { namespace: workload.meta.namespace.clone(), name: workload.meta.name.clone() };
            let service = row.service.as_ref().map(|service| service.meta.name.clone());
            let direction = if row.direction == Direction::Ingress { "ingress" } else { "egress" };
            return Ok(Deed {
                cluster: row.id.cluster.clone(),
                what: What::Adopt { deployment, service, direction },
            });
        }
        let cr = row.cr.as_ref().ok_or("it is no IstioGateway")?;
        let named = Named { namespace: cr.meta.namespace.clone(), name: cr.meta.name.clone() };
        let is_paused = cr.gateway.annotation(PAUSED) == Some("true");
        let what = match command {
            Command::ReconcileNow => What::ReconcileNow(named),
            Command::Pause if is_paused => What::Resume(named),
            Command::Pause => What::Pause(named),
            Command::Roll => What::Roll(named),
            Command::Statistics => What::Statistics(named),
            Command::Release => What::Release(named),
            _ => What::Forget(named, self.to_forget(&row, argument)?),
        };
        Ok(Deed { cluster, what })
    }

    fn to_forget(&self, row: &Arc<GatewayRow>, id: &str) -> Result<String, String> {
        let recorded = self.recorded(row);
        match recorded.as_slice() {
            _ if recorded.iter().any(|known| known == id) => Ok(id.to_owned()),
            [only] if id.is_empty() => Ok(only.clone()),
            _ => Err(format!("which one? On its record are {}", recorded.join(", "))),
        }
    }
}
