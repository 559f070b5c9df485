//! The format of results, where a file holds its template.

use crate::adapters::files;
use crate::cli::{Format, RequestedFormat};
use crate::error::{Error, Result};
use crate::world::World;

/// The format that `-o` asks for.
///
/// # Errors
/// The file that it names can't be read, or holds no template.
pub(crate) fn of(requested: &RequestedFormat, world: &World) -> Result<Format> {
    let (kind, path) = match requested {
        RequestedFormat::Known(format) => return Ok(format.clone()),
        RequestedFormat::InFile(kind, path) => (kind, path),
    };
    let what = format!("cannot read the template {}", path.display());
    let content = files::load(&world.cwd.join(path))
        .map_err(|error| Error::failed(anyhow::Error::new(error).context(what.clone())))?;
    let text = String::from_utf8(content).map_err(|_| Error::usage(format!("{what}: it is no UTF-8")))?;
    kind.parse(&text).map_err(|error| Error::usage(format!("{}: {error}", path.display())).hint(error.hint))
}
