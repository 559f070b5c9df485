use jiff::{SignedDuration, Timestamp};

use crate::core::credential::certificate::Subject;
use crate::core::credential::expiry::{Limits, assess};
use crate::core::credential::{Credential, CredentialKind, Lifespan, Problem};
use crate::core::fixtures::at;
use crate::core::ids::{ClusterId, Uid};
use crate::output::views::{ExpiryItem, ExpiryReport, SearchView, UnreadView};

const CLUSTER: &str = "c5e8f0a1b2c3d4e5f60718293a4b5c6d7";

/// Credentials of each kind that `expiry` tells apart.
pub(super) fn example() -> ExpiryReport {
    let item_within = |credential: &Credential, context: &str, limits: &Limits| {
        let expiry = assess(credential, at("2026-01-01T00:00:00Z"), limits);
        ExpiryItem::of(credential, expiry).found(
            Some(context),
            Some("/home/ann/.kube/config".to_owned()),
            ClusterId::parse(CLUSTER).as_ref(),
        )
    };
    let item = |credential: &Credential, context: &str| item_within(credential, context, &Limits::default());
    let a_year = Limits { max_lifetime: Some(SignedDuration::from_hours(365 * 24)), ..Limits::default() };
    let token =
        Credential { lifespan: Lifespan::Unlimited("the token contains no expiry"), ..of_kind(CredentialKind::Token) };
    let plugin = Credential {
        lifespan: Lifespan::Renewed("a credential plugin gets it".to_owned()),
        ..of_kind(CredentialKind::Exec)
    };
    let malformed = Credential {
        problem: Some(Problem::Invalid("the token is empty".to_owned())),
        ..of_kind(CredentialKind::TokenFile)
    };
    ExpiryReport::new(
        at("2026-01-01T00:00:00Z"),
        vec![
            ExpiryItem { line: Some(12), ..item(&certificate("2025-12-31T00:00:00Z"), "expired") },
            item(&certificate("2026-01-10T00:00:00Z"), "expiring"),
            item(&certificate("2029-12-31T00:00:00Z"), "of-tomorrow"),
            item(&certificate("2027-12-31T00:00:00Z"), "effective"),
            item_within(&certificate("2027-12-31T00:00:00Z"), "long-lived", &a_year),
            item(&token, "token"),
            item(&plugin, "plugin"),
            item(&malformed, "malformed"),
            ExpiryItem::unread("/home/ann/gone".to_owned(), true, "cannot open /home/ann/gone".to_owned()),
        ],
    )
    .of_search(Some(search()))
}

fn search() -> SearchView {
    SearchView {
        files: 1200,
        unread: vec![UnreadView { path: "/home/ann/.cache".to_owned(), reason: "permission denied".to_owned() }],
        too_large: 1,
        compressed: 12,
        other_file_systems: vec!["/home/ann/mnt".to_owned()],
    }
}

fn of_kind(kind: CredentialKind) -> Credential {
    Credential { kind, problem: None, ..Credential::of_missing_user("") }
}

fn certificate(end: &str) -> Credential {
    let end: Timestamp = at(end);
    let issued = end - SignedDuration::from_hours(1095 * 24);
    Credential {
        subject: Some(Subject {
            common_name: Some("200000000000000101-1735689600".to_owned()),
            organizations: Vec::new(),
        }),
        uid: Uid::parse("200000000000000101"),
        serial: Some("04d2".to_owned()),
        issued: Some(issued),
        not_before: Some(issued),
        not_after: Some(end),
        ca_not_after: Some(at("2045-01-01T00:00:00Z")),
        lifespan: Lifespan::Dated,
        ..of_kind(CredentialKind::ClientCertificate)
    }
}
