//! Parameters of the creation form: effective values, and who says so.

use serde_json::Value;

use super::read::{is_true, list, number, pairs, text};
use super::words::{DASH, LOADING, entry, lines, one_line};
use super::{container, volume};
use crate::model::facts::{Fact, Section};
use crate::model::gateway::GatewayRow;
use crate::model::name::Kind;
use crate::model::overview::workload_parameters;
use crate::model::parameters::{Group, Parameter, Source, parameters};
use crate::model::row::IstioGatewayRow;
use crate::model::table::Tone;

/// Maps and lists, which get a line per entry: name of the parameter, where a CR's block and where the objects of
/// a gateway hold it. Values can hold commas, so the text of the parameter could not be taken apart again.
const LONG: [(&str, &str, Kind, &str); 5] = [
    ("Node selector", "/nodeSelector", Kind::Deployment, "/spec/template/spec/nodeSelector"),
    ("Service annotations", "/serviceAnnotations", Kind::Service, "/metadata/annotations"),
    ("Service labels", "/serviceLabels", Kind::Service, "/metadata/labels"),
    ("Pod labels", "/podLabels", Kind::Deployment, "/spec/template/metadata/labels"),
    ("Pod annotations", "/podAnnotations", Kind::Deployment, "/spec/template/metadata/annotations"),
];

/// Lists whose entries hold no comma.
const SHORT: [&str; 5] =
    ["Port mapping", "Mesh expansion ports", "Tolerations", "Secret volumes", "Config volumes"];

/// Parameters of an `IstioGateway`, as they hold in the gateway's cluster.
pub(super) fn of_cr(cr: &IstioGatewayRow, row: &GatewayRow) -> Vec<Section> {
    let cluster = row.cluster_id.as_deref();
    let effective = cr.gateway.spec.effective(cluster);
    let block = serde_json::to_value(&*effective).unwrap_or_default();
    let entries = |name: &str| match name {
        "Environment" => Some(container::environment(&block)),
        // Parameters that are not enabled are said to be so, in one line.
        "Kernel parameters" if is_true(&block, "/kernel/enabled") => {
            Some(pairs(&block, "/kernel/parameters"))
        }
        _ => LONG.iter().find(|(long, ..)| *long == name).map(|(_, at, ..)| pairs(&block, at)),
    };
    sections(parameters(&cr.gateway, cluster), entries)
}

/// Parameters of a gateway without a CR, from its objects; `loading` for those that have not arrived.
pub(super) fn of_objects<'v>(row: &GatewayRow, object: &dyn Fn(Kind) -> Option<&'v Value>) -> Vec<Section> {
    let Some(workload) = &row.workload else { return Vec::new() };
    let Some(whole) = object(workload.kind) else { return vec![known(row)] };
    let (service, hpa) = (object(Kind::Service), object(Kind::HorizontalPodAutoscaler));
    let mut all = workload_parameters(row, whole, service, hpa);
    let loading = [
        ("Service ", row.service.is_some() && service.is_none()),
        ("HorizontalPodAutoscaler", row.autoscaler.is_some() && hpa.is_none()),
    ];
    for (kind, _) in loading.into_iter().filter(|(_, loading)| *loading) {
        for parameter in all.iter_mut().filter(|parameter| parameter.path.starts_with(kind)) {
            parameter.value = LOADING.to_owned();
            parameter.source = Source::Default("");
        }
    }
    let containers = list(whole, "/spec/template/spec/containers");
    let proxy = containers.iter().find(|c| c["name"] == "istio-proxy").or_else(|| containers.first());
    let entries = |name: &str| match name {
        "Environment" => Some(container::environment(proxy?)),
        "Kernel parameters" => {
            let all = list(whole, "/spec/template/spec/securityContext/sysctls").iter();
            Some(all.filter_map(|one| Some(entry(text(one, "/name")?, text(one, "/value")?))).collect())
        }
        _ => {
            let (.., kind, at) = LONG.iter().find(|(long, ..)| *long == name)?;
            let of = if *kind == Kind::Deployment { Some(whole) } else { object(*kind) };
            Some(pairs(of?, at))
        }
    };
    let mut sections = sections(all, entries);
    beside_the_form(whole, &mut sections);
    if let Some(basic) = sections.first_mut().filter(|_| is_injected(proxy)) {
        basic.facts.push(
            Fact::new("Proxy", "injected when a pod starts: what is not set here, istiod's template sets")
                .tone(Tone::Muted),
        );
    }
    sections
}

fn is_injected(proxy: Option<&Value>) -> bool {
    proxy.is_some_and(|proxy| proxy["image"] == "auto")
}

/// What the row knows before the objects have arrived.
fn known(row: &GatewayRow) -> Section {
    let told = [
        ("Port mapping", &row.ports),
        ("Limits", &row.limits),
        ("Autoscaling", &row.autoscaling),
        ("Service type", &row.service_type),
    ];
    let mut facts = vec![Fact::new("Name", one_line(&row.id.name))];
    facts.extend(
        told.into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(label, value)| Fact::new(label, one_line(value))),
    );
    facts.push(Fact::new("Two-way TLS", if row.mtls_label { "on" } else { "off" }));
    facts.push(Fact::new("All else", LOADING).tone(Tone::Busy));
    Section::new("Basic", facts)
}

/// Grouped as the form groups them.
fn sections(all: Vec<Parameter>, entries: impl Fn(&str) -> Option<Vec<String>>) -> Vec<Section> {
    let mut sections: Vec<(Group, Section)> = Vec::new();
    for parameter in all {
        let fact = fact(&parameter, &entries);
        match sections.last_mut().filter(|(group, _)| *group == parameter.group) {
            Some((_, section)) => section.facts.push(fact),
            None => sections.push((parameter.group, Section::new(title(parameter.group), vec![fact]))),
        }
    }
    sections.into_iter().map(|(_, section)| section).collect()
}

/// Headings, in the words of the console.
fn title(group: Group) -> String {
    match group {
        Group::Scheduling => "Placement".to_owned(),
        Group::Pods => "Pod".to_owned(),
        group => group.to_string(),
    }
}

fn fact(parameter: &Parameter, entries: &impl Fn(&str) -> Option<Vec<String>>) -> Fact {
    let is_default = matches!(parameter.source, Source::Default(_));
    let long = if is_default { None } else { entries(parameter.name).filter(|entries| !entries.is_empty()) };
    let (note, tone) = match &parameter.source {
        Source::Set => ("set".to_owned(), Tone::Plain),
        // Maps of an override are merged with those of the spec.
        Source::Override(id) if long.is_some() => {
            (format!("with the override for {}", one_line(id)), Tone::Plain)
        }
        Source::Override(id) => (format!("set by the override for {}", one_line(id)), Tone::Plain),
        Source::Default("") => (String::new(), Tone::Busy),
        Source::Default(whence) if parameter.value != DASH && is_party(whence) => {
            (format!("default, {whence}"), Tone::Muted)
        }
        Source::Default(why) => ((*why).to_owned(), Tone::Muted),
    };
    let value = match long {
        Some(entries) => lines(&entries),
        None if SHORT.contains(&parameter.name) => one_line(&parameter.value).replace(", ", "\n"),
        None => one_line(&parameter.value),
    };
    Fact::new(parameter.name, value).tone(tone).note(note)
}

/// A default is somebody's, or it follows from something else, which is then a clause.
fn is_party(whence: &str) -> bool {
    whence == "egret" || whence.starts_with(char::is_uppercase)
}

/// What only objects can say, beside the form.
fn beside_the_form(workload: &Value, sections: &mut [Section]) {
    let mut tell = |title: &str, fact: Option<Fact>| {
        if let Some(section) = sections.iter_mut().find(|section| section.title == title) {
            section.facts.extend(fact.map(|fact| fact.note("set")));
        }
    };
    let template = workload.pointer("/spec/template/spec").unwrap_or(&Value::Null);
    let some =
        |label: &'static str, all: Vec<String>| (!all.is_empty()).then(|| Fact::new(label, lines(&all)));
    let spread = list(template, "/topologySpreadConstraints").iter().map(spread).collect();
    tell("Placement", some("Topology spread", spread));
    tell(
        "Placement",
        text(template, "/priorityClassName").map(|class| Fact::new("Priority class", one_line(class))),
    );
    let told = |volume: &&Value| volume.get("secret").is_none() && volume.get("configMap").is_none();
    let other = list(template, "/volumes").iter().filter(told).map(|one| {
        let (name, source) = volume::volume(one);
        format!("{name}: {source}")
    });
    tell("Pod", some("Other volumes", other.collect()));
}

/// `at most 1 apart over topology.kubernetes.io/zone, else not scheduled`.
fn spread(constraint: &Value) -> String {
    let skew = number(constraint, "/maxSkew").unwrap_or(1);
    let over = text(constraint, "/topologyKey").unwrap_or(DASH);
    let wished = text(constraint, "/whenUnsatisfiable") == Some("ScheduleAnyway");
    let otherwise = if wished { "if possible" } else { "else not scheduled" };
    one_line(&format!("at most {skew} apart over {over}, {otherwise}"))
}
