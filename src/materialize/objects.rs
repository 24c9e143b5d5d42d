//! The objects that make a gateway run, one field each.

use serde_json::Value;

use crate::model::name::{Kind, Resource};

/// An object of a gateway, by what it is for. The order is that in which they are applied.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumIter,
    serde::Serialize,
)]
pub enum Part {
    /// Who the pods are: their SPIFFE identity.
    ServiceAccount,
    /// The right to list the Secrets that servers name.
    Role,
    /// Gives it to the account.
    RoleBinding,
    /// The address.
    Service,
    /// The pods.
    Deployment,
    /// Chooses their number.
    HorizontalPodAutoscaler,
    /// Keeps one of them when nodes are drained.
    PodDisruptionBudget,
    /// Compression of responses.
    EnvoyFilter,
    /// Opens the ports in the proxy, where `autoCreateGatewayYaml` asks for it.
    Gateway,
}

impl Part {
    /// `apiVersion`.
    pub fn api_version(self) -> String {
        let Resource { group, version, .. } = self.resource();
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
    }

    /// Where it is served.
    pub fn resource(self) -> Resource {
        let (group, version, plural) = match self {
            Self::ServiceAccount => ("", "v1", "serviceaccounts"),
            Self::Role => ("rbac.authorization.k8s.io", "v1", "roles"),
            Self::RoleBinding => ("rbac.authorization.k8s.io", "v1", "rolebindings"),
            Self::Service => ("", "v1", "services"),
            Self::Deployment => ("apps", "v1", "deployments"),
            Self::HorizontalPodAutoscaler => ("autoscaling", "v2", "horizontalpodautoscalers"),
            Self::PodDisruptionBudget => ("policy", "v1", "poddisruptionbudgets"),
            Self::EnvoyFilter => ("networking.istio.io", "v1alpha3", "envoyfilters"),
            Self::Gateway => ("networking.istio.io", "v1", "gateways"),
        };
        Resource { group, version, plural, namespaced: true }
    }

    /// The kind it is listed and watched as.
    pub fn kind(self) -> Kind {
        match self {
            Self::ServiceAccount => Kind::ServiceAccount,
            Self::Role => Kind::Role,
            Self::RoleBinding => Kind::RoleBinding,
            Self::Service => Kind::Service,
            Self::Deployment => Kind::Deployment,
            Self::HorizontalPodAutoscaler => Kind::HorizontalPodAutoscaler,
            Self::PodDisruptionBudget => Kind::PodDisruptionBudget,
            Self::EnvoyFilter => Kind::EnvoyFilter,
            Self::Gateway => Kind::IstioServers,
        }
    }

    /// Whether Istio's CRDs serve it: a cluster without Istio has no such kind.
    pub fn is_of_istio(self) -> bool {
        self.resource().group == "networking.istio.io"
    }
}

/// An object as it should be: only what egret has a say in.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired(pub Value);

/// An object as the server answered that it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied(pub Value);

/// The objects of a gateway in one cluster. What is `None` is not wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Objects<T> {
    /// Who the pods are.
    pub service_account: T,
    /// The right to list Secrets.
    pub role: T,
    /// Gives it to the account.
    pub role_binding: T,
    /// The address.
    pub service: T,
    /// The pods.
    pub deployment: T,
    /// Chooses their number.
    pub autoscaler: Option<T>,
    /// Keeps one of them when nodes are drained.
    pub disruption_budget: Option<T>,
    /// Compression of responses.
    pub compression: Option<T>,
    /// Opens the ports in the proxy.
    pub gateway: Option<T>,
}

impl<T> Objects<T> {
    /// Each object with what it is for, in the order of [`Part`]; `None` for what is not wanted.
    pub fn into_parts(self) -> [(Part, Option<T>); 9] {
        // Without `..`: a new object cannot be forgotten.
        let Self {
            service_account,
            role,
            role_binding,
            service,
            deployment,
            autoscaler,
            disruption_budget,
            compression,
            gateway,
        } = self;
        [
            (Part::ServiceAccount, Some(service_account)),
            (Part::Role, Some(role)),
            (Part::RoleBinding, Some(role_binding)),
            (Part::Service, Some(service)),
            (Part::Deployment, Some(deployment)),
            (Part::HorizontalPodAutoscaler, autoscaler),
            (Part::PodDisruptionBudget, disruption_budget),
            (Part::EnvoyFilter, compression),
            (Part::Gateway, gateway),
        ]
    }

    /// The same, by reference.
    pub fn parts(&self) -> [(Part, Option<&T>); 9] {
        let Self {
            service_account,
            role,
            role_binding,
            service,
            deployment,
            autoscaler,
            disruption_budget,
            compression,
            gateway,
        } = self;
        Objects {
            service_account,
            role,
            role_binding,
            service,
            deployment,
            autoscaler: autoscaler.as_ref(),
            disruption_budget: disruption_budget.as_ref(),
            compression: compression.as_ref(),
            gateway: gateway.as_ref(),
        }
        .into_parts()
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;

    #[test]
    fn every_part_comes_once_and_in_its_order() {
        let objects = Objects {
            service_account: 0,
            role: 1,
            role_binding: 2,
            service: 3,
            deployment: 4,
            autoscaler: Some(5),
            disruption_budget: Some(6),
            compression: Some(7),
            gateway: Some(8),
        };
        let parts: Vec<Part> = Part::iter().collect();
        let named: Vec<Part> = objects.parts().iter().map(|(part, _)| *part).collect();
        assert_eq!(named, parts);
        let values: Vec<i32> = objects.into_parts().into_iter().filter_map(|(_, object)| object).collect();
        assert_eq!(values, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
}
