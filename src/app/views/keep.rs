//! The view in front as something that can be kept.

use crate::app::model::App;
use crate::app::screen::{Details, DetailsOf, Logs, Screen, Tab, Table};
use crate::model::view::{Object, Shown, View, What};

impl App {
    /// The view in front. What is being typed is none: then it is the one below.
    pub(in crate::app) fn view_here(&self) -> View {
        let mut view = View::default();
        match self.stack.first() {
            Some(Screen::Table(table)) => {
                view.screen = table.kind.to_string();
                view.rows = shown(table);
            }
            Some(Screen::Fleet(_)) => view.screen = "fleet".to_owned(),
            _ => view.screen = self.root_kind().to_string(),
        }
        for screen in &self.stack {
            match screen {
                Screen::Details(details) => view.object = self.object(details).or(view.object),
                Screen::Logs(logs) => view.object = self.with_logs(logs, view.object),
                _ => {}
            }
        }
        view
    }

    fn object(&self, details: &Details) -> Option<Object> {
        let (what, cluster, namespace, name) = match &details.of {
            DetailsOf::Gateway(id) => (What::Gateway, &id.cluster, &id.namespace, &id.name),
            DetailsOf::Service(key) => (What::Service, &key.cluster, &key.namespace, &key.name),
            DetailsOf::Pod(key) => (What::Pod, &key.cluster, &key.namespace, &key.name),
            // It was come to from one of the others.
            DetailsOf::Other(_) => return None,
        };
        let traffic = |word: String| if details.tab == Tab::Traffic { word } else { String::new() };
        let is_table = details.tab == Tab::Pods;
        Some(Object {
            what,
            cluster: cluster.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
            tab: details.tab.to_string(),
            rows: if is_table { shown(&details.pods) } else { Shown::default() },
            find: details.text.find.input.text().to_owned(),
            logs: false,
            window: traffic(self.traffic.window.to_string()),
            by: traffic(details.traffic.by.to_string()),
        })
    }

    /// Logs are those of the object below, or of the pod or gateway that they were opened from in a table.
    fn with_logs(&self, logs: &Logs, below: Option<Object>) -> Option<Object> {
        let query = &logs.query;
        let is_of = |object: &Object| *object.name == *logs.title && object.cluster == query.cluster;
        let object = match below.filter(is_of) {
            Some(object) => object,
            None => {
                let is_pod = matches!(query.pods.as_slice(), [(name, _)] if **name == *logs.title);
                let gateway = self.fleet().iter().find(|g| {
                    g.id.cluster == query.cluster && *g.id.name == *logs.title && !g.pods.is_empty()
                });
                let (what, namespace) = match gateway {
                    Some(row) if !is_pod => (What::Gateway, row.id.namespace.clone()),
                    _ if is_pod => (What::Pod, query.namespace.clone()),
                    _ => return None,
                };
                Object {
                    what,
                    cluster: query.cluster.clone(),
                    namespace,
                    name: logs.title.as_str().into(),
                    tab: Tab::Overview.to_string(),
                    rows: Shown::default(),
                    find: String::new(),
                    logs: true,
                    window: String::new(),
                    by: String::new(),
                }
            }
        };
        Some(Object { logs: true, find: logs.find.input.text().to_owned(), ..object })
    }
}

fn shown(table: &Table) -> Shown {
    Shown {
        filter: table.filter.input.text().to_owned(),
        sort: table.sort.map(|(column, back)| (column.to_owned(), back)),
        wide: table.wide,
    }
}
