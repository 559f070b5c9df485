use bytes::Bytes;
use serde::Deserialize;

use super::super::keys::{Permissions, Principal};
use super::super::testing::{NOW, Signer};
use super::*;

#[derive(Deserialize)]
struct Vector {
    name: String,
    canonical_request: String,
    canonical_sha256: String,
    authorization: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../acs3-vectors.json")).unwrap()
}

/// The request that a vector's canonical text describes, and its payload's hash.
fn described(canonical: &str) -> (CloudRequest, String) {
    let lines: Vec<&str> = canonical.split('\n').collect();
    let mut builder = http::Request::builder().method(lines[0]).uri(format!("{}?{}", lines[1], lines[2]));
    for header in lines[3..].iter().take_while(|line| !line.is_empty()) {
        let (name, value) = header.split_once(':').unwrap();
        builder = builder.header(name, value);
    }
    let (parts, ()) = builder.body(()).unwrap().into_parts();
    (CloudRequest::new(&parts, Bytes::new()), lines.last().unwrap().to_string())
}

#[test]
fn every_published_signature_is_calculated_the_same() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 7);
    for vector in vectors {
        let (request, payload) = described(&vector.canonical_request);
        let authorization = Authorization::parse(&vector.authorization).unwrap();
        let canonical = canonical_request(&request, &authorization.signed_headers, &payload);
        assert_eq!(canonical, vector.canonical_request, "{}", vector.name);
        let string_to_sign = string_to_sign(&canonical);
        assert_eq!(string_to_sign, format!("ACS3-HMAC-SHA256\n{}", vector.canonical_sha256), "{}", vector.name);
        let secret = if authorization.key_id == "YourAccessKeyId" { "YourAccessKeySecret" } else { "testsecret" };
        assert_eq!(signature(&string_to_sign, secret), authorization.signature, "{}", vector.name);
        check_signed_headers(&request.headers, &authorization.signed_headers).unwrap();
    }
}

#[test]
fn published_requests_verify_as_a_whole_at_their_time() {
    for vector in vectors() {
        let (mut request, payload) = described(&vector.canonical_request);
        if payload != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
            continue; // Its body is not published.
        }
        request.headers.insert("authorization", vector.authorization.parse().unwrap());
        let now = clock::read(request.header("x-acs-date").unwrap()).unwrap();
        let mut keys = KeyRing::default();
        keys.add(AccessKey::root("1", "YourAccessKeyId", "YourAccessKeySecret"));
        keys.add(AccessKey::root("1", "LTAItestid", "testsecret"));
        let mut temporary = AccessKey::root("1", "STS.testid", "testsecret");
        let expires = now + SignedDuration::from_mins(1);
        temporary.session = Some(super::super::keys::StsSession { token: "CAIS+token/with=chars".into(), expires });
        keys.add(temporary);
        verify(&request, &mut keys, now).unwrap_or_else(|error| panic!("{}: {error:?}", vector.name));
    }
}

fn ring() -> KeyRing {
    let mut keys = KeyRing::default();
    keys.add(AccessKey::root("1", "LTAIroot", "swordfish"));
    keys.add(AccessKey::root("1", "LTAIold", "swordfish").inactive());
    keys
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn code(request: &CloudRequest, keys: &mut KeyRing) -> String {
    verify(request, keys, now()).map_or_else(|error| error.code, |key| format!("good: {}", key.id))
}

fn signer() -> Signer {
    Signer::new("LTAIroot", "swordfish").at(now())
}

#[test]
fn a_good_request_is_accepted_once() {
    let request = signer().rpc("2015-05-01", "ListUsers", &[("MaxItems", "1000")]);
    let mut keys = ring();
    assert_eq!(code(&request, &mut keys), "good: LTAIroot");
    assert_eq!(code(&request, &mut keys), "SignatureNonceUsed");
}

#[test]
fn a_refused_request_does_not_spend_its_nonce() {
    let mut keys = ring();
    let good = signer().rpc("2015-05-01", "ListUsers", &[]);
    let mut tampered = signer().rpc("2015-05-01", "ListUsers", &[]);
    tampered.query.push(("MaxItems".into(), "1".into()));
    assert_eq!(code(&tampered, &mut keys), "SignatureDoesNotMatch");
    assert_eq!(code(&good, &mut keys), "good: LTAIroot");
}

#[test]
fn whatever_is_changed_after_signing_is_noticed() {
    let good = || signer().roa("GET", "/clusters/c1", "DescribeClusterDetail", &[("a", "1")]);
    let changes: [fn(&mut CloudRequest); 6] = [
        |request| request.method = http::Method::DELETE,
        |request| request.path = "/clusters/c2".into(),
        |request| request.query[0].1 = "2".into(),
        |request| request.body = Bytes::from_static(b"{}"),
        |request| drop(request.headers.insert("x-acs-action", "DeleteCluster".parse().unwrap())),
        |request| drop(request.headers.insert("host", "other.example".parse().unwrap())),
    ];
    assert_eq!(code(&good(), &mut ring()), "good: LTAIroot");
    for (index, change) in changes.iter().enumerate() {
        let mut request = good();
        change(&mut request);
        assert_eq!(code(&request, &mut ring()), "SignatureDoesNotMatch", "change {index}");
    }
}

#[test]
fn a_body_hash_that_is_signed_but_wrong_is_refused() {
    let mut signer = signer();
    signer.payload_hash = Some("0".repeat(64));
    assert_eq!(code(&signer.rpc("2015-05-01", "ListUsers", &[]), &mut ring()), "SignatureDoesNotMatch");
}

#[test]
fn every_cloud_header_and_the_host_must_be_signed() {
    let mut request = signer().rpc("2015-05-01", "ListUsers", &[]);
    request.headers.insert("x-acs-credentials-provider", "default".parse().unwrap());
    assert_eq!(code(&request, &mut ring()), "IncompleteSignature");
    for unsigned in ["host", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256", "x-acs-version"] {
        let mut signer = signer();
        signer.unsigned = Some(unsigned);
        assert_eq!(code(&signer.rpc("2015-05-01", "ListUsers", &[]), &mut ring()), "IncompleteSignature", "{unsigned}");
    }
}

#[test]
fn the_date_may_be_a_quarter_of_an_hour_off_and_no_more() {
    for (minutes, answer) in [(15, "good: LTAIroot"), (-15, "good: LTAIroot")] {
        let request = signer().at(now() + SignedDuration::from_mins(minutes)).rpc("2015-05-01", "ListUsers", &[]);
        assert_eq!(code(&request, &mut ring()), answer);
    }
    for seconds in [901, -901] {
        let request = signer().at(now() + SignedDuration::from_secs(seconds)).rpc("2015-05-01", "ListUsers", &[]);
        assert_eq!(code(&request, &mut ring()), "InvalidTimeStamp.Expired");
    }
}

#[test]
fn keys_that_are_unknown_disabled_or_wrong_are_distinguished() {
    let answer = |id: &str, secret: &str| {
        let request = Signer::new(id, secret).at(now()).rpc("2015-05-01", "ListUsers", &[]);
        code(&request, &mut ring())
    };
    assert_eq!(answer("LTAInobody", "swordfish"), "InvalidAccessKeyId.NotFound");
    assert_eq!(answer("LTAIold", "swordfish"), "InvalidAccessKeyId.Inactive");
    assert_eq!(answer("LTAIroot", "mackerel"), "SignatureDoesNotMatch");
}

#[test]
fn requests_without_a_usable_signature_are_refused() {
    let mut request = signer().rpc("2015-05-01", "ListUsers", &[]);
    for malformed in ["acs LTAIroot:sig", "ACS3-HMAC-SHA256 Credential=LTAIroot, SignedHeaders=host, Signature=00"] {
        request.headers.insert("authorization", malformed.parse().unwrap());
        assert_eq!(code(&request, &mut ring()), "IncompleteSignature", "{malformed}");
    }
    request.headers.remove("authorization");
    assert_eq!(code(&request, &mut ring()), "MissingAccessKeyId");
}

#[test]
fn sessions_need_their_own_token_while_it_lasts() {
    let mut keys = ring();
    let role = Principal::Role { id: "300".into(), session: "s".into() };
    let issued = keys.issue("1", role, Permissions::everything(), now(), SignedDuration::from_mins(15));
    let mut answer = |token: Option<&str>, at: Timestamp| {
        let mut signer = Signer::new(&issued.id, &issued.secret).at(at);
        signer.token = token.map(str::to_owned);
        let request = signer.rpc("2015-04-01", "GetCallerIdentity", &[]);
        verify(&request, &mut keys, at).map_or_else(|error| error.code, |_| "good".into())
    };
    assert_eq!(answer(Some(&issued.token), now()), "good");
    assert_eq!(answer(None, now()), "MissingSecurityToken");
    assert_eq!(answer(Some("nonsense"), now()), "InvalidSecurityToken.Malformed");
    assert_eq!(answer(Some("CAISother"), now()), "InvalidSecurityToken.MismatchWithAccessKey");
    let later = now() + SignedDuration::from_mins(15);
    assert_eq!(answer(Some(&issued.token), later), "InvalidSecurityToken.Expired");
}

#[test]
fn a_wrong_signature_is_answered_with_the_canonical_request_and_its_token() {
    let mut keys = ring();
    let role = Principal::Role { id: "300".into(), session: "s".into() };
    let issued = keys.issue("1", role, Permissions::everything(), now(), SignedDuration::from_mins(15));
    let mut signer = Signer::new(&issued.id, "mackerel").at(now());
    signer.token = Some(issued.token.clone());
    let request = signer.rpc("2015-04-01", "GetCallerIdentity", &[]);
    let error = verify(&request, &mut keys, now()).unwrap_err();
    assert!(error.message.contains("server StringToSign is [ACS3-HMAC-SHA256\n"), "{}", error.message);
    assert!(error.message.contains(&format!("x-acs-security-token:{}\n", issued.token)), "{}", error.message);
}
