//! What a person asks to be done to a cluster. Where it is done, and to what, is fixed when it is asked for.

use std::sync::Arc;

use crate::materialize::adopt::Draft;
use crate::materialize::forgetting::Forgetting;
use crate::materialize::install;
use crate::model::facts::Section;
use crate::model::name::ClusterName;

/// Something that changes a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The cluster that is written to.
    pub cluster: ClusterName,
    /// What is done.
    pub what: What,
}

/// A gateway by namespace and name, in the cluster that holds its CR.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Namespace.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Whoever keeps the gateway looks at it now.
    ReconcileNow(Named),
    /// Its objects are left as they are.
    Pause(Named),
    /// They are brought about again.
    Resume(Named),
    /// Its pods are replaced by what egret would build now (R5).
    Roll(Named),
    /// Its proxies keep the statistics that Istio drops by default (R14).
    Statistics(Named),
    /// It goes, and its objects stay (R12).
    Release(Named),
    /// A cluster that is gone for good is struck off its record (R2).
    Forget(Named, String),
    /// An `IstioGateway` takes over what somebody else made (R11).
    Adopt {
        /// Namespace and name of the Deployment.
        deployment: Named,
        /// Its Service.
        service: Option<Arc<str>>,
        /// `egress` or `ingress`.
        direction: &'static str,
    },
    /// The CRD is made, so that egret is the keeper (R4).
    Install,
    /// This egret keeps the gateways of the cluster.
    Keep,
    /// It does so no longer.
    StopKeeping,
    /// A program is run in a container.
    Run(Box<crate::model::exec::Run>),
}

/// What a deed would do, found out beforehand.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What there is to know.
    pub sections: Vec<Section>,
    /// What carrying it out goes by.
    pub basis: Basis,
    /// Nothing would be changed.
    pub is_idle: bool,
}

/// What a deed goes by: it holds for what was looked at, and for nothing that has its name meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub enum Basis {
    /// Nothing more than what the deed says.
    Nothing,
    /// The gateway of this uid.
    Uid(String),
    /// The gateway of this uid, and the annotation of its pods.
    Annotation {
        /// Uid of the CR.
        uid: String,
        /// The CR as it was read: another one is not changed.
        resource_version: String,
        /// Value of the annotation.
        value: String,
    },
    /// This draft.
    Draft(Box<Draft>),
    /// These objects.
    Install(Box<install::Plan>),
    /// This record.
    Forget(Box<Forgetting>),
}

impl Deed {
    /// What is to be done, to be read before a question mark.
    pub fn in_words(&self) -> String {
        match &self.what {
            What::ReconcileNow(gateway) => format!("reconcile {} now", gateway.name),
            What::Pause(gateway) => format!("pause {}", gateway.name),
            What::Resume(gateway) => format!("go on with {}", gateway.name),
            What::Roll(gateway) => format!("roll {}", gateway.name),
            What::Statistics(gateway) => format!("have {} keep statistics", gateway.name),
            What::Release(gateway) => format!("release {}", gateway.name),
            What::Forget(gateway, id) => format!("forget cluster {id} of {}", gateway.name),
            What::Adopt { deployment, .. } => format!("adopt {}", deployment.name),
            What::Install => "install the CRD of IstioGateway".to_owned(),
            What::Keep => "keep the gateways from this screen".to_owned(),
            What::Run(run) if run.is_shell() => format!("open a shell in {}", run.pod.name),
            What::Run(run) => format!("run a command in {}", run.pod.name),
            What::StopKeeping => "stop keeping the gateways".to_owned(),
        }
    }

    /// What has to be typed to have it done; `None`: `y` is enough. Where it is production, everything is typed.
    pub fn typed(&self, is_production: bool) -> Option<&str> {
        let (name, always) = match &self.what {
            What::Release(gateway) => (&*gateway.name, true),
            What::Forget(_, id) => (id.as_str(), true),
            What::Adopt { deployment, .. } => (&*deployment.name, true),
            What::ReconcileNow(gateway)
            | What::Pause(gateway)
            | What::Resume(gateway)
            | What::Roll(gateway)
            | What::Statistics(gateway) => (&*gateway.name, false),
            What::Run(run) => (&*run.pod.name, false),
            What::Install | What::Keep | What::StopKeeping => (self.cluster.as_str(), false),
        };
        (always || is_production).then_some(name)
    }

    /// Whether it is done without a question: it changes nothing that anybody would miss, and nothing in production.
    pub fn is_harmless(&self, is_production: bool) -> bool {
        matches!(self.what, What::ReconcileNow(_)) && !is_production
    }
}

impl Plan {
    /// A plan of nothing but words.
    pub fn told(sections: Vec<Section>) -> Self {
        Self { sections, basis: Basis::Nothing, is_idle: false }
    }
}
