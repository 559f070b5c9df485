//! Audit logs: files, compressed ones too, and standard input, read in records of one event each, as often as they can be.
//!
//! A log may be larger than the memory: it is read in chunks, and a record is given out where it lies.

mod records;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use flate2::bufread::MultiGzDecoder;

use crate::adapters::files::FileError;
use crate::world::{Input, World};
use records::Records;

pub use records::Raw;

/// What a gzip file begins with.
/// Source: <https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1>
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// How much of a compressed file is read at once, in bytes.
const COMPRESSED_CHUNK: usize = 64 * 1024;

/// Where a log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl LogSource {
    /// The source that an argument names: `-` is standard input.
    pub fn of(argument: &Path) -> Self {
        if argument == Path::new("-") { Self::Stdin } else { Self::File(argument.to_owned()) }
    }
}

/// A log that is open.
pub struct AuditLog {
    /// The name by which messages call it.
    pub name: String,
    stream: Stream,
    /// Its size in bytes when it was opened; `None`: it is a stream.
    size: Option<u64>,
}

enum Stream {
    Stdin(Arc<Mutex<dyn Input + Send>>),
    /// A file that stays the same one when it is renamed meanwhile.
    File(File),
}

/// Why a log is not read, or not to its end.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditLogError {
    /// It can't be opened.
    #[error("cannot open {name}: {reason}")]
    Open {
        /// The file.
        name: String,
        /// Why.
        reason: FileError,
    },
    /// It is a folder.
    #[error("{0} is a folder")]
    Folder(String),
    /// Reading ended before its end.
    #[error("cannot read {name} to its end: {reason}")]
    Read {
        /// The file.
        name: String,
        /// Why.
        reason: String,
    },
}

impl AuditLog {
    /// Opens a log.
    ///
    /// # Errors
    /// There is none, or it is a folder.
    pub fn open(source: &LogSource, world: &World) -> Result<Self, AuditLogError> {
        let path = match source {
            LogSource::Stdin => {
                let stream = Stream::Stdin(world.streams.stdin.clone());
                return Ok(Self { name: "standard input".to_owned(), stream, size: None });
            }
            LogSource::File(path) => path,
        };
        let name = path.display().to_string();
        let not_open = |error: io::Error| AuditLogError::Open { name: name.clone(), reason: error.into() };
        let file = File::open(world.cwd.join(path)).map_err(not_open)?;
        let metadata = file.metadata().map_err(not_open)?;
        if metadata.is_dir() {
            return Err(AuditLogError::Folder(name));
        }
        Ok(Self { name, stream: Stream::File(file), size: metadata.is_file().then_some(metadata.len()) })
    }

    /// Its size in bytes as it lies on the disk; `None`: it is a stream.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Whether it can be read once more: standard input and pipes can't.
    pub fn can_be_read_again(&self) -> bool {
        self.size.is_some()
    }

    /// Reads it from its beginning, as far as it went when it was opened. `take` is given each record, and how many bytes of the file
    /// were read by then.
    ///
    /// # Errors
    /// It can't be read to its end; what was read before has been given out.
    pub fn read(&mut self, take: &mut dyn FnMut(Raw<'_>, u64) -> ControlFlow<()>) -> Result<(), AuditLogError> {
        let name = &self.name;
        let failed = |error: io::Error| AuditLogError::Read { name: name.clone(), reason: error.to_string() };
        match &mut self.stream {
            Stream::Stdin(stdin) => each_record(StdinReader(stdin.clone()), take).map_err(failed),
            Stream::File(file) => match self.size {
                None => each_record(&*file, take).map_err(failed),
                Some(size) => {
                    file.rewind().map_err(failed)?;
                    each_record((&*file).take(size), take).map_err(failed)
                }
            },
        }
    }
}

/// Reads a stream's records, decompressed where it is compressed. `take` is given each record, and how many bytes of the stream were read
/// by then, and says whether to go on.
///
/// # Errors
/// The stream fails, or is compressed and damaged; what was read before has been given out.
pub fn each_record(stream: impl Read, take: &mut dyn FnMut(Raw<'_>, u64) -> ControlFlow<()>) -> io::Result<()> {
    let mut counted = BufReader::with_capacity(COMPRESSED_CHUNK, Counted { stream, read: 0 });
    let is_compressed = begins_with_gzip(&mut counted)?;
    if is_compressed {
        let mut records = Records::new(MultiGzDecoder::new(counted));
        while let Some((raw, input)) = records.next()? {
            if take(raw, input.get_ref().get_ref().read).is_break() {
                break;
            }
        }
        return Ok(());
    }
    let mut records = Records::new(counted);
    while let Some((raw, input)) = records.next()? {
        if take(raw, input.get_ref().read).is_break() {
            break;
        }
    }
    Ok(())
}

/// A stream may give its first byte alone.
fn begins_with_gzip(stream: &mut BufReader<impl Read>) -> io::Result<bool> {
    loop {
        match stream.fill_buf() {
            Ok(start) => return Ok(start.starts_with(&GZIP)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A stream, and how many bytes of it were read.
struct Counted<R> {
    stream: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.read += count as u64;
        Ok(count)
    }
}

struct StdinReader(Arc<Mutex<dyn Input + Send>>);

impl Read for StdinReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(stream: &[u8]) -> (usize, Option<String>) {
        let mut count = 0;
        let mut take = |_: Raw<'_>, _| {
            count += 1;
            ControlFlow::Continue(())
        };
        let result = each_record(stream, &mut take);
        (count, result.err().map(|error| error.to_string()))
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_compressed_is_known_by_its_first_bytes() {
        let members = [gzip("{}\n{}\n"), gzip("{}\n")].concat();
        assert_eq!(read(&members), (3, None), "members one behind the other are one file");
        assert_eq!(read(b"{}\n{}\n"), (2, None));
        assert_eq!(read(b""), (0, None));
        let long = gzip(&"{\"a\":1}\n".repeat(100_000));
        let (count, error) = read(&long[..long.len() / 2]);
        assert!(count > 0 && count < 100_000 && error.is_some(), "{count} {error:?}");
    }
}
