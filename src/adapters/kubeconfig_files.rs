//! Kubeconfig files on disk: which ones, and what is in them.
//!
//! Source: <https://github.com/kubernetes/client-go/blob/v0.36.3/tools/clientcmd/loader.go>

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::adapters::files;
use crate::core::credential::found::find;
use crate::core::kubeconfig::{self, Kubeconfig, ParseError, clean};
use crate::core::variables;
use crate::world::World;

/// Larger files are refused, in bytes. Five thousand contexts with certificates take 18 MiB. A kubeconfig takes up to four times
/// its size in memory, and no file more than 512 MiB: a document holds 2 million values at most. `tests/process/binary.rs`
/// keeps to both.
const LARGEST: u64 = 64 << 20;

/// All kubeconfig files that apply, as one.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Their merged content.
    pub kubeconfig: Kubeconfig,
    /// The files that were read, in the order of their precedence.
    pub files: Vec<FileFacts>,
    /// The files that don't exist. Where nothing was read at all, the user should hear of them.
    pub missing: Vec<PathBuf>,
}

/// One kubeconfig file.
#[derive(Debug)]
pub struct LoadedFile {
    /// Its content.
    pub kubeconfig: Kubeconfig,
    /// What the file system says of it.
    pub facts: FileFacts,
}

/// What the file system says of a file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// The file as the user named it, resolved against the working directory.
    pub path: Arc<Path>,
    /// Its permission bits, on Unix.
    pub mode: Option<u32>,
}

/// Why kubeconfig files could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or folder can't be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a folder.
    #[error("cannot read {}: it is a folder, not a file", .path.display())]
    Folder {
        /// What was named.
        path: PathBuf,
    },
    /// It is a pipe, a socket, a device, or a file that waits for messages.
    #[error("cannot read {}: not a regular file", .path.display())]
    NotRegular {
        /// What was named.
        path: PathBuf,
    },
    /// It is larger than any kubeconfig.
    #[error("cannot read {}: larger than {} MiB", .path.display(), LARGEST >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// kubectl would refuse its content too.
    #[error("cannot use {}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ParseError,
    },
    /// It is no kubeconfig and holds several.
    #[error("cannot use {}: it holds {count} kubeconfigs", .path.display())]
    Several {
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
    },
}

impl LoadError {
    /// The file that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. }
            | Self::Folder { path }
            | Self::NotRegular { path }
            | Self::TooLarge { path }
            | Self::Several { path, .. }
            | Self::Invalid { path, .. } => path,
        }
    }

    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Loads what kubectl would: the file of `--kubeconfig` alone, else the list in `KUBECONFIG`, else `~/.kube/config`,
/// which is `./.kube/config` where `HOME` is not set.
///
/// # Errors
/// Where a file can't be read or is invalid, and where an explicit file doesn't exist. Other missing files are skipped.
pub fn load(world: &World, explicit: Option<&Path>) -> Result<Loaded, LoadError> {
    if let Some(path) = explicit.filter(|path| !path.as_os_str().is_empty()) {
        let file = load_file(world, path)?;
        return Ok(Loaded { kubeconfig: file.kubeconfig, files: vec![file.facts], missing: Vec::new() });
    }
    let mut loaded = Loaded::default();
    let mut contents = Vec::new();
    for path in precedence(world) {
        match load_file(world, &path) {
            Ok(file) => {
                contents.push(file.kubeconfig);
                loaded.files.push(file.facts);
            }
            Err(error) if error.is_missing() => loaded.missing.push(path),
            Err(error) => return Err(error),
        }
    }
    loaded.kubeconfig = kubeconfig::merge(contents);
    Ok(loaded)
}

/// The files to look for, the most important first.
pub fn precedence(world: &World) -> Vec<PathBuf> {
    let Some(list) = world.env.get(variables::KUBECONFIG) else {
        // Without a home folder client-go looks in the working directory.
        return vec![world.home.clone().unwrap_or_default().join(".kube").join("config")];
    };
    let mut seen = BTreeSet::new();
    std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty() && seen.insert(path.clone())).collect()
}

/// Loads one file.
///
/// # Errors
/// Where it doesn't exist, can't be read or is invalid.
pub fn load_file(world: &World, path: &Path) -> Result<LoadedFile, LoadError> {
    let path: Arc<Path> = Arc::from(clean(&world.cwd.join(path)));
    let (bytes, metadata) = read(&path)?;
    let kubeconfig = kubeconfig::parse(&bytes, Arc::clone(&path))
        .map_err(|source| LoadError::Invalid { path: path.to_path_buf(), source })?;
    Ok(LoadedFile { kubeconfig, facts: FileFacts { mode: mode(&metadata), path } })
}

/// Loads a file that is a kubeconfig or holds one: the only one in it, wherever in its text that stands.
///
/// # Errors
/// Where it doesn't exist or can't be read, holds no kubeconfig, or several.
pub fn load_file_with_one(world: &World, path: &Path) -> Result<LoadedFile, LoadError> {
    let loaded = load_file(world, path);
    let is_of_something_else = match &loaded {
        Ok(file) => is_empty(&file.kubeconfig),
        // All of it is one, and what to do about that is known.
        Err(LoadError::Invalid { source: ParseError::Base64, .. }) => false,
        Err(LoadError::Invalid { .. }) => true,
        Err(_) => false,
    };
    if !is_of_something_else {
        return loaded;
    }
    let path: Arc<Path> = Arc::from(clean(&world.cwd.join(path)));
    let (bytes, metadata) = read(&path)?;
    let mut found = find(&bytes, &path).kubeconfigs;
    match (found.pop(), found.len()) {
        (None, _) => loaded,
        (Some(one), 0) => {
            Ok(LoadedFile { kubeconfig: one.kubeconfig, facts: FileFacts { mode: mode(&metadata), path } })
        }
        (Some(_), more) => Err(LoadError::Several { path: path.to_path_buf(), count: more + 1 }),
    }
}

/// Loads the kubeconfig files that lie directly in a folder, sorted by name. Other files are passed over; one that was
/// meant to be a kubeconfig but is broken is an error of its own.
///
/// # Errors
/// Where the folder can't be read.
pub fn load_folder(world: &World, folder: &Path) -> Result<Vec<Result<LoadedFile, LoadError>>, LoadError> {
    let folder = clean(&world.cwd.join(folder));
    let unreadable = |source| LoadError::Read { path: folder.clone(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        match fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() => {}
            // A link to nothing is no file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // Reading it gives the error for what can't even be looked at.
            Ok(_) | Err(_) => paths.push(path),
        }
    }
    paths.sort();
    Ok(paths.into_iter().filter_map(|path| kubeconfig_in_folder(&path).transpose()).collect())
}

fn kubeconfig_in_folder(path: &Path) -> Result<Option<LoadedFile>, LoadError> {
    let (bytes, metadata) = match read(path) {
        Ok(read) => read,
        // Archives and the like; a padded kubeconfig is reported.
        Err(LoadError::TooLarge { .. }) if !kubeconfig::looks_like_kubeconfig(&beginning(path)?) => return Ok(None),
        Err(error) => return Err(error),
    };
    let path: Arc<Path> = Arc::from(path);
    match kubeconfig::parse(&bytes, Arc::clone(&path)) {
        Ok(kubeconfig) if is_empty(&kubeconfig) => Ok(None),
        Ok(kubeconfig) => Ok(Some(LoadedFile { kubeconfig, facts: FileFacts { mode: mode(&metadata), path } })),
        Err(ParseError::OtherKind { .. } | ParseError::Pem) => Ok(None),
        Err(source) if matches!(source, ParseError::Base64) || kubeconfig::looks_like_kubeconfig(&bytes) => {
            Err(LoadError::Invalid { path: path.to_path_buf(), source })
        }
        Err(_) => Ok(None),
    }
}

/// The first lines of a file.
fn beginning(path: &Path) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    let read = files::open(path, true).and_then(|file| file.take(64 << 10).read_to_end(&mut bytes));
    read.map_err(|source| unreadable(path, source))?;
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or_default());
    Ok(bytes)
}

fn is_empty(kubeconfig: &Kubeconfig) -> bool {
    kubeconfig.contexts.is_empty() && kubeconfig.clusters.is_empty() && kubeconfig.users.is_empty()
}

pub(super) fn read(path: &Path) -> Result<(Zeroizing<Vec<u8>>, Metadata), LoadError> {
    let looked_at = fs::metadata(path).map_err(|source| unreadable(path, source))?;
    // The customary way to say "no kubeconfig at all".
    if path == Path::new("/dev/null") {
        return Ok((Zeroizing::default(), looked_at));
    }
    // Looking before opening, because opening some devices does something.
    check(path, &looked_at)?;
    let file = files::open(path, true).map_err(|source| unreadable(path, source))?;
    let metadata = file.metadata().map_err(|source| unreadable(path, source))?;
    check(path, &metadata)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default()));
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|source| unreadable(path, source))?;
    if bytes.len() as u64 > LARGEST {
        return Err(LoadError::TooLarge { path: path.to_owned() });
    }
    Ok((bytes, metadata))
}

fn check(path: &Path, metadata: &Metadata) -> Result<(), LoadError> {
    let path = path.to_owned();
    if metadata.is_dir() {
        Err(LoadError::Folder { path })
    } else if !metadata.is_file() {
        Err(LoadError::NotRegular { path })
    } else if metadata.len() > LARGEST {
        Err(LoadError::TooLarge { path })
    } else {
        Ok(())
    }
}

fn unreadable(path: &Path, source: io::Error) -> LoadError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::WouldBlock => LoadError::NotRegular { path },
        _ => LoadError::Read { path, source },
    }
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    (!metadata.file_type().is_char_device()).then(|| metadata.mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> Option<u32> {
    None
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Mutex;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::world::{Environment, Streams};

    fn world(cwd: &Path, kubeconfig: Option<&str>) -> World {
        World {
            now: jiff::Timestamp::UNIX_EPOCH,
            since: std::time::Instant::now(),
            env: Environment::new(kubeconfig.map(|list| ("KUBECONFIG", list))),
            home: Some(cwd.join("home")),
            cwd: cwd.to_owned(),
            streams: Streams {
                stdin: Arc::new(Mutex::new(io::empty())),
                stdout: Arc::new(Mutex::new(io::sink())),
                stderr: Arc::new(Mutex::new(io::sink())),
                stdin_is_terminal: false,
                stdout_is_terminal: false,
                columns: None,
                stderr_is_terminal: false,
            },
            host: "desk".to_owned(),
            open_files: crate::world::OpenFiles::default(),
        }
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    const A: &str = "clusters: [{name: a, cluster: {certificate-authority: ca.pem}}]";

    #[test]
    fn a_list_is_merged_without_repeats_and_without_what_is_missing() {
        let folder = folder(&[("1", A), ("sub/2", "clusters: [{name: a}, {name: b}]")]);
        let loaded = load(&world(folder.path(), Some(":1::gone:sub/2:1")), None).unwrap();
        assert_eq!(loaded.kubeconfig.clusters.keys().collect::<Vec<_>>(), ["a", "b"]);
        let ca = loaded.kubeconfig.clusters["a"].value.certificate_authority.clone();
        assert_eq!(ca, Some(folder.path().join("ca.pem")));
        assert_eq!(
            loaded.files.iter().map(|file| file.path.to_path_buf()).collect::<Vec<_>>(),
            [folder.path().join("1"), folder.path().join("sub/2")]
        );
        assert_eq!(loaded.missing, [PathBuf::from("gone")]);
    }

    #[test]
    fn the_default_is_in_the_home_folder_and_may_be_missing() {
        let folder = folder(&[]);
        let loaded = load(&world(folder.path(), None), None).unwrap();
        assert_eq!(loaded.missing, [folder.path().join("home/.kube/config")]);
        assert!(loaded.files.is_empty());
    }

    #[test]
    fn without_a_home_folder_the_default_is_in_the_working_directory() {
        let folder = folder(&[(".kube/config", A)]);
        let homeless = World { home: None, ..world(folder.path(), None) };
        let loaded = load(&homeless, None).unwrap();
        assert_eq!(loaded.files[0].path.as_ref(), folder.path().join(".kube/config"));
        std::fs::remove_file(folder.path().join(".kube/config")).unwrap();
        assert_eq!(load(&homeless, None).unwrap().missing, [PathBuf::from(".kube/config")]);
    }

    #[test]
    fn an_explicit_file_is_alone_and_must_exist() {
        let folder = folder(&[("1", A), ("2", "clusters: [{name: b}]")]);
        let world = world(folder.path(), Some("1"));
        let loaded = load(&world, Some(Path::new("2"))).unwrap();
        assert_eq!(loaded.kubeconfig.clusters.keys().collect::<Vec<_>>(), ["b"]);
        let error = load(&world, Some(Path::new("gone"))).unwrap_err();
        assert!(error.is_missing() && error.to_string().ends_with("gone"), "{error}");
    }

    #[test]
    fn one_broken_file_spoils_the_list() {
        let folder = folder(&[("1", A), ("2", "clusters: 7")]);
        let error = load(&world(folder.path(), Some("1:2")), None).unwrap_err();
        assert_eq!(error.path(), folder.path().join("2"));
    }

    #[test]
    fn a_files_permissions_are_reported() {
        let folder = folder(&[("1", A)]);
        let path = folder.path().join("1");
        for mode in [0o600, 0o640, 0o604] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let file = load_file(&world(folder.path(), None), &path).unwrap();
            assert_eq!(file.facts.mode, Some(mode));
        }
    }

    #[test]
    fn a_folder_gives_its_kubeconfigs_and_what_is_broken() {
        let folder = folder(&[
            ("b", A),
            ("a.json", r#"{"kind": "Config", "users": [{"name": "u"}]}"#),
            ("broken", "apiVersion: v1\nkind: Config\nclusters:\n- cluster: {\n"),
            ("ca.pem", "-----BEGIN CERTIFICATE-----\nMII\n"),
            ("README.md", "# Clusters\n\n- one: {\n"),
            ("cache.json", r#"{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1"}"#),
            ("notes.yaml", "hello: world"),
            ("empty", ""),
            ("encoded", &STANDARD.encode(format!("kind: Config\n{A}\n"))),
            ("encoded-notes", &STANDARD.encode("hello: world, this is no kubeconfig")),
            ("deeper/config", A),
        ]);
        let found = load_folder(&world(folder.path(), None), Path::new(".")).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|result| match result {
                Ok(file) => file.facts.path.file_name().unwrap().to_str().unwrap().to_owned(),
                Err(error) => format!("!{}", error.path().file_name().unwrap().to_str().unwrap()),
            })
            .collect();
        assert_eq!(names, ["a.json", "b", "!broken", "!encoded"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_can_not_be_looked_at_is_reported() {
        let folder = folder(&[("a", "clusters: [{name: c, cluster: {server: https://c}}]")]);
        for (name, target) in [("loop", "loop"), ("nowhere", "gone")] {
            std::os::unix::fs::symlink(folder.path().join(target), folder.path().join(name)).unwrap();
        }
        let world = world(folder.path(), None);
        let read = load_folder(&world, Path::new(".")).unwrap();
        let unread: Vec<_> = read.iter().filter_map(|result| result.as_ref().err()).map(LoadError::path).collect();
        assert_eq!((read.len(), unread), (2, vec![folder.path().join("loop").as_path()]));
    }

    #[test]
    fn a_kubeconfig_in_a_folder_that_is_too_large_is_reported() {
        let padding = "# as long as it takes\n".repeat(3_100_000);
        let padded = format!("kind: Config\n{A}\n{padding}");
        assert!(padded.len() as u64 > LARGEST);
        let folder = folder(&[("padded", &padded), ("notes", &padding)]);
        let found = load_folder(&world(folder.path(), None), Path::new(".")).unwrap();
        assert!(matches!(&found[..], [Err(LoadError::TooLarge { path })] if path.ends_with("padded")), "{found:?}");
    }

    #[test]
    fn pipes_and_endless_files_are_refused_at_once() {
        let folder = folder(&[("huge", "")]);
        let world = world(folder.path(), None);
        fs::File::options().write(true).open(folder.path().join("huge")).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(matches!(load_file(&world, Path::new("huge")), Err(LoadError::TooLarge { .. })));
        assert!(matches!(load_file(&world, Path::new("/dev/zero")), Err(LoadError::NotRegular { .. })));
        assert!(matches!(load_file(&world, Path::new(".")), Err(LoadError::Folder { .. })));
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert!(matches!(load_file(&world, &fifo), Err(LoadError::NotRegular { .. })));
        // Opening it would wait, if it became one after it was looked at.
        let waits = unreadable(&fifo, io::ErrorKind::WouldBlock.into());
        assert!(files::open(&fifo, true).is_ok() && matches!(waits, LoadError::NotRegular { .. }));
        assert!(load_file(&world, Path::new("/dev/null")).is_ok());
    }
}
