//! How many files and connections the program may have open at a time, and how many clusters and connections that is enough for.

/// The most that the limit is raised to: enough for as many clusters as `--parallel` takes.
#[cfg(unix)]
const ENOUGH: u64 = 8192;
/// For the standard streams, the runtime, the journal, credential plugins and idle connections to the cloud.
const RESERVED: u64 = 28;
/// How many calls of the cloud there are at a time, at least and at most.
const CLOUD_CALLS: (u64, u64) = (4, 16);
/// As many requests as a scan sends to one API server at once.
const LEAST_CONNECTIONS: u64 = 6;
/// How many connections to one API server there may be.
const MOST_CONNECTIONS: u64 = 16;

/// How many files and connections may be open at a time; `None` where there is no such limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFiles(Option<u64>);

impl OpenFiles {
    /// A limit of this process, as `ulimit -n` shows it.
    pub fn limited(limit: u64) -> Self {
        Self(Some(limit))
    }

    /// The limit of this process, after it was raised as far as the system lets it.
    /// Source: <https://man7.org/linux/man-pages/man2/getrlimit.2.html>
    #[cfg(unix)]
    pub(super) fn raised() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let wanted = maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
        match current {
            Some(current) if current < wanted => {
                let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok();
                Self(Some(if raised { wanted } else { current }))
            }
            current => Self(current),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn raised() -> Self {
        Self(None)
    }

    /// The limit; `None` where there is none.
    pub fn limit(self) -> Option<u64> {
        self.0
    }

    /// What is left where so many are open all the time.
    #[must_use]
    pub fn beside(self, open: usize) -> Self {
        Self(self.0.map(|limit| limit.saturating_sub(open as u64)))
    }

    /// Whether nothing can be done any more.
    pub fn is_exhausted(self) -> bool {
        self.0.is_some_and(|limit| limit < RESERVED + LEAST_CONNECTIONS)
    }

    /// How many connections to one API server there may be at a time.
    pub fn connections(self) -> usize {
        let share = self.free().map_or(MOST_CONNECTIONS, |free| free / MOST_CONNECTIONS);
        share.clamp(LEAST_CONNECTIONS, MOST_CONNECTIONS) as usize
    }

    /// How many calls of the cloud there may be at a time, each with a connection.
    pub fn cloud_calls(self) -> usize {
        let (least, most) = CLOUD_CALLS;
        self.0.map_or(most, |limit| (limit / most).clamp(least, most)) as usize
    }

    /// How many clusters can be read at a time, of so many that are wanted.
    pub fn clusters(self, wanted: usize) -> usize {
        let enough_for = self.free().map(|free| (free as usize / self.connections()).max(1));
        enough_for.map_or(wanted, |most| most.min(wanted))
    }

    fn free(self) -> Option<u64> {
        self.0.map(|limit| limit.saturating_sub(RESERVED + self.cloud_calls() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_limit_is_shared_by_fewer_clusters_with_fewer_connections() {
        for (limit, wanted, clusters, connections, cloud_calls) in [
            (None, 256, 256, 16, 16),
            (Some(8192), 256, 256, 16, 16),
            (Some(1024), 16, 16, 16, 16),
            (Some(1024), 256, 61, 16, 16),
            (Some(256), 16, 16, 13, 16),
            (Some(100), 16, 11, 6, 6),
            (Some(40), 16, 1, 6, 4),
            (Some(40), 1, 1, 6, 4),
            (Some(3), 16, 1, 6, 4),
        ] {
            let open_files = OpenFiles(limit);
            let seen = (open_files.clusters(wanted), open_files.connections(), open_files.cloud_calls());
            assert_eq!(seen, (clusters, connections, cloud_calls), "{limit:?}");
        }
        let beside = |open| OpenFiles::limited(300).beside(open);
        assert_eq!((beside(200).clusters(16), beside(260).clusters(16)), (11, 1));
        assert_eq!((beside(266).is_exhausted(), beside(267).is_exhausted()), (false, true));
        assert!(!OpenFiles(None).beside(1000).is_exhausted());
    }
}
