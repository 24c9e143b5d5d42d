use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::mpsc::channel as messages;

use super::*;
use crate::model::draft::Means;

fn draft(id: &str, text: &str) -> Draft {
    Draft {
        id: id.into(),
        cluster: "prod".into(),
        of: "IstioGateway istio-system/out".into(),
        before: None,
        text: text.into(),
        means: Means::Yaml,
        changed: "2026-05-03T11:52:00Z".parse().unwrap(),
    }
}

/// What a process that begins now would be offered.
fn offered(root: &Path) -> (Disk, Vec<String>) {
    let mut disk = Disk::new(root.to_owned());
    let found = disk.take_over().unwrap();
    assert_eq!(found.foreign, Vec::<PathBuf>::new());
    (disk, found.drafts.into_iter().map(|d| d.text).collect())
}

/// All files below a directory, but for locks.
fn files(below: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(below) else { return Vec::new() };
    let paths = entries.map(|e| e.unwrap().path());
    let all = paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    all.filter(|path| !path.ends_with("lock")).collect()
}

#[test]
fn a_draft_is_kept_whole_and_for_its_owner_alone_and_the_newest_of_an_id_stands() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("state/drafts");
    let mut disk = Disk::new(root.clone());
    disk.keep(&draft("1", "a: 1")).unwrap();
    disk.keep(&draft("1", "a: 2")).unwrap();
    let all = files(&root);
    assert_eq!(all.len(), 1, "{all:?}");
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&all[0]), mode(all[0].parent().unwrap()), mode(&root)), (0o600, 0o700, 0o700));
    let kept: Draft = serde_json::from_slice(&fs::read(&all[0]).unwrap()).unwrap();
    assert_eq!(kept, draft("1", "a: 2"));
    disk.discard("1").unwrap();
    disk.discard("never there").unwrap();
    drop(disk);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 1, "only the lock of all is left");
}

#[test]
fn what_a_living_process_types_is_offered_to_no_other_until_it_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = Disk::new(dir.path().to_owned());
    first.keep(&draft("1", "mine")).unwrap();
    let (mut second, texts) = offered(dir.path());
    assert!(texts.is_empty());
    second.keep(&draft("1", "another's, of the same id")).unwrap();
    assert_eq!(files(dir.path()).len(), 2);
    drop(first);
    let (third, texts) = offered(dir.path());
    assert_eq!(texts, ["mine"]);
    assert!(offered(dir.path()).1.is_empty(), "the third has it now");
    drop((second, third));
    let (_fourth, mut texts) = offered(dir.path());
    texts.sort();
    assert_eq!(texts, ["another's, of the same id", "mine"], "of two with one id neither is lost");
    assert_eq!(files(dir.path()).len(), 2);
}

#[test]
fn the_newest_is_offered_first_and_what_was_half_written_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut disk = Disk::new(dir.path().to_owned());
    let later = Draft { changed: "2026-05-04T00:00:00Z".parse().unwrap(), ..draft("2", "later") };
    disk.keep(&draft("1", "earlier")).unwrap();
    disk.keep(&later).unwrap();
    let half = files(dir.path())[0].parent().unwrap().join(".half");
    fs::write(&half, "{\"id\":\"3\",\"te").unwrap();
    drop(disk);
    let (mut disk, texts) = offered(dir.path());
    assert_eq!(texts, ["later", "earlier"]);
    assert!(!half.exists());
    // What was taken over can be changed and discarded like one's own.
    disk.keep(&draft("1", "changed")).unwrap();
    disk.discard("2").unwrap();
    drop(disk);
    assert_eq!(offered(dir.path()).1, ["changed"]);
}

#[test]
fn what_is_no_draft_is_named_and_left() {
    let dir = tempfile::tempdir().unwrap();
    let mut disk = Disk::new(dir.path().to_owned());
    disk.keep(&draft("1", "good")).unwrap();
    let own = files(dir.path())[0].parent().unwrap().to_owned();
    drop(disk);
    let foreign = [dir.path().join("notes.txt"), own.join("2.draft.json"), own.join("else")];
    foreign.iter().for_each(|path| fs::write(path, "{\"id\": 2}").unwrap());
    let mut disk = Disk::new(dir.path().to_owned());
    let mut found = disk.take_over().unwrap();
    found.foreign.sort();
    let mut wanted = foreign.to_vec();
    wanted.sort();
    assert_eq!((found.drafts.len(), &found.foreign), (1, &wanted));
    assert!(foreign.iter().all(|path| path.exists()));
}

#[test]
fn a_draft_of_a_secret_is_never_written_and_takes_what_was_kept_before_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut disk = Disk::new(dir.path().to_owned());
    disk.keep(&draft("1", "kind: Secret\nstringData: {a: hunter2}")).unwrap();
    assert!(files(dir.path()).is_empty());
    disk.keep(&draft("1", "kind: Service")).unwrap();
    disk.keep(&draft("1", "kind: Service\n---\nkind: Secret\nstringData: {a: hunter2}")).unwrap();
    assert!(files(dir.path()).is_empty());
}

#[test]
fn an_id_leads_to_no_other_place() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("drafts");
    let mut disk = Disk::new(root.clone());
    for id in ["../../x", "/etc/x", "a/b", "", ".half", "lock"] {
        disk.keep(&draft(id, id)).unwrap();
    }
    assert_eq!(files(&root).len(), 6);
    assert_eq!(files(dir.path()).len(), 6);
    drop(disk);
    assert_eq!(offered(&root).1.len(), 6);
}

#[test]
fn everything_typed_is_on_disk_when_it_was_flushed_and_is_offered_by_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let drafts = Drafts::start(dir.path().to_owned(), |msg| panic!("nothing is to be told: {msg:?}"));
    for n in 0..1000 {
        drafts.keep(draft("1", &format!("n: {n}")));
    }
    drafts.keep(draft("2", "two"));
    drafts.discard("2".into());
    flush();
    let all = files(dir.path());
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(fs::read_to_string(&all[0]).unwrap().contains("n: 999"));
    // As after a crash: nothing is tidied, and the lock goes with the process.
    let copy = tempfile::tempdir().unwrap();
    let left = copy.path().join("1-dead");
    fs::create_dir(&left).unwrap();
    fs::copy(&all[0], left.join(all[0].file_name().unwrap())).unwrap();
    fs::write(copy.path().join("notes.txt"), "").unwrap();
    let (say, said) = messages();
    let next = Drafts::start(copy.path().to_owned(), move |msg| say.send(msg).unwrap());
    let Ok(Msg::Drafts(offered)) = said.recv() else { panic!("drafts are offered") };
    assert_eq!(offered, [draft("1", "n: 999")]);
    let Ok(Msg::Notice(fault)) = said.recv() else { panic!("what is none is told") };
    assert!(fault.summary.contains("notes.txt"), "{}", fault.summary);
    drop((drafts, next));
}

#[test]
fn a_directory_that_cannot_be_written_is_told_once_and_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let in_the_way = dir.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    fs::set_permissions(&in_the_way, fs::Permissions::from_mode(0o600)).unwrap();
    let (say, said) = messages();
    let drafts = Drafts::start(in_the_way.join("drafts"), move |msg| say.send(msg).unwrap());
    drafts.keep(draft("1", "one"));
    let Ok(Msg::Notice(fault)) = said.recv() else { panic!("it is told") };
    assert!(fault.summary.contains("drafts cannot be kept on disk"), "{}", fault.summary);
    drafts.keep(draft("1", "two"));
    // The thread ends when nobody types any more.
    drop(drafts);
    assert_eq!(said.iter().count(), 0, "and not again");
}
