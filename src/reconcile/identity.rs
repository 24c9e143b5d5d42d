//! Who this process is, and what its home cluster is called.

use serde_json::Value;

use super::lease::Me;
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::model::name::Kind;

/// The id that istiod gives its own cluster when nobody says another.
pub const USUAL_ID: &str = "Kubernetes";

/// The namespace of istiod.
const ISTIOD: &str = "istio-system";

/// This process, as the lease names it: by the machine or pod, and by the process in it.
pub fn me(embedded: bool) -> Me {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy().into_owned();
    let identity = format!("{host}_{}_{:08x}", std::process::id(), fastrand::u32(..));
    Me { identity, version: env!("CARGO_PKG_VERSION").to_owned(), embedded }
}

/// The id of a home cluster: what istiod calls it (R2), else istiod's own default.
pub async fn home_id(c: &Connection) -> String {
    let at = Address {
        kind: Kind::Deployment.to_string(),
        resource: Kind::Deployment.resource(),
        namespace: ISTIOD.to_owned(),
        name: String::new(),
    };
    let all = write::list(c, &at, "app=istiod").await.unwrap_or_default();
    all.iter().find_map(id_of).unwrap_or_else(|| USUAL_ID.to_owned())
}

fn id_of(istiod: &Value) -> Option<String> {
    let containers = istiod["spec"]["template"]["spec"]["containers"].as_array()?;
    let variables = containers.iter().flat_map(|c| c["env"].as_array().into_iter().flatten());
    let mut ids = variables.filter(|v| v["name"] == "CLUSTER_ID").filter_map(|v| v["value"].as_str());
    ids.next().filter(|id| !id.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_id_of_the_home_cluster_is_istiods() {
        let istiod = |env: Value| json!({"spec": {"template": {"spec": {"containers": [{"env": env}]}}}});
        assert_eq!(id_of(&istiod(json!([{"name": "CLUSTER_ID", "value": "c1"}]))), Some("c1".to_owned()));
        assert_eq!(id_of(&istiod(json!([{"name": "CLUSTER_ID", "value": ""}]))), None);
        assert_eq!(id_of(&json!({})), None);
    }
}
