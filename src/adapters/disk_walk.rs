//! Walks folders and reads every file in them for credentials, on as many threads as there are processors.
//!
//! Only regular files are opened, and no symbolic link is followed, save where a link itself was named. A file is read in pieces and looked
//! into only if a marker is in it, so that a disk costs little more than reading it.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry, File, Metadata};
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use crate::adapters::files::{self, FileError};
use crate::core::credential::found::{Found, find, markers};

/// Larger files are not read, in bytes.
pub const LARGEST: u64 = 64 << 20;

/// A file is read in pieces of so many bytes.
const PIECE: usize = 128 << 10;

/// So many files of one folder are one job.
const BATCH: usize = 256;

/// What a file begins with that is compressed or an archive, and at which byte.
const COMPRESSED: [(usize, &[u8]); 8] = [
    (0, b"\x1f\x8b"),
    (0, b"PK\x03\x04"),
    (0, b"BZh"),
    (0, b"\xfd7zXZ\0"),
    (0, b"\x28\xb5\x2f\xfd"),
    (0, b"7z\xbc\xaf\x27\x1c"),
    (0, b"!<arch>\n"),
    (257, b"ustar"),
];

/// What a walk came to.
#[derive(Debug, Default)]
pub struct Walked {
    /// The files that hold something, by path.
    pub found: Vec<FoundFile>,
    /// How many files were read.
    pub files: u64,
    /// What could not be read, by path.
    pub unread: Vec<(PathBuf, FileError)>,
    /// How many files are larger than [`LARGEST`] and were not read.
    pub too_large: u64,
    /// How many files are compressed or archives and were not looked into.
    pub compressed: u64,
    /// Folders that lie on another file system and were not read, by path.
    pub other_file_systems: Vec<PathBuf>,
}

/// A file that holds something.
#[derive(Debug)]
pub struct FoundFile {
    /// The file.
    pub path: Arc<Path>,
    /// What it holds.
    pub found: Found,
}

/// Walks files and folders. Where one is named twice, or lies in another, it is read once.
pub fn walk(roots: &[PathBuf], cross_file_systems: bool) -> Walked {
    let mut walked = Walked::default();
    let mut jobs = Vec::new();
    let named: BTreeSet<PathBuf> = roots.iter().cloned().collect();
    for root in &named {
        match fs::metadata(root) {
            Ok(metadata) if metadata.is_dir() => {
                jobs.push(Job::Folder(root.clone(), file_system(&metadata).filter(|_| !cross_file_systems)));
            }
            Ok(metadata) if metadata.is_file() => jobs.push(Job::Files(vec![root.clone()])),
            Ok(_) => walked.unread.push((root.clone(), FileError::NotRegular)),
            Err(error) => walked.unread.push((root.clone(), error.into())),
        }
    }
    let queue = Queue::new(jobs, named);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Walked> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| Worker::default().run(&queue))).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    for part in parts {
        walked.add(part);
    }
    walked.sort();
    walked
}

impl Walked {
    fn add(&mut self, part: Self) {
        self.found.extend(part.found);
        self.files += part.files;
        self.unread.extend(part.unread);
        self.too_large += part.too_large;
        self.compressed += part.compressed;
        self.other_file_systems.extend(part.other_file_systems);
    }

    fn sort(&mut self) {
        self.found.sort_by(|one, other| one.path.cmp(&other.path));
        self.unread.sort();
        self.other_file_systems.sort();
    }
}

/// Something to be done by one worker.
enum Job {
    /// A folder to read; folders on another file system than this one are left out.
    Folder(PathBuf, Option<u64>),
    /// Files to look into.
    Files(Vec<PathBuf>),
}

/// The jobs that wait, and how many workers may still add some.
struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
    /// What was named: none of it is read with its folder, too.
    named: BTreeSet<PathBuf>,
}

struct QueueState {
    jobs: Vec<Job>,
    busy: usize,
}

impl Queue {
    fn new(jobs: Vec<Job>, named: BTreeSet<PathBuf>) -> Self {
        // The last one is taken first.
        let state = QueueState { jobs: jobs.into_iter().rev().collect(), busy: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new(), named }
    }

    /// The next job; `None` once there is none and no worker can add one.
    fn take(&self) -> Option<(Job, Turn<'_>)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match state.jobs.pop() {
                Some(job) => {
                    state.busy += 1;
                    return Some((job, Turn { queue: self, more: Vec::new() }));
                }
                None if state.busy == 0 => return None,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// A worker's turn at one job. It ends with a panic, too: the others would wait for ever.
struct Turn<'q> {
    queue: &'q Queue,
    /// What the job led to.
    more: Vec<Job>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.jobs.append(&mut self.more);
        state.busy -= 1;
        self.queue.changed.notify_all();
    }
}

/// What one thread has read.
struct Worker {
    walked: Walked,
    piece: Vec<u8>,
}

impl Default for Worker {
    fn default() -> Self {
        Self { walked: Walked::default(), piece: vec![0; PIECE] }
    }
}

impl Worker {
    fn run(mut self, queue: &Queue) -> Walked {
        while let Some((job, mut turn)) = queue.take() {
            turn.more = match job {
                Job::Folder(folder, file_system) => self.folder(&folder, file_system, &queue.named),
                Job::Files(paths) => {
                    paths.iter().for_each(|path| self.file(path));
                    Vec::new()
                }
            };
        }
        self.walked
    }

    fn folder(&mut self, folder: &Path, only_on: Option<u64>, named: &BTreeSet<PathBuf>) -> Vec<Job> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.fail(folder, error);
                return Vec::new();
            }
        };
        let (mut jobs, mut files) = (Vec::new(), Vec::new());
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.fail(folder, error);
                    break;
                }
            };
            if named.contains(&entry.path()) {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                Ok(kind) if kind.is_dir() => jobs.extend(self.folder_below(&entry, only_on)),
                Ok(_) => {}
                Err(error) => self.fail(&entry.path(), error),
            }
        }
        // The first batch is read here, so that small folders are one job.
        let rest = files.split_off(files.len().min(BATCH));
        files.iter().for_each(|path| self.file(path));
        jobs.extend(rest.chunks(BATCH).map(|paths| Job::Files(paths.to_vec())));
        jobs
    }

    fn folder_below(&mut self, entry: &DirEntry, only_on: Option<u64>) -> Option<Job> {
        let path = entry.path();
        let elsewhere = match only_on {
            Some(here) => match entry.metadata() {
                Ok(metadata) => file_system(&metadata) != Some(here),
                Err(error) => {
                    self.fail(&path, error);
                    return None;
                }
            },
            None => false,
        };
        if elsewhere {
            self.walked.other_file_systems.push(path);
            return None;
        }
        Some(Job::Folder(path, only_on))
    }

    fn file(&mut self, path: &Path) {
        match self.read(path) {
            Ok(Outcome::Clean) => self.walked.files += 1,
            Ok(Outcome::Holds(bytes)) => {
                self.walked.files += 1;
                let path: Arc<Path> = Arc::from(path);
                let found = find(&bytes, &path);
                if !found.is_empty() {
                    self.walked.found.push(FoundFile { path, found });
                }
            }
            Ok(Outcome::TooLarge) => self.walked.too_large += 1,
            Ok(Outcome::Compressed) => self.walked.compressed += 1,
            Ok(Outcome::Gone) => {}
            Err(error) => self.fail(path, error),
        }
    }

    fn read(&mut self, path: &Path) -> io::Result<Outcome> {
        let mut file = match files::open(path, false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Outcome::Gone),
            opened => opened?,
        };
        let length = fill(&mut file, &mut self.piece)?;
        let piece = &self.piece[..length];
        if is_compressed(piece) {
            return Ok(Outcome::Compressed);
        }
        if length < PIECE {
            return Ok(if may_hold(piece) { Outcome::Holds(piece.to_vec()) } else { Outcome::Clean });
        }
        if file.metadata()?.len() > LARGEST {
            return Ok(Outcome::TooLarge);
        }
        self.read_on(file)
    }

    /// Reads the rest of a file whose first piece is read, and all of it again once there is a marker.
    fn read_on(&mut self, mut file: File) -> io::Result<Outcome> {
        let mut has_marker = may_hold(&self.piece);
        let mut length = PIECE;
        while !has_marker {
            // A marker may begin at the end of one piece and end in the next.
            self.piece.copy_within(length - markers::LONGEST..length, 0);
            let more = fill(&mut file, &mut self.piece[markers::LONGEST..])?;
            if more == 0 {
                return Ok(Outcome::Clean);
            }
            length = markers::LONGEST + more;
            has_marker = markers::are_in(&self.piece[..length]);
        }
        file.rewind()?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok(if bytes.len() as u64 > LARGEST { Outcome::TooLarge } else { Outcome::Holds(bytes) })
    }

    fn fail(&mut self, path: &Path, error: io::Error) {
        self.walked.unread.push((path.to_owned(), error.into()));
    }
}

/// What became of reading a file.
enum Outcome {
    /// It has no marker.
    Clean,
    /// It may hold a credential.
    Holds(Vec<u8>),
    TooLarge,
    Compressed,
    /// It was there a moment ago.
    Gone,
}

/// UTF-16 has no marker as bytes.
fn may_hold(piece: &[u8]) -> bool {
    matches!(piece, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) || markers::are_in(piece)
}

fn is_compressed(piece: &[u8]) -> bool {
    COMPRESSED.iter().any(|(at, magic)| piece.get(*at..).is_some_and(|rest| rest.starts_with(magic)))
}

/// Reads until a buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

#[cfg(unix)]
fn file_system(metadata: &Metadata) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    Some(metadata.dev())
}

#[cfg(not(unix))]
fn file_system(_metadata: &Metadata) -> Option<u64> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::core::fixtures::RSA_PKCS1;

    fn write(path: &Path, content: impl AsRef<[u8]>) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn names(walked: &Walked, root: &Path) -> Vec<String> {
        let below = |file: &FoundFile| file.path.strip_prefix(root).unwrap().display().to_string();
        walked.found.iter().map(below).collect()
    }

    #[test]
    fn every_file_is_read_once_however_large_its_folder_and_itself() {
        let root = tempfile::tempdir().unwrap();
        for number in 0..600 {
            write(&root.path().join(format!("many/{number}")), "nothing");
        }
        write(&root.path().join(".hidden/.git/key"), RSA_PKCS1);
        for (name, before) in [("at-the-seam", PIECE - 9), ("behind", 3 * PIECE), ("in-the-first", 10)] {
            write(&root.path().join(name), format!("{}\n{RSA_PKCS1}", "x".repeat(before)));
        }
        let expected = [".hidden/.git/key", "at-the-seam", "behind", "in-the-first"];
        let walked = walk(&[root.path().to_owned(), root.path().join("many"), root.path().to_owned()], false);
        assert_eq!(names(&walked, root.path()), expected);
        assert_eq!((walked.files, walked.unread.len()), (604, 0));
        let [file, gone] = ["behind", "gone"].map(|name| root.path().join(name));
        let walked = walk(&[file.clone(), root.path().to_owned(), file, gone.clone(), gone], false);
        assert_eq!(names(&walked, root.path()), expected);
        assert_eq!((walked.files, walked.unread.len()), (604, 1), "a file that is named is read once, too");
    }

    #[test]
    fn links_pipes_and_archives_are_not_read_and_what_fails_is_named() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        write(&outside.path().join("key"), RSA_PKCS1);
        symlink(outside.path(), root.path().join("folder-link")).unwrap();
        symlink(outside.path().join("key"), root.path().join("link")).unwrap();
        let _socket = UnixListener::bind(root.path().join("socket")).unwrap();
        let pipe = std::process::Command::new("mkfifo").arg(root.path().join("pipe")).status().unwrap();
        assert!(pipe.success());
        write(&root.path().join("backup.gz"), [b"\x1f\x8b".as_slice(), RSA_PKCS1.as_bytes()].concat());
        let walked = walk(&[root.path().to_owned(), root.path().join("gone")], false);
        assert_eq!(names(&walked, root.path()), [] as [&str; 0]);
        assert_eq!((walked.compressed, walked.files), (1, 0));
        assert_eq!(walked.unread, [(root.path().join("gone"), FileError::Missing)]);
        assert_eq!(walk(&[root.path().join("folder-link")], false).found.len(), 1, "a link that is named is followed");
    }

    #[test]
    fn no_worker_waits_for_one_that_panicked() {
        let queue = Queue::new(vec![Job::Files(Vec::new())], BTreeSet::new());
        let panicked = thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let _turn = queue.take();
                std::panic::resume_unwind(Box::new("at work"));
            });
            worker.join().is_err()
        });
        assert!(panicked && queue.take().is_none());
    }

    #[test]
    fn a_file_that_is_too_large_is_counted() {
        let root = tempfile::tempdir().unwrap();
        let file = File::create(root.path().join("large")).unwrap();
        file.set_len(LARGEST + 1).unwrap();
        let walked = walk(&[root.path().to_owned()], true);
        assert_eq!((walked.too_large, walked.files), (1, 0));
    }

    #[test]
    fn a_folder_that_is_closed_is_named() {
        let root = tempfile::tempdir().unwrap();
        let closed = root.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        let is_root = fs::read_dir(&closed).is_ok();
        let walked = walk(&[root.path().to_owned()], false);
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let expected = if is_root { vec![] } else { vec![(closed, FileError::Io(io::ErrorKind::PermissionDenied))] };
        assert_eq!(walked.unread, expected);
    }
}
