//! Reading the files that a kubeconfig names, and others that hold settings or credentials.
//!
//! A kubeconfig from outside may name any file of ours, to have its content end up in an output. Its files are read under
//! [`Policy::OnlyBeside`]. Whatever the policy, only regular files of moderate size are read: a FIFO would block, a
//! device would never end.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::core::credential::exec_cache::{CacheName, CacheQuery};
use crate::core::credential::{CacheFile, FileContent};
use crate::core::secret::Secret;

/// Settings and credentials longer than this, in bytes, are not read.
pub const LONGEST: u64 = 1 << 20;
/// Documents that this program printed are not read where they are longer than this, in bytes: a trace has each request.
const LONGEST_DOCUMENT: u64 = 256 << 20;

/// Which files may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Any: the kubeconfig is the user's own.
    Trusted,
    /// Only those that really lie in this folder or below it: the kubeconfig is not to be trusted. No other file is
    /// opened or even looked for.
    OnlyBeside(PathBuf),
}

impl Policy {
    /// The policy for what a kubeconfig file from elsewhere names.
    pub fn beside(file: &Path) -> Self {
        Self::OnlyBeside(file.parent().unwrap_or(Path::new("/")).to_path_buf())
    }
}

/// Why a file is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum FileError {
    /// There is none.
    #[error("there is no such file")]
    Missing,
    /// The policy forbids it.
    #[error("it lies outside the kubeconfig's folder")]
    NotAllowed,
    /// A folder, a FIFO, a device, a socket.
    #[error("it is no regular file")]
    NotRegular,
    /// Longer than what it should be: than so many bytes.
    #[error("it is longer than {} MiB", .0 >> 20)]
    TooLong(u64),
    /// It leads elsewhere, where no link is followed.
    #[error("it is a symbolic link")]
    Link,
    /// Links that lead to links that lead to links.
    #[error("it lies behind too many symbolic links")]
    TooManyLinks,
    /// The system refuses.
    #[error("{0}")]
    Io(io::ErrorKind),
}

impl From<io::Error> for FileError {
    /// A file is also missing where a part of its path is no folder.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            // A regular file has its content at once; /proc/kmsg looks like one and waits for a message.
            io::ErrorKind::WouldBlock => Self::NotRegular,
            kind => Self::Io(kind),
        }
    }
}

/// Reads a file that a kubeconfig names.
pub fn read(path: &Path, policy: &Policy) -> FileContent {
    match try_read(path, policy, LONGEST) {
        Ok((bytes, metadata)) => FileContent::Read { bytes: Secret::new(bytes), mode: permission_bits(&metadata) },
        Err(FileError::Missing) => FileContent::Missing,
        Err(FileError::NotAllowed) => FileContent::NotAllowed,
        Err(error) => FileContent::Unreadable(error.to_string()),
    }
}

/// Reads a file that the user's own settings name.
///
/// # Errors
/// Where it doesn't exist, can't be read, is no regular file or too long.
pub fn load(path: &Path) -> Result<Vec<u8>, FileError> {
    try_read(path, &Policy::Trusted, LONGEST).map(|(bytes, _)| bytes)
}

/// Reads a document that this program printed earlier.
///
/// # Errors
/// As of [`load`].
pub fn load_document(path: &Path) -> Result<Vec<u8>, FileError> {
    try_read(path, &Policy::Trusted, LONGEST_DOCUMENT).map(|(bytes, _)| bytes)
}

/// Reads a file that others may have put there: no link is followed, and not more than so many bytes are read.
///
/// # Errors
/// As of [`load`], and where it is a symbolic link.
pub fn load_unlinked(path: &Path, longest: u64) -> Result<Vec<u8>, FileError> {
    read_regular(path, false, longest).map(|(bytes, _)| bytes)
}

/// The permission bits of a file, where there is one and the system has such.
pub fn mode(path: &Path) -> Option<u32> {
    permission_bits(&fs::metadata(path).ok()?)
}

/// Reads the files of a credential plugin's cache that a query leads to, in order of their names. A folder that is there
/// and can't be read is one entry that says so.
pub fn read_caches(query: &CacheQuery) -> Vec<CacheFile> {
    let names = match cache_names(&query.folder) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            let content = FileContent::Unreadable(error.kind().to_string());
            return vec![CacheFile { path: query.folder.clone(), name: None, content }];
        }
    };
    let wanted = names.into_iter().filter(|(_, name)| query.matches(name));
    wanted
        .map(|(path, name)| CacheFile { content: read(&path, &Policy::Trusted), path, name: Some(name) })
        .filter(|file| file.content != FileContent::Missing)
        .collect()
}

fn cache_names(folder: &Path) -> io::Result<Vec<(PathBuf, CacheName)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| CacheName::parse(name.to_str()?));
        names.extend(name.map(|name| (path, name)));
    }
    names.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(names)
}

fn try_read(path: &Path, policy: &Policy, longest: u64) -> Result<(Vec<u8>, Metadata), FileError> {
    let path = match policy {
        Policy::Trusted => path.to_owned(),
        Policy::OnlyBeside(folder) => real_path_beside(path, folder)?,
    };
    read_regular(&path, policy == &Policy::Trusted, longest)
}

fn read_regular(path: &Path, follows_links: bool, longest: u64) -> Result<(Vec<u8>, Metadata), FileError> {
    // Looking before opening, because opening some devices does something.
    let metadata = if follows_links { fs::metadata(path)? } else { fs::symlink_metadata(path)? };
    regular(&metadata, longest)?;
    let file = open(path, follows_links)?;
    let metadata = file.metadata()?;
    regular(&metadata, longest)?;
    let mut bytes = Vec::new();
    file.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest { Err(FileError::TooLong(longest)) } else { Ok((bytes, metadata)) }
}

/// The path without symbolic links, if it is the folder's. A path that isn't even in words is refused before anything
/// is looked up, so that the answer does not show whether it exists.
fn real_path_beside(path: &Path, folder: &Path) -> Result<PathBuf, FileError> {
    let below = path.strip_prefix(folder).map_err(|_| FileError::NotAllowed)?;
    if !below.components().all(|component| matches!(component, Component::Normal(_))) {
        return Err(FileError::NotAllowed);
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let real_folder = folder.canonicalize()?;
    without_leaving(&real_folder, below)
}

/// Follows a path step by step, symbolic links included, so that what leaves the folder is noticed before anything
/// outside is looked up.
fn without_leaving(folder: &Path, below: &Path) -> Result<PathBuf, FileError> {
    const MOST_LINKS: usize = 40;
    let mut links = 0;
    let mut real = folder.to_owned();
    let mut steps = steps_of(below);
    while let Some(step) = steps.pop() {
        if step == ".." {
            // The real path holds no links, so that the folder above is the one in words.
            if real == folder || !real.pop() {
                return Err(FileError::NotAllowed);
            }
            continue;
        }
        let next = real.join(&step);
        if !fs::symlink_metadata(&next)?.is_symlink() {
            real = next;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(FileError::TooManyLinks);
        }
        let target = fs::read_link(&next)?;
        if target.has_root() {
            let inside = target.strip_prefix(folder).map_err(|_| FileError::NotAllowed)?;
            steps.extend(steps_of(inside));
            folder.clone_into(&mut real);
        } else {
            steps.extend(steps_of(&target));
        }
    }
    Ok(real)
}

/// The steps of a relative path, the last one first.
fn steps_of(path: &Path) -> Vec<OsString> {
    let steps = path.components().filter(|step| matches!(step, Component::Normal(_) | Component::ParentDir));
    steps.map(|step| step.as_os_str().to_owned()).rev().collect()
}

/// Opens a file so that neither this nor a read waits: what was a regular file a moment ago may be a FIFO or a link by now.
#[cfg(unix)]
pub(super) fn open(path: &Path, follows_links: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let follow = if follows_links { 0 } else { libc::O_NOFOLLOW };
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | follow).open(path)
}

/// Opens a file.
#[cfg(not(unix))]
pub(super) fn open(path: &Path, _follows_links: bool) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

fn regular(metadata: &Metadata, longest: u64) -> Result<(), FileError> {
    if metadata.is_symlink() {
        Err(FileError::Link)
    } else if !metadata.is_file() {
        Err(FileError::NotRegular)
    } else if metadata.len() > longest {
        Err(FileError::TooLong(longest))
    } else {
        Ok(())
    }
}

#[cfg(unix)]
fn permission_bits(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn permission_bits(_metadata: &Metadata) -> Option<u32> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::core::ids::ClusterId;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use tempfile::TempDir;

    struct Folders {
        root: TempDir,
    }

    impl Folders {
        /// A leaked kubeconfig's folder with a key and a folder, and a secret outside of it.
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir_all(root.path().join("leak/sub")).unwrap();
            fs::write(root.path().join("leak/client.key"), "beside").unwrap();
            fs::write(root.path().join("leak/sub/client.key"), "below").unwrap();
            fs::write(root.path().join("secret"), "hunter2").unwrap();
            Self { root }
        }

        fn leak(&self) -> PathBuf {
            self.root.path().join("leak")
        }

        fn read(&self, path: impl AsRef<Path>) -> FileContent {
            read(path.as_ref(), &Policy::OnlyBeside(self.leak()))
        }
    }

    fn text(content: &FileContent) -> Option<String> {
        match content {
            FileContent::Read { bytes, .. } => Some(String::from_utf8_lossy(bytes.expose()).into_owned()),
            _ => None,
        }
    }

    #[test]
    fn ones_own_files_are_read_wherever_they_are_with_their_mode() {
        let folders = Folders::new();
        let path = folders.root.path().join("secret");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folders.leak().join("link");
        symlink(&path, &link).unwrap();
        for path in [path, link] {
            let FileContent::Read { bytes, mode } = read(&path, &Policy::Trusted) else { panic!("{path:?}") };
            assert_eq!((bytes.expose().as_slice(), mode), (&b"hunter2"[..], Some(0o640)));
            assert_eq!(super::mode(&path), Some(0o640));
        }
    }

    #[test]
    fn what_is_not_there_or_no_file_is_reported() {
        let folders = Folders::new();
        let root = folders.root.path();
        assert_eq!(read(&root.join("none"), &Policy::Trusted), FileContent::Missing);
        assert_eq!(read(&root.join("secret/none"), &Policy::Trusted), FileContent::Missing);
        let no_file = FileContent::Unreadable("it is no regular file".into());
        assert_eq!(read(root, &Policy::Trusted), no_file);
        let socket = root.join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        assert_eq!(read(&socket, &Policy::Trusted), no_file);
        assert_eq!(read(Path::new("/dev/zero"), &Policy::Trusted), no_file);
    }

    #[test]
    fn a_fifo_does_not_block() {
        let folders = Folders::new();
        let fifo = folders.leak().join("fifo");
        if std::process::Command::new("mkfifo").arg(&fifo).status().is_ok_and(|status| status.success()) {
            let no_file = FileContent::Unreadable("it is no regular file".into());
            assert_eq!(read(&fifo, &Policy::Trusted), no_file);
            assert_eq!(folders.read(&fifo), no_file);
            // Even if it became one after it was looked at.
            assert!(open(&fifo, true).is_ok());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_waits_for_messages_is_refused() {
        let kernel_messages = Path::new("/proc/kmsg");
        let content = read(kernel_messages, &Policy::Trusted);
        // Only root may open it.
        match fs::File::open(kernel_messages) {
            Ok(_) => assert_eq!(content, FileContent::Unreadable("it is no regular file".into())),
            Err(_) => assert!(matches!(content, FileContent::Unreadable(_) | FileContent::Missing), "{content:?}"),
        }
    }

    #[test]
    fn a_file_longer_than_a_mebibyte_is_not_read() {
        let folders = Folders::new();
        let path = folders.root.path().join("long");
        fs::write(&path, vec![b'x'; usize::try_from(LONGEST).unwrap()]).unwrap();
        assert!(text(&read(&path, &Policy::Trusted)).is_some());
        fs::write(&path, vec![b'x'; usize::try_from(LONGEST).unwrap() + 1]).unwrap();
        assert_eq!(read(&path, &Policy::Trusted), FileContent::Unreadable("it is longer than 1 MiB".into()));
        assert_eq!(load(&path), Err(FileError::TooLong(LONGEST)));
        assert!(load_document(&path).is_ok(), "a document of this program may be longer");
    }

    #[test]
    fn beside_a_leaked_kubeconfig_its_own_files_are_read() {
        let folders = Folders::new();
        assert_eq!(text(&folders.read(folders.leak().join("client.key"))).as_deref(), Some("beside"));
        assert_eq!(text(&folders.read(folders.leak().join("sub/client.key"))).as_deref(), Some("below"));
        assert_eq!(text(&folders.read(folders.leak().join("./client.key"))).as_deref(), Some("beside"));
        assert_eq!(folders.read(folders.leak().join("none")), FileContent::Missing);
    }

    #[test]
    fn links_that_stay_beside_a_leaked_kubeconfig_are_followed() {
        let folders = Folders::new();
        let leak = folders.leak().canonicalize().unwrap();
        symlink("sub/client.key", leak.join("down")).unwrap();
        symlink("../client.key", leak.join("sub/up")).unwrap();
        symlink(leak.join("sub"), leak.join("absolute")).unwrap();
        symlink("absolute/up", leak.join("chain")).unwrap();
        for (name, expected) in
            [("down", "below"), ("sub/up", "beside"), ("absolute/client.key", "below"), ("chain", "beside")]
        {
            assert_eq!(text(&folders.read(folders.leak().join(name))).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn outside_its_folder_a_leaked_kubeconfig_learns_nothing() {
        let folders = Folders::new();
        let leak = folders.leak();
        for path in [
            folders.root.path().join("secret"),
            folders.root.path().join("none"),
            leak.join("../secret"),
            leak.join("../none"),
            leak.join("sub/../client.key"),
            leak.join("../leak/client.key"),
            PathBuf::from("/etc/passwd"),
            PathBuf::from("/etc/no-such-file"),
            PathBuf::from("client.key"),
            leak.with_file_name("leak2").join("client.key"),
        ] {
            assert_eq!(folders.read(&path), FileContent::NotAllowed, "{path:?}");
        }
    }

    #[test]
    fn symbolic_links_do_not_lead_out_of_its_folder() {
        let folders = Folders::new();
        let leak = folders.leak();
        let secret = folders.root.path().join("secret");
        symlink(&secret, leak.join("absolute")).unwrap();
        symlink("../secret", leak.join("relative")).unwrap();
        symlink("/etc/no-such-file", leak.join("dangling")).unwrap();
        symlink(folders.root.path(), leak.join("folder")).unwrap();
        symlink("relative", leak.join("chain")).unwrap();
        symlink("dangling", leak.join("dangling-chain")).unwrap();
        symlink("../../secret", leak.join("sub/up")).unwrap();
        symlink("sub/../../secret", leak.join("around")).unwrap();
        let names = ["absolute", "relative", "dangling", "folder/secret", "folder/none", "chain", "dangling-chain"];
        for name in names.into_iter().chain(["sub/up", "around"]) {
            assert_eq!(folders.read(leak.join(name)), FileContent::NotAllowed, "{name}");
        }
        symlink("loop", leak.join("loop")).unwrap();
        let reason = "it lies behind too many symbolic links";
        assert_eq!(folders.read(leak.join("loop")), FileContent::Unreadable(reason.into()));
    }

    #[test]
    fn a_folder_that_is_itself_a_link_is_no_escape() {
        let folders = Folders::new();
        let link = folders.root.path().join("link");
        symlink(folders.leak(), &link).unwrap();
        let content = read(&link.join("client.key"), &Policy::OnlyBeside(link.clone()));
        assert_eq!(text(&content).as_deref(), Some("beside"));
    }

    #[test]
    fn an_empty_folder_name_is_no_permission_for_everything() {
        let policy = Policy::OnlyBeside(PathBuf::new());
        assert_eq!(read(Path::new("/etc/passwd"), &policy), FileContent::NotAllowed);
        assert_eq!(read(Path::new("../Cargo.toml"), &policy), FileContent::NotAllowed);
        assert!(text(&read(Path::new("Cargo.toml"), &policy)).is_some());
    }

    #[test]
    fn of_a_cache_folder_only_the_queried_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (format!("c{}", "1".repeat(32)), format!("c{}", "2".repeat(32)));
        for name in [&one, &other] {
            fs::write(folder.path().join(format!("{name}-exec-auth-credential-v1.json")), name).unwrap();
        }
        fs::write(folder.path().join("notes.txt"), "x").unwrap();
        let mut query = CacheQuery {
            folder: folder.path().to_owned(),
            cluster_id: ClusterId::parse(&one).unwrap(),
            api_version: "v1".into(),
            digest: None,
        };
        let caches = read_caches(&query);
        assert_eq!(caches.len(), 1);
        assert_eq!(caches[0].path, folder.path().join(format!("{one}-exec-auth-credential-v1.json")));
        assert_eq!(text(&caches[0].content).as_deref(), Some(one.as_str()));

        query.folder = folder.path().join("none");
        assert_eq!(read_caches(&query), []);
        query.folder = folder.path().join("notes.txt");
        assert!(matches!(
            &read_caches(&query)[..],
            [CacheFile { name: None, content: FileContent::Unreadable(_), .. }]
        ));
    }
}
