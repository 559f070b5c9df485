//! The readers of what comes from outside. Each is given any bytes, and promises more than to survive them where that can be said.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use kubectl_ackcred::internals::{
    AskedFor, BindingItem, ByteBudget, CachedCredential, Certificate, Chain, CliConfig, ClientPair, CloudError,
    CloudErrorBody, Columns, Credential, ExpiryLimits, ListDecoder, Material, OperationV1, ProtobufListDecoder,
    RawRecord, SECRET_COLUMNS, Screen, Screened, Secret, SshSignature, StaticTokenKind, Template, Token, Tracer, Uid,
    allowed_signers, assess_expiry, chain, check_proxy_url, decode_event, each_record, find_credentials, leading_uid,
    parse_exec_credential, parse_kubeconfig, parse_kuberc, read_audit_line, read_config_map, read_event, read_journal,
    read_record, read_report, read_summary, read_table, resolve_contexts, retry_hint, secret_row, split_subject_name,
};

/// A reader.
pub(crate) struct Target {
    /// Its name, and its corpus's.
    pub(crate) name: &'static str,
    /// Reads any bytes. It panics where a promise is broken.
    pub(crate) read: fn(&[u8]),
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "kubeconfig", read: kubeconfig },
    Target { name: "certificate_and_key", read: certificate_and_key },
    Target { name: "token", read: token },
    Target { name: "exec_credential", read: exec_credential },
    Target { name: "kuberc", read: kuberc },
    Target { name: "proxy_url", read: proxy_url },
    Target { name: "user_name", read: user_name },
    Target { name: "rbac_list_json", read: rbac_list_json },
    Target { name: "rbac_list_protobuf", read: rbac_list_protobuf },
    Target { name: "mappings", read: mappings },
    Target { name: "cloud_refusal", read: refusal_of_the_cloud },
    Target { name: "cli_config", read: cli_config },
    Target { name: "retry_after", read: retry_after },
    Target { name: "record", read: record },
    Target { name: "journal", read: journal },
    Target { name: "jsonpath", read: jsonpath },
    Target { name: "any_file", read: any_file },
    Target { name: "audit_log", read: audit_log },
    Target { name: "secret_table", read: secret_table },
    Target { name: "ssh_signature", read: ssh_signature },
    Target { name: "allowed_signers", read: signers },
];

/// The secret that must not come back out of a reader.
const SECRET: &str = "LTAI5tFuzzCanarySecretValue0";

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Every context resolves or says why not, and every credential has a status.
fn kubeconfig(bytes: &[u8]) {
    match parse_kubeconfig(bytes, Arc::from(Path::new("/folder/config"))) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(kubeconfig) => {
            let resolved = resolve_contexts(&kubeconfig, &Default::default()).count();
            assert_eq!(resolved, kubeconfig.contexts.len());
            for user in kubeconfig.users.values() {
                let credential = Credential::assess(&user.value, &Material::default());
                assess_expiry(&credential, Timestamp::UNIX_EPOCH, &ExpiryLimits::default());
            }
        }
    }
}

/// The same bytes as a bundle and as the key's file. A key that a client can sign with belongs to the certificate.
fn certificate_and_key(bytes: &[u8]) {
    let Ok(certificate) = Certificate::from_pem(bytes) else { return };
    if let Ok(pair) = ClientPair::read(&certificate, &Secret::new(bytes.to_vec())) {
        let _ = pair.signing_key(&certificate);
    }
}

/// No error repeats the token.
fn token(bytes: &[u8]) {
    let token = text(bytes).into_owned();
    if let Err(error) = Token::read(&Secret::new(token.clone())) {
        assert!(token.len() < 24 || !error.to_string().contains(&token));
    }
    let _ = CachedCredential::parse(bytes);
}

fn exec_credential(bytes: &[u8]) {
    for version in ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"] {
        let _ = parse_exec_credential(bytes, version).map_err(|error| error.to_string());
    }
}

fn kuberc(bytes: &[u8]) {
    let _ = parse_kuberc(&text(bytes)).map_err(|error| error.to_string());
}

fn proxy_url(bytes: &[u8]) {
    let _ = check_proxy_url(&text(bytes));
}

/// A name is an identity's only if it begins with the UID and goes on as ACK writes it.
fn user_name(bytes: &[u8]) {
    let name = text(bytes);
    let split = split_subject_name(&name);
    assert_eq!(split.map(|(uid, _)| uid), Uid::of_user_name(&name).as_ref().map(Uid::as_str));
    if let Some((uid, suffix)) = split {
        assert_eq!(leading_uid(&name), None, "a name is an identity's, or only resembles one");
        assert!(uid.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(name.len(), uid.len() + suffix.map_or(0, |suffix| suffix.len() + 1));
    }
}

/// A list is the same however it arrives.
fn rbac_list_json(bytes: &[u8]) {
    let read = |size: usize| {
        let (mut decoder, mut items) = (ListDecoder::new(1 << 16), Vec::new());
        for frame in bytes.chunks(size) {
            let fed = decoder.feed(frame, |item| {
                serde_json::from_slice::<BindingItem<'_>>(item)?;
                items.push(item.to_vec());
                Ok(())
            });
            if let Err(error) = fed {
                assert!(!error.to_string().is_empty());
                return (items, None);
            }
        }
        (items, decoder.finish().ok())
    };
    assert_eq!(read(bytes.len().max(1)), read(7));
}

fn rbac_list_protobuf(bytes: &[u8]) {
    let read = |size: usize| {
        let (mut decoder, mut items) = (ProtobufListDecoder::new(1 << 16), Vec::new());
        for frame in bytes.chunks(size) {
            let item = |item: &[u8]| BindingItem::from_protobuf(item).map(|_| items.push(item.to_vec()));
            if let Err(error) = decoder.feed(frame, item) {
                assert!(!error.to_string().is_empty());
                return (items, None);
            }
        }
        (items, decoder.finish().ok())
    };
    assert_eq!(read(bytes.len().max(1)), read(7));
}

/// An entry that can't be read is a fault, and costs itself alone.
fn mappings(bytes: &[u8]) {
    let users = text(bytes).into_owned();
    let sound = "- userarn: acs:ram::1:user/ann\n  username: ann\n";
    let data = BTreeMap::from([("mapUsers".to_owned(), users), ("mapRoles".to_owned(), sound.replace("user", "role"))]);
    let read = read_config_map(&data);
    assert!(read.mappings.iter().all(|mapping| !mapping.name.is_empty()));
}

/// What a body echoes of the request's secret is not shown.
fn refusal_of_the_cloud(bytes: &[u8]) {
    let body = text(bytes).replace("SECRET", SECRET);
    let secret = Secret::new(SECRET.to_owned());
    for status in [400, 403, 503] {
        let error = CloudError::refused("ListUsers", status, &CloudErrorBody::read(body.as_bytes()), &[&secret]);
        let shown = format!("{error} {error:?} {:?} {:?}", error.code(), error.request_id());
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

fn cli_config(bytes: &[u8]) {
    let file = text(bytes).replace("SECRET", SECRET);
    if let Err(error) = CliConfig::parse(Path::new("config.json"), &file) {
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}

/// One header a line.
fn retry_after(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let _ = retry_hint(&headers, Timestamp::UNIX_EPOCH);
}

/// Each kind of file in the folder of operations.
fn record(bytes: &[u8]) {
    let _ = read_record::<OperationV1>(bytes).map_err(|error| error.to_string());
    let _ = read_summary(bytes).map_err(|error| error.to_string());
    let _ = serde_json::from_slice(bytes).map(|json| read_report(json).map_err(|error| error.to_string()));
    let _ = read_audit_line(bytes).map_err(|error| error.to_string());
    let _ = read_event(bytes).map_err(|error| error.to_string());
}

/// A journal that is read has a place in its chain for each event.
fn journal(bytes: &[u8]) {
    let root = Chain::root(b"");
    if let Ok(journal) = read_journal(bytes, root) {
        assert_eq!(journal.chain.len(), journal.events.len() + 1);
    }
}

fn jsonpath(bytes: &[u8]) {
    let template = text(bytes);
    let document = serde_json::json!({
        "kind": "List", "items": [{"uid": "1", "n": 2, "when": null}, {"uid": "3", "of": {"a.b": [true, 1.5]}}],
    });
    if let Ok(parsed) = Template::parse(&template) {
        let _ = parsed.render(&document, |text| Cow::Borrowed(text));
        let _ = parsed.render_as_json(&document);
    }
    if let Ok(columns) = Columns::parse(&template) {
        let _ = columns.row(&document);
    }
}

/// Each certificate that is found begins in a line of the file, and has a status.
fn any_file(bytes: &[u8]) {
    let found = find_credentials(bytes, &Arc::from(Path::new("/folder/file")));
    let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
    let keys: Vec<_> = found.keys.iter().collect();
    for certificate in &found.certificates {
        assert!((1..=lines).contains(&certificate.line), "{} of {lines}", certificate.line);
        assess_expiry(&certificate.assess(&keys), Timestamp::UNIX_EPOCH, &ExpiryLimits::default());
    }
}

/// The identity that is looked for in audit logs.
const TRACED: &str = "200000000000000103";

/// A stream that gives few bytes at a time.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.0.len()).min(7);
        self.0.read(&mut buffer[..length])
    }
}

/// The records of a stream, those that are too long as `None`; and whether it was read to its end.
fn records(stream: impl Read) -> (Vec<Option<Vec<u8>>>, bool) {
    let mut records = Vec::new();
    let mut take = |raw: RawRecord<'_>, _| {
        records.push(match raw {
            RawRecord::Whole(record) => Some(record.to_vec()),
            RawRecord::TooLong => None,
        });
        ControlFlow::Continue(())
    };
    let is_whole = each_record(stream, &mut take).is_ok();
    (records, is_whole)
}

/// A log is cut the same however it arrives; who is looked for is passed over in no record; and every pass over it comes to an end.
fn audit_log(bytes: &[u8]) {
    let (cut, is_whole) = records(bytes);
    let (in_drops, is_whole_in_drops) = records(Drops(bytes));
    assert!(is_whole == is_whole_in_drops && (!is_whole || cut == in_drops));
    cut.iter().flatten().for_each(|record| assert_finds_who_is_looked_for(record));
    let uids = Uid::parse(TRACED).into_iter().collect();
    for can_be_read_again in [false, true] {
        let asked = AskedFor { uids: Vec::clone(&uids), depth: 5, ..AskedFor::default() };
        let mut tracer = Tracer::new(asked, can_be_read_again);
        // Whatever is learned, the log has it in its bytes.
        let most = if can_be_read_again { cut.len() * (bytes.len() + 2) } else { cut.len() };
        for (turn, record) in cut.iter().cycle().take(most).enumerate() {
            if turn >= cut.len() && tracer.since_learned() >= cut.len() as u64 {
                break;
            }
            match record {
                Some(record) => tracer.take(record),
                None => tracer.take_unreadable(),
            }
        }
        assert!(!can_be_read_again || tracer.since_learned() >= cut.len() as u64, "the circle has no end");
        let trace = tracer.finish();
        assert_eq!(trace.head.records, cut.len() as u64);
        assert!(trace.head.unreadable <= trace.head.records);
    }
}

/// API servers escape no digits.
fn assert_finds_who_is_looked_for(record: &[u8]) {
    let mut screen = Screen::default();
    screen.needles.add_name(TRACED);
    if let Screened::OfOthers(_) = screen.take(record)
        && let Ok(events) = decode_event(record)
        && !record.contains(&b'\\')
    {
        let is_theirs = events.iter().any(|event| Uid::parse(TRACED).is_some_and(|uid| event.user.is_identity(&uid)));
        assert!(!is_theirs, "{}", text(record));
    }
}

/// A row is a Secret's, or none; what is said of another answer quotes no word of it but its kind.
fn secret_table(bytes: &[u8]) {
    let body = text(bytes).replace("SECRET", SECRET);
    match read_table(body.as_bytes(), SECRET_COLUMNS, &mut ByteBudget::of(u64::MAX)) {
        Ok(table) => {
            for row in &table.rows {
                assert_eq!(row.len(), SECRET_COLUMNS.len());
                if let Some(row) = secret_row(row) {
                    let name = row.name.clone();
                    let token = row.token(StaticTokenKind::ServiceAccount, "shop", Timestamp::UNIX_EPOCH);
                    assert!(token.name == name && token.namespace == "shop" && !token.is_ended);
                }
            }
        }
        Err(failure) => {
            let document: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
            let is_quoted = |key: &str| document[key].as_str().is_some_and(|text| text.contains(SECRET));
            let said = chain(&failure);
            assert!(is_quoted("kind") || is_quoted("apiVersion") || !said.contains(SECRET), "{said}");
        }
    }
}

/// What is checked is exactly what was read.
fn ssh_signature(bytes: &[u8]) {
    match SshSignature::parse(bytes) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(signature) => assert_eq!(SshSignature::parse(signature.armored().as_bytes()), Ok(signature)),
    }
}

/// A line that lists a key says whose it is.
fn signers(bytes: &[u8]) {
    let signature = SshSignature::parse(include_bytes!("../fixtures/approval/ed25519.sig")).expect("a signature");
    let file = text(bytes);
    for listing in allowed_signers(&file, &signature.key) {
        assert!(!listing.principals.is_empty() && listing.line <= file.lines().count());
    }
}
