//! Where what a restore gives back is known from.

use std::fmt;

use super::OperationId;
use crate::core::ids::{ClusterId, Uid};
use crate::core::shell::quoted;

/// Where what a restore gives back is known from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreOrigin {
    /// The record of the operation that took it away.
    Operation(OperationId),
    /// Backups that another tool left: the path of the folder that holds the clusters' folders.
    Folder(String),
}

impl RestoreOrigin {
    /// The operation that took it away, where it was one of ours.
    pub fn operation(&self) -> Option<&OperationId> {
        match self {
            Self::Operation(id) => Some(id),
            Self::Folder(_) => None,
        }
    }

    /// The folder of backups, where it is known from one.
    pub fn folder(&self) -> Option<&str> {
        match self {
            Self::Operation(_) => None,
            Self::Folder(path) => Some(path),
        }
    }

    /// The command that restores these identities in these clusters by it, as it is typed into a shell.
    pub fn command(&self, uids: &[Uid], clusters: &[ClusterId]) -> String {
        let path = match self {
            Self::Operation(id) => return format!("kubectl ackcred restore {id}"),
            Self::Folder(path) => quoted(path),
        };
        let uids = uids.iter().map(Uid::as_str).collect::<Vec<_>>().join(" ");
        let clusters = clusters.iter().map(ClusterId::as_str).collect::<Vec<_>>().join(",");
        format!("kubectl ackcred restore --from {path} {uids} --cluster-id {clusters}")
    }
}

impl fmt::Display for RestoreOrigin {
    /// The operation's ID, or the folder's path.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(id) => id.fmt(formatter),
            Self::Folder(path) => formatter.write_str(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_what_is_restored_and_where() {
        let uids: Vec<Uid> = ["200", "300"].iter().filter_map(|uid| Uid::parse(uid)).collect();
        let clusters: Vec<ClusterId> =
            ["a", "b"].iter().filter_map(|digit| ClusterId::parse(&format!("c{}", digit.repeat(32)))).collect();
        let folder = RestoreOrigin::Folder("/home/ann/old backups".to_owned());
        assert_eq!(
            folder.command(&uids, &clusters),
            format!(
                "kubectl ackcred restore --from '/home/ann/old backups' 200 300 --cluster-id c{},c{}",
                "a".repeat(32),
                "b".repeat(32)
            )
        );
        let operation = OperationId::parse("20261122-031002-3f9a2c").map(RestoreOrigin::Operation);
        let command = operation.map(|origin| origin.command(&uids, &clusters));
        assert_eq!(command.as_deref(), Some("kubectl ackcred restore 20261122-031002-3f9a2c"));
    }
}
