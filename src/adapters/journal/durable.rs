//! Files and folders that are there after a crash, for their owner alone.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::SystemTime;

use super::{JournalError, LONGEST};

/// Creates a folder and those above it that are missing, and has the system keep them.
pub(super) fn create_folders(path: &Path) -> Result<(), JournalError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_folders(parent)?;
    }
    match create_folder(path) {
        // Another process was faster.
        Err(_) if path.is_dir() => Ok(()),
        result => result.and_then(|()| sync_parent(path)).map_err(cannot_write(path)),
    }
}

/// Creates a folder that must not exist.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    private_folder().create(path)
}

/// Writes a file that must not exist. That its folder keeps its name is the caller's to ask for.
pub(in crate::adapters) fn create(path: &Path, content: &[u8]) -> Result<(), JournalError> {
    if content.len() as u64 > LONGEST {
        return Err(JournalError::TooLong { path: path.to_owned() });
    }
    let write = || {
        let mut file = options().write(true).create_new(true).open(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(cannot_write(path))
}

/// Writes a file, in place of one that may be there: a reader sees the old one or the new one whole.
pub(in crate::adapters) fn replace(path: &Path, content: &[u8]) -> Result<(), JournalError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.new"));
    // One that was left behind; what is really wrong is found by what follows.
    let _ = fs::remove_file(&temporary);
    let replaced = create(&temporary, content)
        .and_then(|()| fs::rename(&temporary, path).and_then(|()| sync_parent(path)).map_err(cannot_write(path)));
    if replaced.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    replaced
}

/// Has the system keep the names in the folder that holds this.
pub(in crate::adapters) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_folder)
}

/// Has the system keep the names in a folder.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    // "" is what lies above a relative path of one part.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    match File::open(path)?.sync_all() {
        // Some file systems know no such thing: there is no more to be had from them.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads a regular file that is no link and not too long.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, JournalError> {
    read_dated(path).map(|(content, _)| content)
}

/// Reads a file as [`read`] does, and when it was written to.
pub(super) fn read_dated(path: &Path) -> Result<(Vec<u8>, SystemTime), JournalError> {
    let (mut file, metadata) = open_to_read(path)?;
    let content = read_open(&mut file, &metadata, path)?;
    Ok((content, metadata.modified().map_err(cannot_read(path))?))
}

/// Opens a file to read it, unless it is something else. It is not looked at first as in [`open`], for there can be thousands.
pub(super) fn open_to_read(path: &Path) -> Result<(File, Metadata), JournalError> {
    let file = options().read(true).open(path).map_err(|error| match is_link(&error) {
        true => JournalError::NotRegular { path: path.to_owned() },
        false => cannot_read(path)(error),
    })?;
    let metadata = file.metadata().map_err(cannot_read(path))?;
    match metadata.is_file() {
        true => Ok((file, metadata)),
        false => Err(JournalError::NotRegular { path: path.to_owned() }),
    }
}

/// Reads a file from its beginning. What is appended meanwhile is left out, and no call is made that need not be.
pub(super) fn read_open(file: &mut File, metadata: &Metadata, path: &Path) -> Result<Vec<u8>, JournalError> {
    if metadata.len() > LONGEST {
        return Err(JournalError::TooLong { path: path.to_owned() });
    }
    let mut content = vec![0; metadata.len() as usize];
    let mut filled = 0;
    while filled < content.len() {
        match file.read(&mut content[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(cannot_read(path)(error)),
        }
    }
    content.truncate(filled);
    Ok(content)
}

/// Opens a file with [`options`], unless it is something else.
pub(super) fn open(
    options: &OpenOptions,
    path: &Path,
    failed: impl Fn(io::Error) -> JournalError,
) -> Result<File, JournalError> {
    let regular =
        |is_regular| if is_regular { Ok(()) } else { Err(JournalError::NotRegular { path: path.to_owned() }) };
    // Looking before opening, because opening some devices does something.
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => regular(found.map_err(&failed)?.is_file())?,
    }
    let file = options.open(path).map_err(&failed)?;
    regular(file.metadata().map_err(&failed)?.is_file())?;
    Ok(file)
}

/// What the error is that a file can't be written.
pub(super) fn cannot_write(path: &Path) -> impl Fn(io::Error) -> JournalError + use<> {
    let path = path.to_owned();
    move |source| JournalError::Write { path: path.clone(), source }
}

/// What the error is that a file can't be read.
pub(super) fn cannot_read(path: &Path) -> impl Fn(io::Error) -> JournalError + use<> {
    let path = path.to_owned();
    move |source| JournalError::Read { path: path.clone(), source }
}

/// Links are not followed, pipes not waited for, and what is created is its owner's alone.
#[cfg(unix)]
pub(super) fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY);
    options
}

/// Whether a file was not opened because it is a link.
#[cfg(unix)]
fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

#[cfg(not(unix))]
fn is_link(_error: &io::Error) -> bool {
    false
}

#[cfg(not(unix))]
pub(super) fn options() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
fn private_folder() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn private_folder() -> DirBuilder {
    DirBuilder::new()
}
