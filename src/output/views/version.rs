use serde::Serialize;

use super::ApiVersion;
use crate::output::report::Report;
use crate::output::table::{Cell, Table};

/// What `version` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub struct Version {
    api_version: ApiVersion,
    version: &'static str,
    platform: String,
}

impl Version {
    /// The version of this build.
    pub fn current() -> Self {
        Self {
            api_version: ApiVersion::V1,
            version: env!("CARGO_PKG_VERSION"),
            platform: format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
        }
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
