//! The two places where ack-ram-authenticator's mappings are written, and what it means that one of them can't be read.
//!
//! The rule: **without the authenticator its ConfigMap maps no identity.** Whether there is one is read from its API group, and
//! that is a strong sign, no proof: the authenticator can run on the ConfigMap alone.
//!
//! | the API group | the ConfigMap | a scan says | a proof says |
//! | --- | --- | --- | --- |
//! | doesn't exist | is denied | a note: few may read kube-system, and the result stays complete | unread: the check can't pass |
//! | doesn't exist | fails otherwise | unread | unread |
//! | exists, or is unread | is denied or fails | unread | unread |

use super::mapping::Mapping;

/// Why a source could not be read, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// The API server forbids it (403).
    Forbidden(String),
    /// Anything else.
    Other(String),
}

impl SourceError {
    fn into_text(self) -> String {
        match self {
            Self::Forbidden(text) | Self::Other(text) => text,
        }
    }
}

/// What the API server answered; `None` where the source doesn't exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingSources {
    /// The RAMIdentityMappings; `None` where the authenticator's API group doesn't exist.
    pub objects: Result<Option<Vec<Mapping>>, SourceError>,
    /// The entries of ConfigMap kube-system/alibabacloud-auth; `None` where there is none.
    pub config_map: Result<Option<Vec<Mapping>>, SourceError>,
}

/// What was read of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappingReading {
    /// The mappings.
    pub mappings: Vec<Mapping>,
    /// Whether the authenticator's API group exists; `None` where that could not be read.
    pub ram_authenticator: Option<bool>,
    /// What may map an identity and could not be read.
    pub unread: Vec<String>,
    /// What could not be read and maps no identity.
    pub notes: Vec<String>,
}

impl MappingSources {
    /// What a scan makes of them: without the API group, a ConfigMap that may not be read is only a note.
    pub fn for_scan(self) -> MappingReading {
        let ram_authenticator = self.objects.as_ref().ok().map(Option::is_some);
        let mut reading = MappingReading { ram_authenticator, ..MappingReading::default() };
        reading.take(self.objects);
        match self.config_map {
            Err(SourceError::Forbidden(text)) if ram_authenticator == Some(false) => reading.notes.push(text),
            answer => reading.take(answer),
        }
        reading
    }

    /// What a proof makes of them: each must have been read. A missing right is named, so that it can be given.
    pub fn for_proof(self) -> MappingReading {
        let ram_authenticator = self.objects.as_ref().ok().map(Option::is_some);
        let mut reading = MappingReading { ram_authenticator, ..MappingReading::default() };
        for (answer, right) in [
            (self.objects, "list ramidentitymappings.ramauthenticator.k8s.alibabacloud"),
            (self.config_map, "get configmaps/alibabacloud-auth in namespace kube-system"),
        ] {
            reading.take(answer.map_err(|error| match error {
                SourceError::Forbidden(text) => SourceError::Other(format!("{text}; missing right: {right}")),
                other => other,
            }));
        }
        reading
    }
}

impl MappingReading {
    fn take(&mut self, answer: Result<Option<Vec<Mapping>>, SourceError>) {
        match answer {
            Ok(mappings) => self.mappings.extend(mappings.into_iter().flatten()),
            Err(error) => self.unread.push(error.into_text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::core::rbac::mapping::read_config_map;

    type Answered = Result<Option<Vec<Mapping>>, SourceError>;

    fn mapping() -> Vec<Mapping> {
        let users = "- userarn: acs:ram::1000:user/carl\n  username: carl\n";
        read_config_map(&BTreeMap::from([("mapUsers".to_owned(), users.to_owned())])).unwrap()
    }

    fn forbidden() -> Answered {
        Err(SourceError::Forbidden("forbidden".into()))
    }

    fn broken() -> Answered {
        Err(SourceError::Other("timeout".into()))
    }

    /// Each row: the two answers; mappings, unread and notes of a scan; unread of a proof, which has no notes.
    #[test]
    fn a_scan_trusts_that_the_api_group_is_missing_and_a_proof_does_not() {
        let some = || Ok(Some(mapping()));
        let empty = || Ok(Some(Vec::new()));
        let none = || Ok(None);
        for (objects, config_map, scan, proof) in [
            (none(), none(), (0, 0, 0), 0),
            (none(), some(), (1, 0, 0), 0),
            (none(), forbidden(), (0, 0, 1), 1),
            (none(), broken(), (0, 1, 0), 1),
            (empty(), none(), (0, 0, 0), 0),
            (empty(), forbidden(), (0, 1, 0), 1),
            (some(), some(), (2, 0, 0), 0),
            (some(), broken(), (1, 1, 0), 1),
            (forbidden(), none(), (0, 1, 0), 1),
            (forbidden(), some(), (1, 1, 0), 1),
            (forbidden(), forbidden(), (0, 2, 0), 2),
            (broken(), forbidden(), (0, 2, 0), 2),
            (broken(), broken(), (0, 2, 0), 2),
        ] {
            let sources = MappingSources { objects, config_map };
            let (scanned, proven) = (sources.clone().for_scan(), sources.clone().for_proof());
            let found = (scanned.mappings.len(), scanned.unread.len(), scanned.notes.len());
            assert_eq!((found, proven.unread.len()), (scan, proof), "{sources:?}");
            assert_eq!((proven.mappings.len(), proven.notes.len()), (scan.0, 0), "{sources:?}");
            assert_eq!(scanned.ram_authenticator, proven.ram_authenticator);
        }
    }

    #[test]
    fn whether_the_authenticator_is_there_is_unknown_if_its_objects_are_unread() {
        for (objects, expected) in
            [(Ok(None), Some(false)), (Ok(Some(Vec::new())), Some(true)), (forbidden(), None), (broken(), None)]
        {
            assert_eq!(MappingSources { objects, config_map: Ok(None) }.for_scan().ram_authenticator, expected);
        }
    }

    #[test]
    fn a_proof_names_the_right_that_is_missing() {
        let unread = MappingSources { objects: forbidden(), config_map: forbidden() }.for_proof().unread;
        assert!(unread[0].ends_with("missing right: list ramidentitymappings.ramauthenticator.k8s.alibabacloud"));
        assert!(unread[1].ends_with("missing right: get configmaps/alibabacloud-auth in namespace kube-system"));
        let unread = MappingSources { objects: broken(), config_map: broken() }.for_proof().unread;
        assert_eq!(unread, ["timeout", "timeout"]);
    }
}
