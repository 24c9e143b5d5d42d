//! The parts of the control plane: which Go module or wheel each comes from, and where the results are kept.
//!
//! A part is built once for each content of its folder (go.mod, go.sum and sources; requirements), into
//! `egret/control-plane/<part>-<hash>` of the user's cache (`XDG_CACHE_HOME`, `~/.cache`,
//! `~/Library/Caches`; `EGRET_TEST_CACHE` overrides the whole folder), outside the clone.

use super::{Error, Result, While, build, tools};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A Go module of `tests/control-plane` and what is taken from it.
#[derive(Debug)]
pub struct Part {
    /// Its folder below `tests/control-plane`.
    pub name: &'static str,
    /// The programs built: the name of the result and the package.
    pub programs: &'static [(&'static str, &'static str)],
    /// Files and folders copied out of the sources of a module the part requires.
    pub files: &'static [(&'static str, &'static [&'static str])],
    /// A module whose version the programs report as their own.
    pub version_of: Option<&'static str>,
}

/// Everything a control plane is made of.
pub const PARTS: &[Part] = &[
    Part {
        name: "supervisor",
        programs: &[("supervisor", "egret/control-plane/supervisor")],
        files: &[],
        version_of: None,
    },
    Part {
        name: "kubernetes",
        programs: &[
            ("etcd", "go.etcd.io/etcd/server/v3"),
            ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
            ("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
            ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
        ],
        files: &[],
        version_of: Some("k8s.io/kubernetes"),
    },
    Part {
        name: "kwok",
        programs: &[("kwok", "sigs.k8s.io/kwok/cmd/kwok")],
        files: &[(
            "sigs.k8s.io/kwok",
            &[
                "kustomize/stage/node/fast/node-initialize.yaml",
                "kustomize/stage/node/heartbeat/node-heartbeat.yaml",
                "kustomize/stage/pod/fast/pod-ready.yaml",
                "kustomize/stage/pod/fast/pod-complete.yaml",
                "kustomize/stage/pod/fast/pod-delete.yaml",
                "kustomize/crd/bases/kwok.x-k8s.io_logs.yaml",
                "kustomize/crd/bases/kwok.x-k8s.io_portforwards.yaml",
            ],
        )],
        version_of: None,
    },
    Part {
        name: "gateway-api",
        programs: &[],
        files: &[("sigs.k8s.io/gateway-api", &["config/crd/standard"])],
        version_of: None,
    },
];

/// What a mesh takes beside: built only for the tests that have one.
pub const MESH_PARTS: &[Part] = &[
    Part {
        name: "istio",
        programs: &[("pilot-discovery", "istio.io/istio/pilot/cmd/pilot-discovery")],
        files: &[(
            "istio.io/istio",
            &[
                "manifests/charts/base/files/crd-all.gen.yaml",
                "manifests/charts/istio-control/istio-discovery",
                "manifests/charts/gateway",
            ],
        )],
        version_of: None,
    },
    Part { name: "helm", programs: &[("helm", "helm.sh/helm/v3/cmd/helm")], files: &[], version_of: None },
];

/// What runs in the pod of a gateway: built only for the tests that have a proxy.
pub const PROXY_PARTS: &[Part] = &[Part {
    name: "agent",
    programs: &[("pilot-agent", "istio.io/istio/pilot/cmd/pilot-agent")],
    files: &[("istio.io/istio", &["tools/packaging/common/envoy_bootstrap.json"])],
    version_of: None,
}];

/// A wheel of PyPI, pinned in `requirements.txt` of its folder below `tests/control-plane`.
#[derive(Debug)]
pub struct Wheel {
    /// The name of the folder.
    pub name: &'static str,
    /// The programs in it: the name of the result and the path in the wheel.
    pub programs: &'static [(&'static str, &'static str)],
}

/// The proxy itself.
pub const ENVOY: Wheel = Wheel { name: "envoy", programs: &[("envoy", "envoy/_bin/envoy")] };

/// The built parts.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    folders: BTreeMap<&'static str, PathBuf>,
    programs: BTreeMap<&'static str, PathBuf>,
}

impl Parts {
    fn add(&mut self, name: &'static str, programs: &[(&'static str, &str)], folder: PathBuf) {
        let programs = programs.iter().map(|(program, _)| (*program, folder.join("bin").join(program)));
        self.programs.extend(programs);
        self.folders.insert(name, folder);
    }

    /// Where a program is.
    pub fn program(&self, name: &str) -> Result<&Path> {
        self.programs.get(name).map(PathBuf::as_path).ok_or_else(|| Error(format!("no part builds {name}")))
    }

    /// A file or folder that a part copied out of its sources.
    pub fn file(&self, part: &str, path: &str) -> Result<PathBuf> {
        let folder = self.folders.get(part).ok_or_else(|| Error(format!("there is no part {part}")))?;
        Ok(folder.join("files").join(path))
    }

    /// The text of such a file.
    pub fn text(&self, part: &str, path: &str) -> Result<String> {
        let file = self.file(part, path)?;
        std::fs::read_to_string(&file).while_doing(format_args!("reading {}", file.display()))
    }

    /// The texts of the files of such a folder, in the order of their names.
    pub fn texts(&self, part: &str, folder: &str) -> Result<Vec<String>> {
        let folder = self.file(part, folder)?;
        let what = format!("reading {}", folder.display());
        let mut files = Vec::new();
        for entry in folder.read_dir().while_doing(&what)? {
            files.push(entry.while_doing(&what)?.path());
        }
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).while_doing(&what)).collect()
    }
}

/// The parts, built where the cache does not have them. Blocks: minutes when something is to be built.
pub fn ready() -> Result<&'static Parts> {
    static READY: OnceLock<Result<Parts>> = OnceLock::new();
    READY.get_or_init(|| prepare(PARTS)).as_ref().map_err(Clone::clone)
}

/// The parts of a mesh, likewise.
pub fn mesh() -> Result<&'static Parts> {
    static READY: OnceLock<Result<Parts>> = OnceLock::new();
    READY.get_or_init(|| prepare(MESH_PARTS)).as_ref().map_err(Clone::clone)
}

/// Envoy, likewise.
pub fn envoy() -> Result<&'static Parts> {
    static READY: OnceLock<Result<Parts>> = OnceLock::new();
    READY.get_or_init(|| prepare_wheel(&ENVOY)).as_ref().map_err(Clone::clone)
}

/// What starts Envoy in a gateway's pod, likewise.
pub fn agent() -> Result<&'static Parts> {
    static READY: OnceLock<Result<Parts>> = OnceLock::new();
    READY.get_or_init(|| prepare(PROXY_PARTS)).as_ref().map_err(Clone::clone)
}

fn prepare(all: &[Part]) -> Result<Parts> {
    check_tools()?;
    let cache = cache_folder()?;
    let mut parts = Parts::default();
    for part in all {
        let folder = built(part, &sources(part.name), &cache)?;
        parts.add(part.name, part.programs, folder);
    }
    Ok(parts)
}

fn prepare_wheel(wheel: &Wheel) -> Result<Parts> {
    check_tools()?;
    let folder = build::fetched(wheel, &sources(wheel.name), &cache_folder()?)?;
    let mut parts = Parts::default();
    parts.add(wheel.name, wheel.programs, folder);
    Ok(parts)
}

fn check_tools() -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = tools::missing(&path);
    if !missing.is_empty() {
        return Err(Error(missing.join("\n")));
    }
    Ok(())
}

/// Builds one part from these sources into this cache, if it is not there yet; the folder of the result. Blocks.
pub fn built(part: &Part, sources: &Path, cache: &Path) -> Result<PathBuf> {
    build::ready(part, sources, cache)
}

/// The folder of a part in the clone.
fn sources(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control-plane").join(name)
}

fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = set("EGRET_TEST_CACHE") {
        return Ok(folder);
    }
    let home = || set("HOME").ok_or_else(|| Error("neither EGRET_TEST_CACHE nor HOME is set".to_owned()));
    let user = match set("XDG_CACHE_HOME") {
        Some(folder) => folder,
        None if cfg!(target_os = "macos") => home()?.join("Library/Caches"),
        None => home()?.join(".cache"),
    };
    Ok(user.join("egret/control-plane"))
}

fn set(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
