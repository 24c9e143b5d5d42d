//! Views that a person keeps: what was looked at, and how. Plain data, as it lies on disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::name::ClusterName;

/// What was looked at, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct View {
    /// The outermost screen: the name of a table, or `fleet`.
    pub screen: String,
    /// How its rows are shown.
    pub rows: Shown,
    /// The object that was open; none: the outermost screen was in front.
    pub object: Option<Object>,
}

/// How the rows of a table are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Shown {
    /// The filter as it is typed; empty: none.
    pub filter: String,
    /// The column that they are sorted by, and whether backwards.
    pub sort: Option<(String, bool)>,
    /// Wide columns too.
    pub wide: bool,
}

/// An object that was open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Object {
    /// What it is.
    pub what: What,
    /// Its cluster.
    pub cluster: ClusterName,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The open tab.
    #[serde(default)]
    pub tab: String,
    /// How the pods of a gateway are shown.
    #[serde(default)]
    pub rows: Shown,
    /// What was searched in its text; empty: nothing.
    #[serde(default)]
    pub find: String,
    /// Its logs were in front.
    #[serde(default)]
    pub logs: bool,
    /// How far back its traffic was looked at, as `15m`; empty: not at all.
    #[serde(default)]
    pub window: String,
    /// What its traffic was told by: `host`, `pod`, `code` or `flag`.
    #[serde(default)]
    pub by: String,
}

/// What an open object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum What {
    /// A gateway.
    Gateway,
    /// A Service.
    Service,
    /// A pod.
    Pod,
}

impl Object {
    /// It in words: `gateway egressgateway in istio-system of prod-eu`.
    pub fn in_words(&self) -> String {
        format!("{} {} in {} of {}", self.what, self.name, self.namespace, self.cluster)
    }
}

impl View {
    /// A name that says what it is, to be proposed.
    pub fn proposal(&self) -> String {
        match &self.object {
            Some(object) if object.logs => format!("{} logs", object.name),
            Some(object) => format!("{} {}", object.name, object.tab),
            None => format!("{} {}", self.screen, self.rows.filter).trim_end().to_owned(),
        }
    }

    /// What it shows, in a line.
    pub fn in_words(&self) -> String {
        let Some(object) = &self.object else {
            return [self.screen.clone()]
                .into_iter()
                .chain(self.rows.in_words())
                .collect::<Vec<_>>()
                .join(", ");
        };
        let tab = if object.logs { "logs" } else { object.tab.as_str() };
        let mut said = vec![format!("{tab} of {}", object.in_words())];
        if tab == "traffic" {
            said.extend([&object.window].into_iter().filter(|text| !text.is_empty()).cloned());
        }
        said.extend(object.rows.in_words());
        said.extend((!object.find.is_empty()).then(|| format!("find `{}`", object.find)));
        said.join(", ")
    }
}

impl Shown {
    fn in_words(&self) -> Vec<String> {
        let mut said = Vec::new();
        said.extend((!self.filter.is_empty()).then(|| format!("filter `{}`", self.filter)));
        let sort = |(column, back): &(String, bool)| {
            format!("sorted by {column}{}", if *back { " backwards" } else { "" })
        };
        said.extend(self.sort.as_ref().map(sort));
        said.extend(self.wide.then(|| "wide".to_owned()));
        said
    }
}

/// All that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Views {
    /// Views by the names that a person gave them.
    pub bookmarks: BTreeMap<String, View>,
    /// What was in front when egret ended last.
    pub last: Option<View>,
}

/// A change of what is kept. Changes are kept, not what comes of them: another egret may have made some meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewChange {
    /// This view has this name from now on.
    Keep(String, View),
    /// This name is no more.
    Forget(String),
    /// This was in front at the end.
    Last(View),
}

impl Views {
    /// Makes a change.
    pub fn take(&mut self, change: ViewChange) {
        match change {
            ViewChange::Keep(name, view) => drop(self.bookmarks.insert(name, view)),
            ViewChange::Forget(name) => drop(self.bookmarks.remove(&name)),
            ViewChange::Last(view) => self.last = Some(view),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_told_in_words_and_reads_back_as_it_was_written() {
        let rows = Shown { filter: "status:error".into(), sort: Some(("ready".into(), true)), wide: true };
        let table = View { screen: "gateways".into(), rows, object: None };
        assert_eq!(table.in_words(), "gateways, filter `status:error`, sorted by ready backwards, wide");
        assert_eq!(table.proposal(), "gateways status:error");
        let object = Object {
            what: What::Gateway,
            cluster: "prod-eu".into(),
            namespace: "istio-system".into(),
            name: "egress".into(),
            tab: "traffic".into(),
            rows: Shown::default(),
            find: String::new(),
            logs: false,
            window: "15m".into(),
            by: "host".into(),
        };
        let open = View { object: Some(object), ..table.clone() };
        assert_eq!(open.in_words(), "traffic of gateway egress in istio-system of prod-eu, 15m");
        assert_eq!(open.proposal(), "egress traffic");
        let mut views = Views::default();
        views.take(ViewChange::Keep("a".into(), table));
        views.take(ViewChange::Last(open));
        let text = serde_json::to_string(&views).unwrap();
        assert_eq!(serde_json::from_str::<Views>(&text).unwrap(), views);
    }

    #[test]
    fn what_a_later_egret_wrote_beside_is_no_reason_not_to_read_the_rest() {
        let text = r#"{"bookmarks": {"a": {"screen": "pods", "colour": 3}}, "more": []}"#;
        let views: Views = serde_json::from_str(text).unwrap();
        assert_eq!(views.bookmarks["a"].screen, "pods");
    }
}
