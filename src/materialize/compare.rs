//! What differs between an object as it should be and as it is (R9): only what is desired is compared, by meaning, and
//! what egret applied once and no longer desires. What nobody desires is nobody's concern.

use serde_json::Value;

use super::fields::{self, FieldPath, Step};
use super::meaning;
use super::names::MANAGER;

/// One field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where.
    pub path: FieldPath,
    /// What it should be; `None`: gone.
    pub desired: Option<Value>,
    /// What it is; `None`: not there.
    pub live: Option<Value>,
    /// Who else owns the live field, by name (R16).
    pub managers: Vec<String>,
}

impl Difference {
    /// In a line: `spec.replicas: 5, should be 2 (kubectl-scale)`.
    pub fn in_words(&self) -> String {
        let value = |value: &Option<Value>| value.as_ref().map_or("not there".to_owned(), fields::plain);
        let who = match self.managers.as_slice() {
            [] => String::new(),
            names => format!(" (by {})", names.join(", ")),
        };
        let should = self.desired.as_ref().map_or("gone".to_owned(), fields::plain);
        format!("{}: {}, should be {should}{who}", self.path, value(&self.live))
    }
}

/// What differs, in the order of the desired object; empty where an apply would change nothing.
pub fn differences(desired: &Value, live: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(desired, Some(live), &FieldPath::default(), &mut found);
    for path in fields::given_up(live, MANAGER, desired) {
        let value = path.0.iter().try_fold(live, |value, step| fields::into(value, step));
        // Somebody may have taken it away before.
        if let Some(value) = value {
            found.push(Difference { desired: None, live: Some(value.clone()), path, managers: Vec::new() });
        }
    }
    for difference in &mut found {
        let others = fields::others(live, &difference.path, MANAGER);
        difference.managers = others.iter().map(|m| m.name.to_owned()).collect();
        difference.managers.dedup();
    }
    found
}

fn walk(desired: &Value, live: Option<&Value>, path: &FieldPath, found: &mut Vec<Difference>) {
    let differs = || Difference {
        path: path.clone(),
        desired: Some(desired.clone()),
        live: live.cloned(),
        managers: Vec::new(),
    };
    match (desired, live) {
        (value, None) if meaning::is_nothing(value) => {}
        (_, None) => found.push(differs()),
        (Value::Object(fields), Some(live @ Value::Object(_))) => {
            for (name, value) in fields {
                walk(value, live.get(name), &path.then(Step::Field(name.clone())), found);
            }
        }
        (Value::Array(items), Some(live @ Value::Array(_))) => {
            let steps: Option<Vec<Step>> = items.iter().map(|item| meaning::item(path, item)).collect();
            match steps {
                Some(steps) if !items.is_empty() => {
                    for (item, step) in items.iter().zip(steps) {
                        walk(item, fields::into(live, &step), &path.then(step), found);
                    }
                }
                _ if meaning::whole(path, desired, live) => {}
                _ => found.push(differs()),
            }
        }
        (_, Some(live)) if meaning::same(path, desired, live) => {}
        _ => found.push(differs()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(desired: Value, live: Value) -> Vec<String> {
        differences(&desired, &live).iter().map(Difference::in_words).collect()
    }

    #[test]
    fn what_the_server_writes_in_its_own_way_is_no_difference() {
        let desired = json!({"spec": {"template": {"spec": {
            "hostNetwork": false,
            "containers": [{
                "name": "istio-proxy",
                "resources": {"limits": {"cpu": "1000m", "memory": "4096Mi"}, "requests": {"cpu": 2}},
                "env": [{"name": "EMPTY", "value": ""}],
                "ports": [{"containerPort": 80, "protocol": "TCP"}],
            }],
            "tolerations": [{"key": "a", "operator": "Exists"}],
        }}}});
        let live = json!({"spec": {"replicas": 3, "template": {"metadata": {"annotations":
            {"kubectl.kubernetes.io/restartedAt": "now"}}, "spec": {
            "schedulerName": "default-scheduler",
            "containers": [
                {"name": "sidecar"},
                {
                    "name": "istio-proxy",
                    "resources": {"limits": {"cpu": "1", "memory": "4Gi"}, "requests": {"cpu": "2"}},
                    "env": [{"name": "OTHER", "value": "1"}, {"name": "EMPTY"}],
                    "ports": [{"containerPort": 80, "protocol": "TCP", "name": ""}],
                    "terminationMessagePath": "/dev/termination-log",
                },
            ],
            "tolerations": [{"key": "a", "operator": "Exists"}],
        }}}});
        assert_eq!(words(desired, live), Vec::<String>::new());
    }

    #[test]
    fn each_field_that_differs_is_named_with_who_changed_it() {
        let desired = json!({"spec": {"replicas": 2, "paused": true, "template": {"spec": {
            "containers": [{"name": "istio-proxy", "image": "auto"}],
            "tolerations": [{"key": "a"}],
        }}}});
        let live = json!({
            "metadata": {"managedFields": [
                {"manager": "kubectl-scale", "operation": "Update", "subresource": "scale",
                 "fieldsV1": {"f:spec": {"f:replicas": {}}}},
                {"manager": "egret", "operation": "Apply",
                 "fieldsV1": {"f:spec": {"f:minReadySeconds": {}, "f:revisionHistoryLimit": {}}}},
            ]},
            "spec": {"replicas": 5, "minReadySeconds": 7, "template": {"spec": {
                "containers": [{"name": "istio-proxy", "image": "mine"}],
                "tolerations": [{"key": "a", "tolerationSeconds": 3}],
            }}},
        });
        assert_eq!(
            words(desired, live),
            [
                "spec.replicas: 5, should be 2 (by kubectl-scale)",
                "spec.paused: not there, should be true",
                "spec.template.spec.containers[istio-proxy].image: mine, should be auto",
                "spec.template.spec.tolerations: [{\"key\":\"a\",\"tolerationSeconds\":3}], should be [{\"key\":\"a\"}]",
                "spec.minReadySeconds: 7, should be gone",
            ]
        );
    }

    #[test]
    fn an_empty_object_that_is_not_there_is_a_difference() {
        let desired = json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}});
        let live = json!({"spec": {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}});
        assert_eq!(words(desired, live), ["spec.volumes[v].emptyDir: not there, should be {}"]);
    }
}
