//! Opening the editor and the form: on a new object, on one that is there, on a draft.

use std::sync::Arc;

use serde_json::Value;

use super::command::Command;
use super::editor::Editor;
use super::effect::{Effect, Ticket};
use super::form::Form;
use super::model::App;
use super::open::key;
use super::overlay::{Choose, Overlay};
use super::screen::{Details, DetailsOf, Screen, Tab};
use crate::model::age;
use crate::model::draft::{Draft, Means};
use crate::model::edit::Target;
use crate::model::fault::Fault;
use crate::model::gateway::GatewayRow;
use crate::model::name::{Kind, ObjectKey};
use crate::model::table::{Subject, Tone};

/// What an object was fetched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// To be edited as YAML.
    Yaml,
    /// To be filled in as a form.
    Form,
    /// One parameter of it is to be changed: the field that sets it.
    Parameter(&'static str),
    /// To make another one like it.
    Clone,
}

/// An object that was asked for, and why.
#[derive(Clone, Debug)]
pub struct Awaited {
    /// Joins the question with its answer.
    pub ticket: Ticket,
    /// Which object.
    pub key: ObjectKey,
    /// What for.
    pub wanted: Wanted,
}

/// What a new text begins with.
const TEMPLATE: &str = "\
# Several documents may follow each other, parted by a line of ---.
# Paste, or write over this example. ctrl-s shows what it would do before anything is written.
apiVersion: istio.alibabacloud.com/VERSION
kind: IstioGateway
metadata:
  name: NAME
  namespace: istio-system
spec:
  gatewayType: egress
  replicaCount: 2
  ports:
  - name: http-0
    port: 80
    targetPort: 80
    protocol: HTTP
  - name: https-1
    port: 443
    targetPort: 443
    protocol: HTTPS
  resources:
    limits:
      cpu: \"2\"
      memory: 4G
";

impl App {
    /// Opens the editor or the form for a command.
    pub(super) fn open_writing(&mut self, command: Command, argument: &str) -> Vec<Effect> {
        use Command as C;
        match command {
            C::New => {
                let (Some(cluster), id) = (self.cluster_here(), self.draft_id()) else { return Vec::new() };
                let form = Form::new(id, cluster, self.known());
                self.open_form(form)
            }
            C::NewFromYaml if argument.is_empty() => self.new_from_yaml(TEMPLATE),
            C::NewFromYaml => {
                let ticket = self.ticket();
                self.say(Tone::Busy, format!("Reading {argument} …"));
                vec![Effect::ReadFile(ticket, argument.to_owned())]
            }
            C::Clone => self.want(Wanted::Clone),
            C::EditForm => self.want(Wanted::Form),
            C::Edit => match self.picked() {
                Some(path) => self.want(Wanted::Parameter(path)),
                None if self.begin_to_pick() => Vec::new(),
                None => self.want(Wanted::Yaml),
            },
            _ => self.want(Wanted::Yaml),
        }
    }

    /// An editor of a text that is to become objects.
    pub(super) fn new_from_yaml(&mut self, text: &str) -> Vec<Effect> {
        let (Some(cluster), id) = (self.cluster_here(), self.draft_id()) else { return Vec::new() };
        let version = self.cluster(&cluster).and_then(|s| s.facts.served_versions.first().cloned());
        let version = version.unwrap_or_else(|| Kind::IstioGateway.resource().version.into());
        let text = text.replace("VERSION", &version);
        self.open_editor(Editor::create(id, &cluster, &text))
    }

    /// A file that was to be made into objects.
    pub(super) fn on_file(&mut self, result: Result<String, Fault>) -> Vec<Effect> {
        self.notice = None;
        match result {
            Ok(text) => self.new_from_yaml(&text),
            Err(fault) => {
                self.say(Tone::Bad, format!("{}. {}", fault.summary, fault.hint));
                Vec::new()
            }
        }
    }

    /// The object that is edited here, and what of it is at hand already.
    fn edited(&self, wanted: &Wanted) -> Option<(ObjectKey, Option<Arc<Value>>)> {
        if let Screen::Details(details) = self.screen()
            && details.tab != Tab::Pods
        {
            let at = match wanted {
                Wanted::Yaml if details.tab == Tab::Yaml => details.document,
                _ => 0,
            };
            if let Some(open) = details.objects.get(at) {
                return Some((open.key.clone(), open.state.value().cloned()));
            }
            return self.leading_key(details).map(|key| (key, None));
        }
        let item = self.active_table().and_then(|table| table.item())?;
        let key = match &item.subject {
            Subject::Gateway(row) => self.key_of_gateway(row),
            _ => item.object(),
        };
        key.map(|key| (key, None))
    }

    fn leading_key(&self, details: &Details) -> Option<ObjectKey> {
        match &details.of {
            DetailsOf::Gateway(id) => self.key_of_gateway(&self.gateway(id)?),
            DetailsOf::Service(key) | DetailsOf::Pod(key) | DetailsOf::Other(key) => Some(key.clone()),
        }
    }

    /// The object that says what a gateway is, where it is.
    fn key_of_gateway(&self, row: &Arc<GatewayRow>) -> Option<ObjectKey> {
        let cluster = &row.id.cluster;
        let cr = row.cr.as_ref().map(|cr| key(&self.home_of(row), Kind::IstioGateway, &cr.meta));
        cr.or_else(|| row.api.as_ref().map(|api| key(cluster, Kind::Gateway, &api.meta)))
            .or_else(|| row.workload.as_ref().map(|w| key(cluster, w.kind, &w.meta)))
    }

    /// Begins what is wanted of the object here, once it is at hand.
    fn want(&mut self, wanted: Wanted) -> Vec<Effect> {
        let Some((key, object)) = self.edited(&wanted) else {
            self.say(Tone::Muted, "There is no object to edit here.");
            return Vec::new();
        };
        let ticket = self.ticket();
        let awaited = Awaited { ticket, key: key.clone(), wanted };
        if let Some(object) = object {
            return self.begin(&awaited, &object);
        }
        self.say(Tone::Busy, format!("Reading {key} …"));
        self.awaited = Some(awaited);
        vec![Effect::Fetch(ticket, key)]
    }

    /// The object that was asked for.
    pub(super) fn on_fetched(&mut self, ticket: Ticket, object: Result<Arc<Value>, Fault>) -> Vec<Effect> {
        let Some(awaited) = self.awaited.take_if(|awaited| awaited.ticket == ticket) else {
            return Vec::new();
        };
        self.notice = None;
        match object {
            Ok(object) => self.begin(&awaited, &object),
            Err(fault) => {
                self.say(Tone::Bad, format!("{}. {}", fault.summary, fault.hint));
                Vec::new()
            }
        }
    }

    /// Begins what an object was wanted for.
    fn begin(&mut self, awaited: &Awaited, object: &Arc<Value>) -> Vec<Effect> {
        let cluster = awaited.key.cluster.clone();
        if let Some(draft) = self.draft_of(awaited, object) {
            let text = format!("Going on with the draft of {}; ctrl-x discards it.", draft.of);
            let effects = self.open_draft(draft);
            self.say(Tone::Plain, text);
            return effects;
        }
        let (id, value) = (self.draft_id(), (**object).clone());
        let path = match awaited.wanted {
            Wanted::Clone => return self.open_form(Form::clone_of(id, cluster, object)),
            Wanted::Form => return self.open_form(Form::edit(id, cluster, value)),
            Wanted::Parameter(path) => path.parse().unwrap_or_default(),
            Wanted::Yaml => crate::model::edit::Path::default(),
        };
        if !path.0.is_empty()
            && let Some(form) = Form::single(id.clone(), cluster.clone(), value, &path)
        {
            return self.open_form(form);
        }
        match Editor::edit(id, &cluster, object) {
            Ok(mut editor) => {
                if !path.0.is_empty() {
                    editor.jump_to(&path);
                }
                self.open_editor(editor)
            }
            Err(fault) => {
                self.say(Tone::Bad, format!("{}. {}", fault.summary, fault.hint));
                Vec::new()
            }
        }
    }

    /// The draft of the same object, written the same way.
    fn draft_of(&self, awaited: &Awaited, object: &Value) -> Option<Draft> {
        let means = match awaited.wanted {
            Wanted::Yaml => Means::Yaml,
            Wanted::Form => Means::Form,
            Wanted::Parameter(_) | Wanted::Clone => return None,
        };
        let of = Target::of(&awaited.key.cluster, object).short();
        let is_it = |draft: &&Draft| {
            let before = draft.before.as_ref();
            draft.means == means
                && draft.cluster == awaited.key.cluster.as_str()
                && draft.of == of
                && before.is_some_and(|before| before["metadata"]["uid"] == object["metadata"]["uid"])
        };
        self.drafts.iter().find(is_it).cloned()
    }

    /// Says what an earlier run typed and did not apply: nobody looks for it unasked.
    pub(super) fn offer_drafts(&mut self, drafts: Vec<Draft>) {
        let n = drafts.len();
        // Where letters are typed, the key is none.
        let key = Some(self.key_of(Command::Drafts)).filter(|key| !key.is_empty());
        let key = key.map_or_else(|| ":drafts".to_owned(), |key| key.to_string());
        // What was typed before they were found stays.
        let typed = std::mem::replace(&mut self.drafts, drafts);
        self.drafts.extend(typed);
        match n {
            0 => {}
            1 => self.say(
                Tone::Warn,
                format!("A draft of an earlier run was not applied: {key} goes on with it."),
            ),
            n => self
                .say(Tone::Warn, format!("{n} drafts of earlier runs were not applied: {key} lists them.")),
        }
    }

    /// The drafts to choose from; with a number: goes on with that one.
    pub(super) fn choose_draft(&mut self, argument: &str) -> Vec<Effect> {
        if let Ok(number) = argument.parse::<usize>() {
            let draft = number.checked_sub(1).and_then(|at| self.drafts.get(at)).cloned();
            return match draft {
                Some(draft) => self.open_draft(draft),
                None => {
                    self.say(Tone::Bad, format!("drafts: there is no draft {number}"));
                    Vec::new()
                }
            };
        }
        let options = self.drafts.iter().enumerate().map(|(n, draft)| {
            let verb = if draft.before.is_some() { "edit" } else { "make" };
            let ago = age::age(draft.changed, self.now);
            ((n + 1).to_string(), format!("{verb} {} in {}, {ago} ago", draft.of, draft.cluster))
        });
        let options = options.collect();
        let title = "go on with which draft";
        self.overlay = Some(Overlay::Choose(Choose {
            title,
            command: Command::Drafts,
            options,
            cursor: 0,
            meant: None,
        }));
        Vec::new()
    }

    /// Goes on with a draft, in the cluster that it was meant for and in no other.
    fn open_draft(&mut self, draft: Draft) -> Vec<Effect> {
        let cluster = draft.cluster.as_str().into();
        if self.cluster(&cluster).is_none() {
            self.say(Tone::Warn, format!("{cluster} is not open: `:open-context {cluster}` opens it."));
            return Vec::new();
        }
        let is_open = |screen: &Screen| match screen {
            Screen::Editor(editor) => editor.draft.id == draft.id,
            Screen::Form(form) => form.draft.id == draft.id,
            _ => false,
        };
        if self.stack.iter().any(is_open) {
            self.say(Tone::Plain, "That draft is open: esc leads back to it.");
            return Vec::new();
        }
        match (draft.means, Form::of_draft(draft.clone())) {
            (Means::Form, Ok(form)) => self.open_form(form),
            _ => self.open_editor(Editor::of_draft(draft)),
        }
    }
}
