//! Disks that are full, read-only or not ours: told as such, nothing half-written, nothing lost.
#![cfg(target_os = "linux")]

mod common;

use common::{cogrnn, done, experiment, left, leftovers, refused_in, run, same};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

const DISK: &str = "COGRNN_TEST_DISK";

/// Runs the test of this name again with a disk of its own, where the system allows to mount one; there
/// `body` is done with it.
fn with_a_disk(test: &str, size: &str, body: fn(&Path)) {
    if let Some(disk) = std::env::var_os(DISK) {
        return body(Path::new(&disk));
    }
    let dir = tempfile::tempdir().unwrap();
    let again = format!("mount -t tmpfs -o size={size} none \"${DISK}\" && exec \"$0\" --exact {test} --nocapture");
    let out = Command::new("unshare")
        .args(["-rm", "sh", "-c", &again])
        .arg(std::env::current_exe().unwrap())
        .env(DISK, dir.path())
        .output();
    match out {
        Ok(out) if String::from_utf8_lossy(&out.stdout).contains("running 1 test") => {
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        }
        _ => eprintln!("{test}: not tested, no disk may be mounted here"),
    }
}

fn mount_again(disk: &Path, option: &str) {
    let options = format!("remount,{option}");
    assert!(Command::new("mount").args(["-o", &options]).arg(disk).status().unwrap().success());
}

/// What the program says, with the disk's name left out.
fn shown(said: &str, disk: &Path) -> String {
    said.replace(disk.to_str().unwrap(), "DISK")
}

fn fill(disk: &Path) {
    let mut file = fs::File::create(disk.join("films")).unwrap();
    while file.write_all(&[1; 512]).is_ok() {}
}

#[test]
fn a_full_disk_stops_a_training_before_it_begins() {
    with_a_disk("a_full_disk_stops_a_training_before_it_begins", "128k", |disk| {
        let dir = tempfile::tempdir().unwrap();
        experiment(dir.path(), &[]);
        fill(disk);
        let run = disk.join("run");
        let said = refused_in(dir.path(), &["train", "small.toml", "--out", run.to_str().unwrap(), "--quiet"]);
        insta::assert_snapshot!(shown(&said, disk), @r#"
        cannot write `DISK/run/experiment.toml`
        why  the disk is full
        try  free some space, or give a folder on another disk
        "#);
        assert_eq!(fs::read_dir(&run).map_or(0, Iterator::count), 0, "nothing half-written");
        // With room made, the same command works.
        fs::remove_file(disk.join("films")).unwrap();
        done(dir.path(), &["train", "small.toml", "--out", run.to_str().unwrap(), "--json", "--updates", "1"]);
    });
}

#[test]
fn a_disk_that_fills_up_keeps_the_last_checkpoint() {
    with_a_disk("a_disk_that_fills_up_keeps_the_last_checkpoint", "48k", |disk| {
        let dir = tempfile::tempdir().unwrap();
        // The learning curve grows with each check, until nothing fits.
        experiment(
            dir.path(),
            &[("check_every = 10", "check_every = 1"), ("validation_trials = 22", "validation_trials = 11")],
        );
        done(dir.path(), &["train", "small.toml", "--out", "whole", "--json"]);
        let folder = disk.join("run");
        let name = folder.to_str().unwrap();
        let out = run(dir.path(), &["train", "small.toml", "--out", name, "--quiet"]);
        let said = shown(&String::from_utf8(out.stderr).unwrap(), disk);
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(out.stdout.is_empty());
        let file = said.lines().next().unwrap().to_string();
        insta::assert_snapshot!(said.replace(&file, "cannot write `DISK/run/FILE`"), @r#"
        cannot write `DISK/run/FILE`
        why  the disk is full
        try  free some space, or give a folder on another disk; then `cogrnn resume DISK/run` goes on from the last checkpoint
        "#);
        assert!(file.starts_with("cannot write `DISK/run/") && leftovers(&folder) == 0, "{said}");
        let kept = left(&folder); // whole and sound
        // A second try fails the same way and takes nothing away.
        assert_eq!(run(dir.path(), &["resume", name, "--quiet"]).status.code(), Some(2));
        assert!(left(&folder).checkpoint == kept.checkpoint && leftovers(&folder) == 0);
        mount_again(disk, "size=4m");
        done(dir.path(), &["resume", name, "--json"]);
        same(&left(&folder), &left(&dir.path().join("whole")), "after the disk was full");
    });
}

#[test]
fn a_read_only_disk_is_told_as_such() {
    with_a_disk("a_read_only_disk_is_told_as_such", "1m", |disk| {
        let dir = tempfile::tempdir().unwrap();
        experiment(dir.path(), &[]);
        let run = disk.join("run");
        let name = run.to_str().unwrap();
        done(dir.path(), &["train", "small.toml", "--out", name, "--json", "--updates", "20"]);
        mount_again(disk, "ro");
        let said = [
            refused_in(dir.path(), &["train", "small.toml", "--out", disk.join("new").to_str().unwrap()]),
            refused_in(dir.path(), &["train", "small.toml", "--out", name, "--overwrite"]),
            refused_in(dir.path(), &["resume", name, "--quiet"]),
            refused_in(dir.path(), &["record", name, "--out", disk.join("a.npz").to_str().unwrap()]),
        ];
        insta::assert_snapshot!(shown(&said.join("\n"), disk), @r#"
        cannot make the folder `DISK/new`
        why  the disk is read-only
        try  give a folder that can be written

        cannot make the folder `DISK/run`
        why  the disk is read-only
        try  give a folder that can be written

        cannot replace `DISK/run/result.json`
        why  the disk is read-only
        try  give a folder that can be written; then `cogrnn resume DISK/run` goes on from the last checkpoint

        cannot write `DISK/a.npz`
        why  the disk is read-only
        try  give a folder that can be written
        "#);
        // It can be looked at all the same.
        done(dir.path(), &["evaluate", name, "--trials", "11", "--dt", "20"]);
    });
}

#[test]
fn a_folder_that_cannot_be_made_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    experiment(dir.path(), &[]);
    let said = ["small.toml", "small.toml/run", "/proc/run"]
        .map(|out| refused_in(dir.path(), &["train", "small.toml", "--out", out]));
    insta::assert_snapshot!(said.join("\n"), @r#"
    cannot make the folder `small.toml`
    why  a file of this name exists
    try  give another name, or move the file away

    cannot make the folder `small.toml/run`
    why  `small.toml` is a file, not a folder
    try  give another folder, or move the file away

    cannot make the folder `/proc/run`
    why  `/proc` takes no new files
    try  give a folder that can be written
    "#);
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let dir = tempfile::tempdir().unwrap();
    experiment(dir.path(), &[]);
    fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o555)).unwrap();
    let mut command = cogrnn(dir.path(), &["train", "small.toml"]);
    if fs::metadata(dir.path()).unwrap().uid() == 0 {
        command.uid(65534); // to root every folder is open, so somebody else tries
    }
    match command.output() {
        Ok(out) if out.status.code() == Some(2) => {
            insta::assert_snapshot!(String::from_utf8(out.stderr).unwrap(), @r#"
            cannot make the folder `runs/small-seed7`
            why  you have no permission
            try  `ls -ld .` shows who has; or give another folder
            "#);
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        }
        other => eprintln!("not tested: the program cannot run as somebody else here: {other:?}"),
    }
}
