use serde::Serialize;

use super::{ApiVersion, Kind};
use crate::output::report::Report;
use crate::output::table::{Cell, Table};

/// What `version` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Version {
    api_version: ApiVersion,
    /// `Version`.
    #[cfg_attr(test, schemars(with = "String", extend("const" = "Version")))]
    kind: Kind,
    version: &'static str,
    platform: String,
}

impl Version {
    /// The version of this build.
    pub fn current() -> Self {
        Self::of(env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH)
    }

    /// A version that was built for this operating system and processor.
    pub(super) fn of(version: &'static str, os: &str, arch: &str) -> Self {
        Self { api_version: ApiVersion::V1, kind: Kind::Version, version, platform: format!("{os}/{arch}") }
    }
}

impl Report for Version {
    fn table(&self, _wide: bool) -> Table<'_> {
        Table {
            headers: vec!["VERSION", "PLATFORM"],
            rows: Box::new(std::iter::once(vec![Cell::new(self.version), Cell::new(&self.platform)])),
        }
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(std::iter::once(self.version.to_owned()))
    }
}
