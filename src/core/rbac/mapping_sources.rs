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
//!
//! What is wrong in a ConfigMap that was read counts as unread in all of these; its other entries count.

use super::auth_config_map::AuthConfigMap;
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
    /// ConfigMap kube-system/alibabacloud-auth; `None` where there is none.
    pub config_map: Result<Option<AuthConfigMap>, SourceError>,
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
    /// What maps no identity: what could not be read, and what is written without effect.
    pub notes: Vec<String>,
}

impl MappingSources {
    /// What a scan makes of them: without the API group, a ConfigMap that may not be read is only a note.
    pub fn for_scan(self) -> MappingReading {
        let mut reading = MappingReading::of_objects(self.objects);
        match self.config_map {
            Err(SourceError::Forbidden(text)) if reading.ram_authenticator == Some(false) => reading.notes.push(text),
            answer => reading.take_config_map(answer),
        }
        reading
    }

    /// What a proof makes of them: each must have been read. A missing right is named, so that it can be given.
    pub fn for_proof(self) -> MappingReading {
        let naming = |right: &'static str| {
            move |error| match error {
                SourceError::Forbidden(text) => SourceError::Other(format!("{text}; missing right: {right}")),
                other => other,
            }
        };
        let objects = self.objects.map_err(naming("list ramidentitymappings.ramauthenticator.k8s.alibabacloud"));
        let mut reading = MappingReading::of_objects(objects);
        let right = "get configmaps/alibabacloud-auth in namespace kube-system";
        reading.take_config_map(self.config_map.map_err(naming(right)));
        reading.notes.clear();
        reading
    }
}

impl MappingReading {
    fn of_objects(answer: Result<Option<Vec<Mapping>>, SourceError>) -> Self {
        let ram_authenticator = answer.as_ref().ok().map(Option::is_some);
        let mut reading = Self { ram_authenticator, ..Self::default() };
        match answer {
            Ok(mappings) => reading.mappings.extend(mappings.into_iter().flatten()),
            Err(error) => reading.unread.push(error.into_text()),
        }
        reading
    }

    fn take_config_map(&mut self, answer: Result<Option<AuthConfigMap>, SourceError>) {
        match answer {
            Ok(read) => {
                let read = read.unwrap_or_default();
                self.mappings.extend(read.mappings);
                self.unread.extend(read.faults);
                self.notes.extend(read.notes);
            }
            Err(error) => self.unread.push(error.into_text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::core::rbac::auth_config_map::read_config_map;

    type Answered<T> = Result<Option<T>, SourceError>;

    fn config_map(users: &str) -> AuthConfigMap {
        read_config_map(&BTreeMap::from([("mapUsers".to_owned(), users.to_owned())]))
    }

    fn carl() -> AuthConfigMap {
        config_map("- userarn: acs:ram::1000:user/carl\n  username: carl\n")
    }

    fn forbidden<T>() -> Answered<T> {
        Err(SourceError::Forbidden("forbidden".into()))
    }

    fn broken<T>() -> Answered<T> {
        Err(SourceError::Other("timeout".into()))
    }

    /// Each row: the two answers; mappings, unread and notes of a scan; unread of a proof, which has no notes.
    #[test]
    fn a_scan_trusts_that_the_api_group_is_missing_and_a_proof_does_not() {
        let objects = || Ok(Some(carl().mappings));
        let empty = || Ok(Some(Vec::new()));
        let (none, written) = (|| Ok(None), || Ok(Some(carl())));
        let faulty = || Ok(Some(config_map("- oops\n- userarn: acs:ram::1000:user/carl\n- {}\n")));
        for (objects, config_map, scan, proof) in [
            (none(), Ok(None), (0, 0, 0), 0),
            (none(), written(), (1, 0, 0), 0),
            (none(), faulty(), (1, 1, 1), 1),
            (none(), forbidden(), (0, 0, 1), 1),
            (none(), broken(), (0, 1, 0), 1),
            (empty(), Ok(None), (0, 0, 0), 0),
            (empty(), forbidden(), (0, 1, 0), 1),
            (objects(), written(), (2, 0, 0), 0),
            (objects(), faulty(), (2, 1, 1), 1),
            (objects(), broken(), (1, 1, 0), 1),
            (forbidden(), Ok(None), (0, 1, 0), 1),
            (forbidden(), written(), (1, 1, 0), 1),
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
