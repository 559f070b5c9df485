use jiff::Timestamp;
use serde::Serialize;

use super::{ApiVersion, Kind, time};
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
    /// The commit of the source; null in a build that is no release.
    commit: Option<&'static str>,
    /// When it was built; null in a build that is no release.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    build_date: Option<Timestamp>,
    /// Operating system and processor, as kubectl names them: `linux/amd64`.
    platform: &'static str,
}

impl Version {
    /// The version of this build.
    pub fn current() -> Self {
        let built = option_env!("ACKCRED_BUILT").and_then(|seconds| seconds.parse().ok());
        let built = built.and_then(|seconds| Timestamp::from_second(seconds).ok());
        Self::of(env!("CARGO_PKG_VERSION"), env!("ACKCRED_PLATFORM"), option_env!("ACKCRED_COMMIT").zip(built))
    }

    /// A version for a platform; of a release, its commit and the time of its build.
    pub(super) fn of(
        version: &'static str,
        platform: &'static str,
        release: Option<(&'static str, Timestamp)>,
    ) -> Self {
        let (commit, build_date) = release.unzip();
        Self { api_version: ApiVersion::V1, kind: Kind::Version, version, commit, build_date, platform }
    }
}

impl Report for Version {
    fn table(&self, wide: bool) -> Table<'_> {
        let mut headers = vec!["VERSION", "PLATFORM"];
        let mut row = vec![Cell::new(self.version), Cell::new(self.platform)];
        if wide {
            headers.extend(["COMMIT", "BUILD-DATE"]);
            row.extend([Cell::maybe(self.commit), Cell::maybe(self.build_date.map(time))]);
        }
        Table { headers, rows: Box::new(std::iter::once(row)) }
    }

    fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(std::iter::once(self.version.to_owned()))
    }
}
