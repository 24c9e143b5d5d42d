//! What a source file uses: every path in it, resolved to the crate's own modules or to the world outside.

use std::sync::LazyLock;

use regex::Regex;
use syn::visit::{self, Visit};
use syn::{Attribute, ItemExternCrate, ItemMod, ItemUse, Macro, MetaList, UseTree};

/// One use of a path.
#[derive(Debug)]
pub(super) struct Use {
    /// The module that uses it.
    pub(super) module: Vec<String>,
    /// Whether it is a path of this crate.
    pub(super) ours: bool,
    /// The path, from the crate's root, or beginning with another crate's name.
    pub(super) path: Vec<String>,
    /// Taken under another name or with a glob: what is used of it later can't be seen.
    pub(super) hidden: bool,
}

/// All uses of a file, tests in it left out.
pub(super) fn uses(module: &[String], text: &str) -> Vec<Use> {
    let file = syn::parse_file(text).unwrap();
    let mut walk = Walk { module: module.to_vec(), found: Vec::new() };
    walk.visit_file(&file);
    walk.found
}

struct Walk {
    module: Vec<String>,
    found: Vec<Use>,
}

impl Walk {
    fn note(&mut self, path: &[String], hidden: bool) {
        let mut at = self.module.clone();
        let mut rest = path;
        let ours = match path.first().map(String::as_str) {
            Some("crate") => {
                at.clear();
                rest = &path[1..];
                true
            }
            Some("self") => {
                rest = &path[1..];
                true
            }
            Some("super") => true,
            _ => false,
        };
        while rest.first().is_some_and(|part| part == "super") {
            at.pop();
            rest = &rest[1..];
        }
        let path = if ours { at.into_iter().chain(rest.iter().cloned()).collect() } else { rest.to_vec() };
        self.found.push(Use { module: self.module.clone(), ours, path, hidden });
    }

    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(p) => self.tree(&with(p.ident.to_string()), &p.tree),
            UseTree::Name(n) if n.ident == "self" => self.note(before, false),
            UseTree::Name(n) => self.note(&with(n.ident.to_string()), false),
            UseTree::Rename(r) => self.note(&with(r.ident.to_string()), true),
            UseTree::Glob(_) => self.note(before, true),
            UseTree::Group(g) => g.items.iter().for_each(|item| self.tree(before, item)),
        }
    }

    /// Paths among tokens that syn does not parse: the arguments of macros and attributes. Printed tokens
    /// have spaces around `::`, which tells a path from the text of a string.
    fn tokens(&mut self, text: &str) {
        static PATH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\w+(?: :: \w+)+").unwrap());
        for path in PATH.find_iter(text) {
            let parts: Vec<String> = path.as_str().split(" :: ").map(Into::into).collect();
            self.note(&parts, false);
        }
    }
}

/// Whether an item is there for tests only.
fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|a| {
        a.path().is_ident("test")
            || a.path().is_ident("cfg") && a.parse_args::<syn::Path>().is_ok_and(|p| p.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if for_tests(&item.attrs) {
            return;
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !for_tests(&item.attrs) {
            self.tree(&[], &item.tree);
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        self.note(&[item.ident.to_string()], item.rename.is_some());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        // One word alone is a local name or something that a `use` brought in.
        if parts.len() > 1 {
            self.note(&parts, false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(&call.tokens.to_string());
        visit::visit_macro(self, call);
    }

    fn visit_meta_list(&mut self, list: &'ast MetaList) {
        self.tokens(&list.tokens.to_string());
        visit::visit_meta_list(self, list);
    }
}
