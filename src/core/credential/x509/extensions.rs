//! Extensions: whether Go reads them, and what API servers go by.

use std::net::IpAddr;

use super::{Defect, uri};
use crate::core::credential::der::{self, Der};

/// `1.3.6.1.5.5.7.1.1`.
const AUTHORITY_INFORMATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];
/// `1.3.6.1.5.5.7.3.2`.
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
/// `2.5.29.37.0`.
const ANY_USAGE: &[u8] = &[0x55, 0x1d, 0x25, 0x00];

/// What API servers go by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extensions {
    /// Whether the basic constraints say that it is a CA.
    pub(super) is_authority: bool,
    /// Whether a client may authenticate with it.
    pub(super) allow_client: bool,
    /// Whether one is critical and unknown.
    pub(super) has_unknown_critical: bool,
    /// Whether a certificate policy must be named.
    pub(super) demand_policy: bool,
    /// Whether one is.
    pub(super) name_policy: bool,
}

impl Default for Extensions {
    fn default() -> Self {
        Self {
            is_authority: false,
            allow_client: true,
            has_unknown_critical: false,
            demand_policy: false,
            name_policy: false,
        }
    }
}

/// Reads what follows the public key in the body of a certificate of this (encoded) version.
pub(super) fn read(body: &mut Der<'_>, version: i64) -> Result<Extensions, Defect> {
    let mut extensions = Extensions::default();
    if version < 1 {
        return Ok(extensions);
    }
    for (tag, name) in [(der::context(1), "issuerUniqueID"), (der::context(2), "subjectUniqueID")] {
        body.take_if_there(tag).ok_or(Defect::Malformed(name))?;
    }
    let malformed = Defect::Malformed("list of extensions");
    let Some(list) = body.take_if_there(der::explicit(3)).ok_or(malformed)?.filter(|_| version == 2) else {
        return Ok(extensions);
    };
    let mut list = Der(list).sequence().ok_or(malformed)?;
    let mut read = Vec::new();
    while !list.is_empty() {
        let mut extension = list.sequence().ok_or(malformed)?;
        let oid = extension.object_identifier().ok_or(malformed)?;
        let critical = extension.begins_with(der::BOOLEAN) && extension.boolean().ok_or(malformed)?;
        let value = extension.take(der::OCTET_STRING).ok_or(malformed)?;
        if read.iter().any(|(known, _, _)| *known == oid) {
            return Err(Defect::DuplicateExtension);
        }
        read.push((oid, critical, value));
    }
    for (oid, critical, value) in read {
        extensions.add(oid, critical, Der(value))?;
    }
    Ok(extensions)
}

impl Extensions {
    fn add(&mut self, oid: &[u8], critical: bool, value: Der<'_>) -> Result<(), Defect> {
        let number = match oid {
            [0x55, 0x1d, number] => Some(*number),
            _ => None,
        };
        let (name, is_sound) = match number {
            Some(14) => ("subject key identifier", { value }.take(der::OCTET_STRING).is_some()),
            Some(15) => ("key usage", { value }.bit_string().is_some()),
            Some(17) => {
                let known = alternative_names(value);
                self.has_unknown_critical |= critical && known == Some(0);
                ("subject alternative name", known.is_some())
            }
            Some(19) => {
                let constraints = basic_constraints(value);
                self.is_authority = constraints == Some(true);
                ("basic constraints", constraints.is_some())
            }
            Some(30) => {
                let knows_all = name_constraints(value);
                self.has_unknown_critical |= critical && knows_all == Some(false);
                ("name constraints", knows_all.is_some())
            }
            Some(31) => ("list of CRL distribution points", distribution_points(value).is_some()),
            Some(32) => {
                let count = policies(value);
                self.name_policy = count.is_some_and(|count| count > 0);
                ("list of certificate policies", count.is_some())
            }
            Some(33) => ("list of policy mappings", policy_mappings(value).is_some()),
            Some(35) => ("authority key identifier", authority_key_identifier(value).is_some()),
            Some(36) => {
                let demand = policy_constraints(value);
                self.demand_policy = demand == Some(true);
                ("policy constraints", demand.is_some())
            }
            Some(37) => {
                let usages = extended_key_usages(value);
                self.allow_client = usages.unwrap_or(true);
                ("list of extended key usages", usages.is_some())
            }
            Some(54) => ("inhibitAnyPolicy", { value }.small_integer().is_some()),
            _ if oid == AUTHORITY_INFORMATION => {
                ("authority information access", authority_information(value).is_some())
            }
            _ => {
                self.has_unknown_critical |= critical;
                return Ok(());
            }
        };
        let must_not_be_critical = matches!(number, Some(14 | 35) | None);
        if critical && must_not_be_critical {
            Err(Defect::WronglyCritical(name))
        } else if is_sound {
            Ok(())
        } else {
            Err(Defect::Malformed(name))
        }
    }
}

/// How many names of a known kind there are.
fn alternative_names(mut value: Der<'_>) -> Option<usize> {
    let mut names = value.sequence()?;
    let mut known = 0;
    while !names.is_empty() {
        let name = names.next()?;
        let (is_known, is_sound) = match name.tag ^ 0x80 {
            1 | 2 => (true, name.content.is_ascii()),
            6 => (true, ascii(name.content).is_some_and(uri::is_sound)),
            7 => (true, matches!(name.content.len(), 4 | 16)),
            _ => (false, true),
        };
        known += usize::from(is_known);
        if !is_sound {
            return None;
        }
    }
    Some(known)
}

fn ascii(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii())
}

/// Whether it is a CA.
fn basic_constraints(mut value: Der<'_>) -> Option<bool> {
    let mut constraints = value.sequence()?;
    let is_authority = constraints.begins_with(der::BOOLEAN) && constraints.boolean()?;
    if constraints.begins_with(der::INTEGER) {
        // As Go reads it: into 64 bits without a sign, of which a length uses 63.
        constraints.integer().filter(|length| !der::is_negative(length) && length.len() <= 8)?;
    }
    Some(is_authority)
}

/// Whether all constraints are of a known kind.
fn name_constraints(mut value: Der<'_>) -> Option<bool> {
    let mut constraints = value.sequence().filter(|_| value.is_empty())?;
    let permitted = constraints.take_if_there(der::explicit(0))?.unwrap_or_default();
    let excluded = constraints.take_if_there(der::explicit(1))?.unwrap_or_default();
    if !constraints.is_empty() || permitted.is_empty() && excluded.is_empty() {
        return None;
    }
    let mut knows_all = true;
    for mut subtrees in [Der(permitted), Der(excluded)] {
        while !subtrees.is_empty() {
            let name = subtrees.sequence()?.next()?;
            let is_sound = match name.tag ^ 0x80 {
                // A mailbox is not looked into.
                1 => ascii(name.content).is_some_and(|name| name.contains('@') || uri::is_domain(name, true)),
                2 => ascii(name.content).is_some_and(|name| uri::is_domain(name, true)),
                6 => ascii(name.content)
                    .is_some_and(|name| name.parse::<IpAddr>().is_err() && uri::is_domain(name, true)),
                7 => is_network(name.content),
                _ => {
                    knows_all = false;
                    true
                }
            };
            is_sound.then_some(())?;
        }
    }
    Some(knows_all)
}

/// An address and a mask that begins with its ones.
fn is_network(bytes: &[u8]) -> bool {
    let mask = &bytes[bytes.len() / 2..];
    let zeros = mask.iter().rev().take_while(|byte| **byte == 0).count();
    let (ones, _) = mask.split_at(mask.len() - zeros);
    let is_contiguous = match ones.split_last() {
        Some((last, full)) => full.iter().all(|byte| *byte == 0xff) && last.leading_ones() + last.trailing_zeros() == 8,
        None => true,
    };
    matches!(bytes.len(), 8 | 32) && is_contiguous
}

fn distribution_points(mut value: Der<'_>) -> Option<()> {
    let mut points = value.sequence()?;
    while !points.is_empty() {
        let Some(name) = points.sequence()?.take_if_there(der::explicit(0))? else { continue };
        let mut names = Der(Der(name).take(der::explicit(0))?);
        while names.begins_with(der::context(6)) {
            names.next()?;
        }
    }
    Some(())
}

/// How many policies there are.
fn policies(mut value: Der<'_>) -> Option<usize> {
    let mut list = value.sequence()?;
    let mut seen = Vec::new();
    while !list.is_empty() {
        let oid = list.sequence()?.take(der::OBJECT_IDENTIFIER)?;
        let mut numbers = oid.split_inclusive(|byte| byte & 0x80 == 0);
        let is_sound = !oid.is_empty() && oid.last()? & 0x80 == 0 && numbers.all(|number| number[0] != 0x80);
        (is_sound && !seen.contains(&oid)).then(|| seen.push(oid))?;
    }
    Some(seen.len())
}

fn policy_mappings(mut value: Der<'_>) -> Option<()> {
    let mut list = value.sequence()?;
    while !list.is_empty() {
        let mut mapping = list.sequence()?;
        mapping.take(der::OBJECT_IDENTIFIER)?;
        mapping.take(der::OBJECT_IDENTIFIER)?;
    }
    Some(())
}

fn authority_key_identifier(mut value: Der<'_>) -> Option<()> {
    value.sequence()?.take_if_there(der::context(0)).map(|_| ())
}

/// Whether a policy must be named from this certificate on.
fn policy_constraints(mut value: Der<'_>) -> Option<bool> {
    let mut constraints = value.sequence()?;
    let mut skipped = |number| constraints.take_if_there(der::context(number));
    let (explicit, mapping) = (skipped(0)?, skipped(1)?);
    let is_sound = |skipped: &[u8]| der::is_shortest(skipped) && skipped.len() <= 8;
    let all_sound = [explicit, mapping].into_iter().flatten().all(is_sound);
    all_sound.then_some(explicit == Some(&[0]))
}

/// Whether a client may authenticate with it.
fn extended_key_usages(mut value: Der<'_>) -> Option<bool> {
    let mut list = value.sequence()?;
    let is_empty = list.is_empty();
    let mut allows_client = false;
    while !list.is_empty() {
        let usage = list.object_identifier()?;
        allows_client |= usage == CLIENT_AUTH || usage == ANY_USAGE;
    }
    Some(is_empty || allows_client)
}

fn authority_information(mut value: Der<'_>) -> Option<()> {
    let mut list = value.sequence()?;
    while !list.is_empty() {
        let mut access = list.sequence()?;
        access.object_identifier()?;
        access.take_if_there(der::context(6))?;
    }
    Some(())
}
