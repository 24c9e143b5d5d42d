//! Whether a live object is the gateway's own (R3): nothing else is ever forced or deleted.

use serde_json::Value;

use super::build::Owner;
use super::names::{GATEWAY_UID, HOME_UID, Names};

/// Whose a live object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This gateway's.
    Ours,
    /// Not yet, and its record says that it is to become so (R11).
    ToTake,
    /// Of an `IstioGateway` of this name that is gone: garbage collection has not come by yet.
    Leftover,
    /// Somebody else's; who, as far as the object tells.
    Theirs(String),
}

/// Whose a live object is, where some are to be taken over.
pub fn standing_of(live: &Value, owner: &Owner, gateway: &str, names: &Names) -> Standing {
    let standing = standing(live, owner, gateway);
    let owners = live["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    let is_kept = owners.into_iter().any(|reference| reference["controller"] == true);
    let takes = matches!(owner, Owner::Gateway { .. }) && !is_kept && names.takes(live);
    if takes && matches!(standing, Standing::Theirs(_)) { Standing::ToTake } else { standing }
}

/// Whose a live object is.
pub fn standing(live: &Value, owner: &Owner, gateway: &str) -> Standing {
    let controller = live["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    let controller = controller.into_iter().find(|reference| reference["controller"] == true);
    let label = |key: &str| live["metadata"]["labels"][key].as_str();
    let is_ours = match owner {
        Owner::Nobody => false,
        Owner::Gateway { uid } => controller.is_some_and(|c| c["uid"] == uid.as_str()),
        Owner::Abroad { home, uid } => {
            controller.is_none()
                && label(HOME_UID) == Some(home.as_str())
                && label(GATEWAY_UID) == Some(uid.as_str())
        }
    };
    if is_ours {
        return Standing::Ours;
    }
    if controller.is_some_and(|c| c["kind"] == "IstioGateway" && c["name"] == gateway) {
        return Standing::Leftover;
    }
    Standing::Theirs(who(live, controller))
}

/// Who owns an object, as far as it tells.
fn who(live: &Value, controller: Option<&Value>) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    if let Some(controller) = controller {
        return format!("{} {}", text(&controller["kind"]), text(&controller["name"]));
    }
    let metadata = &live["metadata"];
    let release = &metadata["annotations"]["meta.helm.sh/release-name"];
    if release.is_string() {
        return format!("the Helm release {}", text(release));
    }
    let keeper = metadata["labels"]["app.kubernetes.io/managed-by"].as_str();
    let manager = metadata["managedFields"][0]["manager"].as_str();
    match (keeper, manager) {
        (Some(keeper), _) => keeper.to_owned(),
        (None, Some(manager)) => format!("whoever made it with {manager}"),
        (None, None) => "somebody else".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn owned(kind: &str, name: &str, uid: &str) -> Value {
        json!({"metadata": {"ownerReferences": [{"kind": kind, "name": name, "uid": uid, "controller": true}]}})
    }

    #[test]
    fn at_home_only_the_owner_reference_counts() {
        let owner = Owner::Gateway { uid: "u".into() };
        let labels =
            json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "egret", GATEWAY_UID: "u"}}});
        let helm = json!({"metadata": {"annotations": {"meta.helm.sh/release-name": "gw"}}});
        let made = json!({"metadata": {"managedFields": [{"manager": "kubectl"}]}});
        for (live, standing_of) in [
            (owned("IstioGateway", "out", "u"), Standing::Ours),
            (owned("IstioGateway", "out", "old"), Standing::Leftover),
            (owned("IstioGateway", "other", "v"), Standing::Theirs("IstioGateway other".into())),
            (owned("Gateway", "out", "g"), Standing::Theirs("Gateway out".into())),
            (labels, Standing::Theirs("egret".into())),
            (helm, Standing::Theirs("the Helm release gw".into())),
            (made, Standing::Theirs("whoever made it with kubectl".into())),
            (json!({}), Standing::Theirs("somebody else".into())),
        ] {
            assert_eq!(standing(&live, &owner, "out"), standing_of, "{live}");
        }
    }

    #[test]
    fn abroad_both_labels_must_be_there() {
        let owner = Owner::Abroad { home: "h".into(), uid: "u".into() };
        let labelled =
            |home: &str, uid: &str| json!({"metadata": {"labels": {HOME_UID: home, GATEWAY_UID: uid}}});
        assert_eq!(standing(&labelled("h", "u"), &owner, "out"), Standing::Ours);
        for live in [labelled("h", "v"), labelled("g", "u"), json!({})] {
            assert!(matches!(standing(&live, &owner, "out"), Standing::Theirs(_)), "{live}");
        }
    }
}
