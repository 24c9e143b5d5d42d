//! Amounts of CPU and memory, and amounts of pods: as people write them.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::core::v1::ResourceClaim;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::open_enum::optional_fields;

/// A Kubernetes quantity, as written: `cpu: 2` and `cpu: "2"` mean the same and stay apart.
///
/// k8s-openapi's own type reads both but writes text only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Quantity {
    /// A bare number: cores, or bytes.
    Number(Number),
    /// Text with or without a suffix: `200m`, `4G`, `256Mi`.
    Text(String),
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "x-kubernetes-int-or-string": true })
    }
}

optional_fields! {
    /// What a container asks for and what it may use at most (core/v1 `ResourceRequirements`).
    #[serde(rename_all = "camelCase")]
    ResourceRequirements {
        /// At most: by resource name, `cpu` in cores and `memory` in bytes.
        limits: BTreeMap<String, Quantity>,
        /// At least: by resource name, `cpu` in cores and `memory` in bytes.
        requests: BTreeMap<String, Quantity>,
        /// Names of the pod's resource claims that the container uses.
        claims: Vec<ResourceClaim>,
    }
}

impl ResourceRequirements {
    /// The limit of a resource (`cpu`, `memory`).
    pub fn limit(&self, resource: &str) -> Option<&Quantity> {
        self.limits.as_ref()?.get(resource)
    }

    /// The request of a resource (`cpu`, `memory`).
    pub fn request(&self, resource: &str) -> Option<&Quantity> {
        self.requests.as_ref()?.get(resource)
    }
}

/// How many pods a rolling update may add or take away: the text of `rollingMaxSurge` and `rollingMaxUnavailable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodAmount {
    /// So many pods.
    Count(u32),
    /// A share of the wanted replicas, in percent.
    Percent(u32),
}

impl PodAmount {
    /// Reads `2` or `25%`; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, make) = match text.strip_suffix('%') {
            Some(digits) => (digits, Self::Percent as fn(u32) -> Self),
            None => (text, Self::Count as fn(u32) -> Self),
        };
        // `u32::from_str` takes a leading plus, the API server does not.
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten().map(make)
    }

    /// Whether it is none at all.
    pub fn is_zero(self) -> bool {
        matches!(self, Self::Count(0) | Self::Percent(0))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_quantity_stays_as_it_was_written() {
        for written in [json!(2), json!("2"), json!(0.5), json!("200m"), json!(4_000_000_000_u64), json!("")]
        {
            let read: Quantity = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), written);
            let text = written.as_str().map_or_else(|| written.to_string(), str::to_owned);
            assert_eq!(read.to_string(), text);
        }
        assert!(serde_json::from_value::<Quantity>(json!(true)).is_err());
    }

    #[test]
    fn amounts_of_pods_are_counts_or_percentages() {
        use PodAmount::{Count, Percent};
        let cases = [
            ("0", Some(Count(0))),
            ("2", Some(Count(2))),
            ("25%", Some(Percent(25))),
            ("0%", Some(Percent(0))),
            ("", None),
            ("%", None),
            ("+1", None),
            ("-1", None),
            ("2.5%", None),
            ("25 %", None),
            ("all", None),
        ];
        for (text, expected) in cases {
            assert_eq!(PodAmount::parse(text), expected, "{text:?}");
        }
    }
}
