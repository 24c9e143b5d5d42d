//! Autoscalers and budgets.

use serde::Deserialize;

use super::text::{Or, Text};
use super::{LabelSelector, Metadata, RawCondition, conditions, count, pairs};
use crate::model::name::Kind;
use crate::model::row::{HpaMetric, HpaRow, PdbRow, Row, RowMeta};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Hpa<'a> {
    #[serde(borrow)]
    metadata: Or<Metadata<'a>>,
    #[serde(borrow)]
    spec: Or<HpaSpec<'a>>,
    #[serde(borrow)]
    status: Or<HpaStatus<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HpaSpec<'a> {
    #[serde(borrow)]
    scale_target_ref: Or<Named<'a>>,
    min_replicas: Option<i64>,
    max_replicas: Or<i64>,
    #[serde(borrow)]
    metrics: Or<Vec<Metric<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HpaStatus<'a> {
    current_replicas: Or<i64>,
    desired_replicas: Or<i64>,
    #[serde(borrow)]
    current_metrics: Or<Vec<Metric<'a>>>,
    #[serde(borrow)]
    conditions: Or<Vec<RawCondition<'a>>>,
}

/// One metric of a spec (`target`) or of a status (`current`): exactly one of the sources is there.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metric<'a> {
    #[serde(borrow)]
    resource: Option<Source<'a>>,
    #[serde(borrow)]
    container_resource: Option<Source<'a>>,
    #[serde(borrow)]
    pods: Option<Source<'a>>,
    #[serde(borrow)]
    object: Option<Source<'a>>,
    #[serde(borrow)]
    external: Option<Source<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Source<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    metric: Or<Named<'a>>,
    #[serde(borrow)]
    target: Or<Amount<'a>>,
    #[serde(borrow)]
    current: Or<Amount<'a>>,
}

/// Three ways to give an amount.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Amount<'a> {
    average_utilization: Option<i64>,
    #[serde(borrow)]
    average_value: Text<'a>,
    #[serde(borrow)]
    value: Text<'a>,
}

impl<'a> Metric<'a> {
    fn source(&self) -> Option<&Source<'a>> {
        let all = [&self.resource, &self.container_resource, &self.pods, &self.object, &self.external];
        all.into_iter().flatten().next()
    }
}

impl Amount<'_> {
    /// The amount in the way `like` gives its own; `None` when it is not there.
    fn written_as(&self, like: &Self) -> Option<Box<str>> {
        let present = |text: &Text<'_>| (!text.is_empty()).then(|| Box::from(&**text));
        if like.average_utilization.is_some() {
            return self.average_utilization.map(|percent| format!("{percent}%").into());
        }
        if like.average_value.is_empty() { present(&self.value) } else { present(&self.average_value) }
    }
}

fn metric(spec: &Metric<'_>, status: Option<&Metric<'_>>) -> Option<HpaMetric> {
    let wanted = spec.source()?;
    let name = if wanted.name.is_empty() { &wanted.metric.name } else { &wanted.name };
    let current = status.and_then(Metric::source);
    Some(HpaMetric {
        name: (**name).into(),
        target: wanted.target.written_as(&wanted.target).unwrap_or_default(),
        current: current.and_then(|current| current.current.written_as(&wanted.target)),
    })
}

impl Row for HpaRow {
    const KIND: Kind = Kind::HorizontalPodAutoscaler;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let hpa: Hpa<'_> = serde_json::from_slice(json)?;
        let (spec, status) = (hpa.spec.0, hpa.status.0);
        // The status lists its metrics in the order of the spec; kubectl relies on it too.
        let metrics = spec.metrics.iter().enumerate();
        let metrics = metrics.filter_map(|(at, wanted)| metric(wanted, status.current_metrics.get(at)));
        Ok(Self {
            meta: hpa.metadata.0.into(),
            metrics: metrics.collect(),
            target: (spec.scale_target_ref.0.kind.into(), spec.scale_target_ref.0.name.into()),
            min: count(Or(spec.min_replicas.unwrap_or(1))),
            max: count(spec.max_replicas),
            current: count(status.current_replicas),
            desired: count(status.desired_replicas),
            conditions: conditions(status.conditions),
        })
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pdb<'a> {
    #[serde(borrow)]
    metadata: Or<Metadata<'a>>,
    #[serde(borrow)]
    spec: Or<PdbSpec<'a>>,
    status: Or<PdbStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PdbSpec<'a> {
    #[serde(borrow)]
    min_available: Option<Text<'a>>,
    #[serde(borrow)]
    max_unavailable: Option<Text<'a>>,
    #[serde(borrow)]
    selector: Or<LabelSelector<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PdbStatus {
    disruptions_allowed: Or<i64>,
}

impl Row for PdbRow {
    const KIND: Kind = Kind::PodDisruptionBudget;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let pdb: Pdb<'_> = serde_json::from_slice(json)?;
        let spec = pdb.spec.0;
        Ok(Self {
            meta: pdb.metadata.0.into(),
            min_available: spec.min_available.map(Into::into),
            max_unavailable: spec.max_unavailable.map(Into::into),
            allowed: count(pdb.status.0.disruptions_allowed),
            selector_has_expressions: !spec.selector.match_expressions.is_empty(),
            selector: pairs(spec.selector.0.match_labels.0),
        })
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }
}
