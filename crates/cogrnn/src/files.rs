//! Files that are either wholly written or not at all, and what to do when the machine refuses.

use cogrnn_core::error::{Error, Result};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

const PREFIX: &str = ".cogrnn-";
const SUFFIX: &str = ".part";

/// Replaces a file in one step: whoever reads it, and whenever this process dies, finds the old
/// content or the new.
///
/// # Errors
/// If the machine refuses; the old file is then untouched and nothing half-written is left.
pub fn write_atomically(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let path = path.as_ref();
    let mut part = begin(path)?;
    part.file().write_all(bytes).map_err(|e| refusal("cannot write", path, &e))?;
    part.keep(path)
}

/// A file under way: under a name of its own until it is whole, removed if it never is.
#[derive(Debug)]
pub struct Part(tempfile::NamedTempFile);

/// Begins the file that is to be `path`.
///
/// # Errors
/// If the machine refuses.
pub fn begin(path: &Path) -> Result<Part> {
    let refused = |e: io::Error| refusal("cannot write", path, &e);
    if path.is_dir() {
        return Err(refused(ErrorKind::IsADirectory.into()));
    }
    // In the same folder, for a rename is atomic only within one file system.
    new_part(parent(path)).map(Part).map_err(refused)
}

impl Part {
    /// To write to.
    pub fn file(&mut self) -> &mut File {
        self.0.as_file_mut()
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// If the machine refuses; what had this name before is then untouched.
    pub fn keep(self, path: &Path) -> Result<()> {
        let refused = |e: io::Error| refusal("cannot write", path, &e);
        // Before the rename: a crash must not find the new name on empty content.
        self.0.as_file().sync_all().map_err(refused)?;
        self.0.persist(path).map_err(|e| refused(e.error))?;
        sync_folder(parent(path)).map_err(refused)
    }
}

/// Bytes that are free for a new file at `path`; `None` where the system does not say.
pub fn free_space(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(parent(path)).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// The whole content of a file.
///
/// # Errors
/// If it does not exist or cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let path = path.as_ref();
    let bytes = fs::read(path);
    bytes.map_err(|e| refusal("cannot read", path, &e))
}

/// The whole content of a text file.
///
/// # Errors
/// If it does not exist, cannot be read, or is not text.
pub fn read_text(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    String::from_utf8(read(path)?).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        Error::input(format!("cannot read `{}`", path.display()))
            .at(format!("line {line}"))
            .why("it is not text in UTF-8")
            .remedy("save it as UTF-8, or give another file")
    })
}

/// Makes the folder of a run, and those above it.
///
/// # Errors
/// If it already holds something and `overwrite` is not asked for, or cannot be made.
pub fn create_run_folder(path: impl AsRef<Path>, overwrite: bool) -> Result<()> {
    let path = path.as_ref();
    let shown = path.display();
    let refused = |e: io::Error| refusal("cannot make the folder", path, &e);
    if path.exists() && !path.is_dir() {
        return Err(refused(ErrorKind::AlreadyExists.into()));
    }
    let mut found = if path.is_dir() { Some(fs::read_dir(path).map_err(refused)?) } else { None };
    // What a killed process left half-written is nobody's.
    let taken = found.iter_mut().flatten().flatten().any(|entry| !is_leftover(&entry));
    if taken && !overwrite {
        let holds = if path.join(crate::folder::EXPERIMENT).exists() {
            "it already holds a run"
        } else {
            "it already holds files"
        };
        let resume = if path.join(crate::folder::CHECKPOINT).exists() {
            format!("`cogrnn resume {shown}` to go on, ")
        } else {
            String::new()
        };
        return Err(Error::input(format!("`{shown}` is not empty"))
            .why(holds)
            .remedy(format!("another --out, {resume}or --overwrite")));
    }
    fs::create_dir_all(path).map_err(refused)?;
    remove_leftovers(path);
    // Found out now and not after an hour of training: whether files can be made here.
    new_part(path).map(drop).map_err(refused)?;
    sync_folder(parent(path)).map_err(refused)
}

/// Removes what a killed process left half-written in this folder.
pub fn remove_leftovers(folder: impl AsRef<Path>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_leftover(&entry) {
            let _ = fs::remove_file(entry.path()); // a leftover does no harm
        }
    }
}

fn is_leftover(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new file that is removed unless it is renamed.
fn new_part(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    // Results are there to be shared: as an editor would make them, less the umask; not 0600.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    // The rename itself must survive a power cut. Elsewhere a folder cannot be opened as a file.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// What the machine refused, in words.
pub fn refusal(what: &str, path: &Path, error: &io::Error) -> Error {
    let shown = path.display();
    let (why, remedy) = match error.kind() {
        ErrorKind::StorageFull => {
            ("the disk is full".to_string(), "free some space, or give a folder on another disk".to_string())
        }
        ErrorKind::QuotaExceeded => {
            ("your disk quota is used up".to_string(), "free some space, or give a folder on another disk".to_string())
        }
        ErrorKind::FileTooLarge => {
            ("the file would be larger than is allowed here".to_string(), "`ulimit -f` shows the limit".to_string())
        }
        ErrorKind::ReadOnlyFilesystem => {
            ("the disk is read-only".to_string(), "give a folder that can be written".to_string())
        }
        ErrorKind::PermissionDenied => (
            "you have no permission".to_string(),
            format!("`ls -ld {}` shows who has; or give another folder", nearest_existing(path).display()),
        ),
        ErrorKind::IsADirectory => ("it is a folder, not a file".to_string(), "give the name of a file".to_string()),
        ErrorKind::AlreadyExists => {
            ("a file of this name exists".to_string(), "give another name, or move the file away".to_string())
        }
        ErrorKind::NotADirectory => {
            let file = nearest_existing(path);
            (
                format!("`{}` is a file, not a folder", file.display()),
                "give another folder, or move the file away".to_string(),
            )
        }
        ErrorKind::NotFound if what.contains("read") => {
            ("it does not exist".to_string(), "check the name; `ls` shows what is there".to_string())
        }
        ErrorKind::NotFound if nearest_existing(path) == parent(path) => (
            format!("`{}` takes no new files", parent(path).display()),
            "give a folder that can be written".to_string(),
        ),
        ErrorKind::NotFound => (
            format!("the folder `{}` does not exist", parent(path).display()),
            format!("mkdir -p {}", parent(path).display()),
        ),
        _ => (error.to_string(), "see whether the disk is there and sound".to_string()),
    };
    Error::machine(format!("{what} `{shown}`")).why(why).remedy(remedy)
}

/// The path itself or the lowest folder above it that is there.
fn nearest_existing(path: &Path) -> PathBuf {
    let mut at = path;
    while !at.exists() && at != Path::new(".") {
        at = parent(at);
    }
    at.to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(read(&path).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["a.txt"]);
    }

    #[cfg(unix)]
    #[test]
    fn files_are_readable_as_the_umask_says() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
        write_atomically(&ours, b"").unwrap();
        fs::write(&theirs, b"").unwrap();
        let mode = |p| fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&ours), mode(&theirs));
    }

    #[test]
    fn a_refused_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let shown = |e: Error| e.to_string().replace(dir.path().to_str().unwrap(), "DIR");
        fs::create_dir(dir.path().join("inner")).unwrap();
        fs::write(dir.path().join("file"), "x").unwrap();
        let all = ["inner", "file/a", "none/a"].map(|p| shown(write_atomically(dir.path().join(p), b"x").unwrap_err()));
        insta::assert_snapshot!(all.join("\n\n"), @r#"
        cannot write `DIR/inner`
        why  it is a folder, not a file
        try  give the name of a file

        cannot write `DIR/file/a`
        why  `DIR/file` is a file, not a folder
        try  give another folder, or move the file away

        cannot write `DIR/none/a`
        why  the folder `DIR/none` does not exist
        try  mkdir -p DIR/none
        "#);
        insta::assert_snapshot!(shown(read(dir.path().join("none")).unwrap_err()), @r#"
        cannot read `DIR/none`
        why  it does not exist
        try  check the name; `ls` shows what is there
        "#);
        assert_eq!(names(dir.path()), ["file", "inner"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_as_such() {
        // /dev/full takes no byte; a rename over it would need root, so only the words are tested.
        let error = File::create("/dev/full").and_then(|mut f| f.write_all(b"x")).unwrap_err();
        insta::assert_snapshot!(refusal("cannot write", Path::new("run/weights"), &error), @r#"
        cannot write `run/weights`
        why  the disk is full
        try  free some space, or give a folder on another disk
        "#);
    }

    /// Runs itself again with a disk of 16 kB, where the system allows to mount one.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_keeps_the_old_file() {
        const DISK: &str = "COGRNN_TEST_DISK";
        if let Some(disk) = std::env::var_os(DISK) {
            let path = Path::new(&disk).join("a");
            write_atomically(&path, b"old").unwrap();
            let error = write_atomically(&path, &[1; 1 << 20]).unwrap_err();
            assert!(error.to_string().contains("the disk is full"), "{error}");
            assert_eq!(read(&path).unwrap(), b"old");
            assert_eq!(names(Path::new(&disk)), ["a"]);
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let again = "mount -t tmpfs -o size=16k none \"$COGRNN_TEST_DISK\" && \
                     exec \"$0\" --exact files::tests::a_full_disk_keeps_the_old_file";
        let out = std::process::Command::new("unshare")
            .args(["-rm", "sh", "-c", again])
            .arg(std::env::current_exe().unwrap())
            .env(DISK, dir.path())
            .output();
        match out {
            Ok(out) if String::from_utf8_lossy(&out.stdout).contains("running 1 test") => {
                assert!(out.status.success(), "{out:?}");
            }
            _ => eprintln!("not tested: no disk may be mounted here"),
        }
    }

    #[test]
    fn a_folder_that_holds_something_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("runs/a");
        create_run_folder(&path, false).unwrap();
        create_run_folder(&path, false).unwrap(); // empty still
        new_part(&path).unwrap().keep().unwrap();
        create_run_folder(&path, false).unwrap(); // a leftover is nothing
        assert!(names(&path).is_empty());
        write_atomically(path.join(crate::folder::EXPERIMENT), b"").unwrap();
        write_atomically(path.join(crate::folder::CHECKPOINT), b"").unwrap();
        let error =
            create_run_folder(&path, false).unwrap_err().to_string().replace(dir.path().to_str().unwrap(), "DIR");
        insta::assert_snapshot!(error, @r#"
        `DIR/runs/a` is not empty
        why  it already holds a run
        try  another --out, `cogrnn resume DIR/runs/a` to go on, or --overwrite
        "#);
        create_run_folder(&path, true).unwrap();
        let error = create_run_folder(path.join(crate::folder::EXPERIMENT), true).unwrap_err();
        assert!(error.to_string().contains("a file of this name exists"), "{error}");
    }

    #[test]
    fn leftovers_of_a_killed_process_go() {
        let dir = tempfile::tempdir().unwrap();
        new_part(dir.path()).unwrap().keep().unwrap();
        fs::write(dir.path().join("mine.part"), "").unwrap();
        remove_leftovers(dir.path());
        assert_eq!(names(dir.path()), ["mine.part"]);
    }
}
