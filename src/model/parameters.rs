//! What a gateway is set to, for people: every parameter of the creation form, and what stands beside it in the CR.
//!
//! One table, `parameters/table.rs`, says where a parameter is, how it reads and what holds when it is not set. The same
//! [`Parameter`] serves gateways of other origins, filled from their own objects.

mod table;
mod text;

use std::borrow::Cow;

use super::istio_gateway::{GatewayConfiguration, IstioGateway, Protocol, ServiceType};

/// One line of what a gateway is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The part of the form it belongs to.
    pub group: Group,
    /// Its name on the form.
    pub name: &'static str,
    /// Its value in words.
    pub value: String,
    /// The field that sets it, from the top of the object. What an override sets is below `spec.overrides` instead.
    pub path: &'static str,
    /// Who says so.
    pub source: Source,
}

/// Parts of the form, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::EnumIter)]
pub enum Group {
    /// What every gateway has.
    Basic,
    /// The HorizontalPodAutoscaler.
    Autoscaling,
    /// How pods are replaced.
    #[strum(serialize = "Rolling upgrade")]
    RollingUpgrade,
    /// Which nodes run the pods.
    Scheduling,
    /// Who may talk to the proxy, and what it may do.
    Security,
    /// How the gateway is reached.
    Service,
    /// What the pods have beyond the proxy's own.
    Pods,
    /// How the proxy works.
    Proxy,
}

/// Who says what a parameter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The object itself.
    Set,
    /// Nobody: this is what then holds, and according to whom.
    Default(&'static str),
    /// The object's override for the cluster with this id.
    Override(String),
}

/// Every parameter of a gateway as it holds in one cluster; without an id, in one that no override names.
pub fn parameters(gateway: &IstioGateway, cluster_id: Option<&str>) -> Vec<Parameter> {
    let effective = gateway.spec.effective(cluster_id);
    let over = gateway.spec.override_for(cluster_id);
    let line = |row: &table::Row| {
        let own = match row.read {
            table::Read::Object(read) => read(gateway).map(|value| (value, Source::Set)),
            table::Read::Block(read) => read(&effective).map(|value| {
                // Maps are merged, so an override that has the field has had its say.
                let overridden = over.is_some_and(|over| read(over).is_some());
                let id = cluster_id.filter(|_| overridden).map(|id| Source::Override(id.to_owned()));
                (value, id.unwrap_or(Source::Set))
            }),
        };
        let (value, source) = own.unwrap_or_else(|| {
            let (value, whence) = row.otherwise.ask(gateway, &effective);
            (value.into_owned(), Source::Default(whence))
        });
        Parameter { group: row.group, name: row.name, value, path: row.path, source }
    };
    table::ROWS.iter().map(line).collect()
}

/// The fields that set the parameters, in the order of the form.
pub fn paths() -> impl Iterator<Item = &'static str> {
    table::ROWS.iter().map(|row| row.path)
}

/// The names of all parameters, in the order of the form.
pub fn names() -> impl Iterator<Item = &'static str> {
    table::ROWS.iter().map(|row| row.name)
}

/// The field that sets a parameter, from the top of the object.
pub fn path_of(name: &str) -> Option<&'static str> {
    table::ROWS.iter().find(|row| row.name == name).map(|row| row.path)
}

/// What holds where a gateway does not set a parameter, and who says so.
pub fn default_of(name: &str, gateway: &IstioGateway) -> Option<(Cow<'static, str>, &'static str)> {
    let row = table::ROWS.iter().find(|row| row.name == name)?;
    Some(row.otherwise.ask(gateway, &gateway.spec.configuration))
}

/// What a table shows of a gateway, as it is set to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// CPU and memory limit, `2 / 4G`; `–` for what is not limited.
    pub limits: String,
    /// Fewest and most pods of the autoscaler, `1–5`; `off`.
    pub autoscaling: String,
    /// Ports of the Service, `80,443`; UDP is told apart: `53/UDP`.
    pub ports: String,
    /// Wanted pods while autoscaling is off.
    pub replicas: u32,
    /// Type of the Service, set or by default.
    pub service_type: ServiceType,
    /// Whether the pods carry the label for mesh mTLS. It does not say what the servers behind it speak (R13).
    pub mtls_label: bool,
}

/// What a table shows of a gateway in one cluster.
pub fn summary(gateway: &IstioGateway, cluster_id: Option<&str>) -> Summary {
    let effective = gateway.spec.effective(cluster_id);
    Summary {
        limits: limits(&effective),
        autoscaling: if effective.autoscales() { text::bounds(&effective) } else { "off".to_owned() },
        ports: ports(&effective),
        replicas: effective.replica_count.unwrap_or(table::DEFAULT_REPLICAS),
        service_type: table::service_type(gateway, &effective),
        mtls_label: effective.mtls_label(),
    }
}

fn limits(configuration: &GatewayConfiguration) -> String {
    let of = |resource| configuration.resources.as_ref().and_then(|r| r.limit(resource));
    match ["cpu", "memory"].map(|resource| of(resource).map(ToString::to_string)) {
        [None, None] => "–".to_owned(),
        limits => limits.map(|limit| limit.unwrap_or_else(|| "–".to_owned())).join(" / "),
    }
}

fn ports(configuration: &GatewayConfiguration) -> String {
    let port = |port: &super::istio_gateway::GatewayPort| {
        let number = port.port.map_or_else(|| Cow::from("?"), |port| port.to_string().into());
        if port.protocol() == Protocol::Udp { format!("{number}/UDP") } else { number.into_owned() }
    };
    let ports: Vec<String> = configuration.ports.iter().flatten().map(port).collect();
    ports.join(",")
}

#[cfg(test)]
mod tests;
