//! What a field offers to choose from, and what is said below some fields.

use std::borrow::Cow;

use super::Form;
use super::field::{Kind, Offers};
use super::rollout;
use super::value::{self, Spot};
use crate::app::palette::ranked;
use crate::model::istio_gateway::{GatewayConfiguration, KERNEL_PARAMETERS};
use crate::model::knowledge::{Knowledge, Node, Sort};
use crate::model::parameters;
use crate::model::table::Tone;
use crate::routing::{ServerMtls, breaks};

/// Lines that a list of offers shows.
pub(super) const SHOWN: usize = 6;

/// What is offered below a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Popup {
    /// What fits, best first.
    pub items: Vec<String>,
    /// The one that the cursor is on.
    pub chosen: Option<usize>,
}

impl Popup {
    /// Moves within the list; above the first it is left.
    pub(super) fn step(&mut self, by: isize) {
        let last = self.items.len().saturating_sub(1);
        self.chosen = match (self.chosen, by) {
            (None, 1..) => Some(0),
            (None | Some(0), _) if by < 0 => None,
            (Some(at), _) => Some(at.saturating_add_signed(by).min(last)),
            (None, _) => None,
        };
    }

    /// The lines that are shown: around the cursor.
    pub fn window(&self) -> (usize, &[String]) {
        let at = self.chosen.unwrap_or(0);
        let first = (at + 1).saturating_sub(SHOWN);
        (first, &self.items[first..self.items.len().min(first + SHOWN)])
    }
}

impl Form {
    /// What a place offers, whatever is typed.
    fn all_offers(&self, spot: Spot) -> Vec<String> {
        let nothing = Knowledge::default();
        let known = self.knowledge.as_ref().unwrap_or(&nothing);
        let field = spot.row();
        let column = field.kind.columns().get(spot.column);
        let of = if matches!(field.kind, Kind::Items(_)) {
            column.map_or(Offers::Nothing, |c| c.offers)
        } else {
            field.offers
        };
        let is_value = matches!(field.kind, Kind::Pairs) && spot.column == 1;
        let own = |text: &str| text.to_owned();
        let beside = |column| value::read(Spot { column, ..spot }, &self.object);
        let namespace = self.at("metadata.namespace").and_then(|v| v.as_str()).unwrap_or_default();
        let names = |all: &[(String, String)]| {
            all.iter().filter(|(ns, _)| ns == namespace).map(|(_, name)| name.clone()).collect()
        };
        match of {
            Offers::Nothing => Vec::new(),
            Offers::Namespaces => known.namespaces.clone(),
            Offers::ClusterIds => self.cluster_ids(),
            Offers::Secrets => names(&known.secrets),
            Offers::ConfigMaps => names(&known.config_maps),
            Offers::NodeLabels if is_value => known.label_values(&beside(0)).into_iter().map(own).collect(),
            Offers::NodeLabels => known.label_keys().into_iter().map(own).collect(),
            Offers::TaintKeys => {
                let mut keys: Vec<String> = known.taints().iter().map(|t| t.key.clone()).collect();
                keys.dedup();
                keys
            }
            Offers::TaintValues => {
                let key = beside(0);
                let of_key = known.taints().into_iter().filter(|t| t.key == key && !t.value.is_empty());
                let mut values: Vec<String> = of_key.map(|t| t.value.clone()).collect();
                values.dedup();
                values
            }
            Offers::Kernel | Offers::Words(_) if is_value => Vec::new(),
            Offers::Kernel => KERNEL_PARAMETERS.map(str::to_owned).to_vec(),
            Offers::Words(words) => words.iter().map(|word| own(word)).collect(),
        }
    }

    /// Offers what fits what is typed here; all, when it was asked for.
    pub(super) fn offer(&mut self, asked: bool) {
        let text = self.buffer.text();
        let typed = self.last_word(&text).trim().to_owned();
        let items = ranked(self.all_offers(self.spot), if asked { "" } else { &typed }, Clone::clone);
        // What is typed in full needs no offer, even where more begins so.
        let is_whole = items.contains(&typed);
        let offers = !items.is_empty() && (asked || !(typed.is_empty() || is_whole));
        self.popup = offers.then_some(Popup { items, chosen: None });
    }

    /// The part that an offer would replace: of words with commas between them, the last.
    fn last_word<'t>(&self, text: &'t str) -> &'t str {
        match self.spot.kind() {
            Kind::Words => text.rsplit_once(',').map_or(text, |(_, last)| last),
            _ => text,
        }
    }

    /// What would be typed with an offer taken.
    pub(super) fn taken(&self, offer: &str) -> String {
        let text = self.buffer.text();
        let kept = text.len() - self.last_word(&text).len();
        let space = if kept > 0 { " " } else { "" };
        format!("{}{space}{offer}", &text[..kept])
    }

    /// Why a place offers nothing that the cluster would know.
    pub(super) fn why_no_offers(&self, spot: Spot) -> Option<String> {
        let field = spot.row();
        let of = match field.kind {
            Kind::Items(columns) => columns.get(spot.column)?.offers,
            _ => field.offers,
        };
        let sort = match of {
            Offers::Namespaces => Sort::Namespaces,
            Offers::Secrets => Sort::Secrets,
            Offers::ConfigMaps => Sort::ConfigMaps,
            Offers::NodeLabels | Offers::TaintKeys | Offers::TaintValues => Sort::Nodes,
            _ => return None,
        };
        let fault = self.knowledge.as_ref()?.fault(sort)?;
        Some(format!("Nothing is offered here: {}.", fault.summary.trim_end_matches('.')))
    }

    /// The sentences below a field.
    pub(super) fn says(&self, field: usize) -> Vec<(Tone, String)> {
        let Some(gateway) = &self.gateway else { return Vec::new() };
        let c = &gateway.spec.configuration;
        match Spot::of(field).row().parameter {
            "Port mapping" => self.low_port(field, c).into_iter().collect(),
            "Maximum surge" => match rollout::sentence(gateway) {
                Ok(text) if text.is_empty() => Vec::new(),
                Ok(text) => vec![(Tone::Muted, text)],
                Err(why) => vec![(Tone::Bad, why)],
            },
            "Two-way TLS" => self.tls(c),
            "Node selector" => self.nodes("have these labels", |node| node.has(c.node_selector.as_ref())),
            "Tolerations" => {
                let all = c.tolerations.as_deref().unwrap_or_default();
                self.nodes("let the pods on", |node| node.lets_on(all))
            }
            "Affinity" => {
                let all = c.tolerations.as_deref().unwrap_or_default();
                let mut says =
                    self.nodes("are as the affinity requires", |node| node.suits(c.affinity.as_ref()));
                says.extend(self.nodes("could run a pod, all of this taken together", |node| {
                    node.has(c.node_selector.as_ref())
                        && node.suits(c.affinity.as_ref())
                        && node.lets_on(all)
                        && node.ready
                        && !node.unschedulable
                }));
                says
            }
            _ => Vec::new(),
        }
    }

    /// How many nodes are so right now.
    fn nodes(&self, how: &str, is: impl Fn(&Node) -> bool) -> Vec<(Tone, String)> {
        let Some(known) = self.knowledge.as_ref().filter(|k| k.fault(Sort::Nodes).is_none()) else {
            return Vec::new();
        };
        let (count, all) = (known.nodes.iter().filter(|node| is(node)).count(), known.nodes.len());
        let tone = if count == 0 && all > 0 { Tone::Warn } else { Tone::Muted };
        let place = if self.has_ids() { format!(" of {}", self.cluster) } else { String::new() };
        vec![(tone, format!("{count} of {all} nodes{place} {how} right now."))]
    }

    fn has_ids(&self) -> bool {
        self.at("spec.clusterIds").and_then(|v| v.as_array()).is_some_and(|ids| !ids.is_empty())
    }

    /// How a port below 1024 is listened on.
    fn low_port(&self, field: usize, c: &GatewayConfiguration) -> Option<(Tone, String)> {
        if self.spot.field != field {
            return None;
        }
        let port = c.ports.as_ref()?.get(self.spot.item)?;
        let target = match port.target()? {
            k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::Int(number) => number,
            k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::String(_) => return None,
        };
        let text = match (c.run_as_root, c.host_network) {
            _ if !(1..1024).contains(&target) => return None,
            (Some(true), _) => "below 1024: fine, the proxy runs as root",
            (_, Some(true)) => "below 1024: on the node's network only root may listen there",
            _ => "below 1024: fine, the pod gets the sysctl that lets it listen without root",
        };
        Some((Tone::Muted, text.to_owned()))
    }

    /// What two-way TLS means, for each server where that is known.
    fn tls(&self, c: &GatewayConfiguration) -> Vec<(Tone, String)> {
        let on = c.mtls_label();
        let text = if on {
            "Clients with a sidecar send mesh mTLS: servers of its Gateways need tls.mode ISTIO_MUTUAL, and a plaintext \
             HTTP server gets nothing that it understands. Pods without a sidecar cannot use it."
        } else {
            "Clients send as they would to any host: plaintext servers work, ISTIO_MUTUAL ones only where a \
             DestinationRule says so."
        };
        let mut says = vec![(Tone::Muted, text.to_owned())];
        if let Some(servers) = &self.known.servers {
            let (before, after) = if on { (&servers.off, &servers.on) } else { (&servers.on, &servers.off) };
            let broken = breaks(before, after);
            let tone = |server: &ServerMtls| match server.state().is_broken() {
                true if broken.iter().any(|b| std::ptr::eq(*b, server)) => Tone::Bad,
                true => Tone::Warn,
                false => Tone::Good,
            };
            let line = |server: &ServerMtls| {
                let hosts = server.hosts.join(", ");
                let text = format!("{} {} {hosts}: {}", server.port, server.protocol, server.state());
                (tone(server), format!("{text} – {}.", server.worst.why))
            };
            says.extend(after.iter().map(line));
        }
        says
    }

    /// What holds where a field is empty, in words.
    pub(super) fn default_of(&self, spot: Spot) -> Cow<'static, str> {
        let field = spot.row();
        if let Kind::Items(columns) = field.kind {
            return columns.get(spot.column).map_or("", |column| column.empty).into();
        }
        if !field.empty.is_empty() {
            return field.empty.into();
        }
        // A name has no default, and what is typed into a row has none of its own.
        if field.parameter.is_empty() || field.path_text() == "metadata.name" {
            return "".into();
        }
        let Some(gateway) = &self.gateway else { return "".into() };
        match parameters::default_of(field.parameter, gateway) {
            Some((value, whence)) => format!("{value} – {whence}").into(),
            None => "".into(),
        }
    }
}
