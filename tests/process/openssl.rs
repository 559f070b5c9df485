//! The `openssl` command as judge: what it says of a certificate is what is read here, to the digit and to the second.

use std::process::{Command, Stdio};
use std::{fs, path::Path};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use kubectl_ackcred::internals::{Certificate, ClientPair, KeyMatch, PrivateKeyError, Secret};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use tempfile::TempDir;

/// Certificate extensions are left out and the dates are free.
const CA_CONFIGURATION: &str = "
[ca]
default_ca = here
[here]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = optional
organizationalUnitName = optional
commonName = optional
[req]
distinguished_name = name
[name]
";

/// A folder in which `openssl` makes keys and certificates; `None`, with a word, where there is no `openssl`.
struct Openssl {
    folder: TempDir,
}

impl Openssl {
    #[expect(clippy::disallowed_methods, reason = "the environment says what must not be skipped")]
    fn new(test: &str) -> Option<Self> {
        let found = Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_ok();
        let required = std::env::var_os("ACKCRED_REQUIRE_CLUSTER").is_some_and(|value| value == "1");
        assert!(found || !required, "openssl is not on PATH");
        if !found {
            use std::io::Write as _;
            // Not through the test harness, which would swallow it.
            let _ = writeln!(std::io::stderr(), "{test}: skipped, openssl is not on PATH");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.cnf"), CA_CONFIGURATION).unwrap();
        Some(Self { folder })
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new("openssl").args(arguments).current_dir(self.folder.path()).output().unwrap();
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    /// Makes `NAME.key` with the arguments of `openssl genpkey`.
    fn key(&self, name: &str, algorithm: &[&str]) {
        let file = format!("{name}.key");
        self.run(&[&["genpkey", "-out", &file], algorithm].concat());
    }

    /// Makes `NAME.crt` for `NAME.key`, with `openssl ca`, which takes any dates and serials.
    fn certificate(&self, name: &str, subject: &str, serial: &str, dates: (&str, &str)) {
        let (key, request, certificate) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.crt"));
        self.run(&["req", "-new", "-config", "ca.cnf", "-key", &key, "-subj", subject, "-out", &request]);
        fs::write(self.path().join("serial"), format!("{serial}\n")).unwrap();
        // Forgets what it issued before, so that serials can be used again.
        fs::write(self.path().join("index.txt"), "").unwrap();
        let signing = ["ca", "-batch", "-notext", "-config", "ca.cnf", "-selfsign", "-keyfile", &key, "-in", &request];
        let how = ["-out", &certificate, "-startdate", dates.0, "-enddate", dates.1, "-preserveDN"];
        self.run(&[&signing[..], &how].concat());
    }

    /// What `openssl x509` says of a certificate, after the `=`.
    fn says(&self, name: &str, question: &[&str]) -> String {
        let file = format!("{name}.crt");
        let answer = self.run(&[&["x509", "-noout", "-in", &file], question].concat());
        answer.trim().split_once('=').unwrap().1.to_owned()
    }

    fn date(&self, name: &str, question: &str) -> Timestamp {
        let answer = self.says(name, &[question]);
        let date = DateTime::strptime("%b %e %H:%M:%S %Y GMT", &answer).unwrap();
        date.to_zoned(TimeZone::UTC).unwrap().timestamp()
    }

    fn agrees(&self, name: &str) {
        let read = Certificate::from_pem(&self.read(&format!("{name}.crt"))).unwrap();
        assert_eq!(read.serial, self.says(name, &["-serial"]).to_lowercase());
        let fingerprint = self.says(name, &["-fingerprint", "-sha256"]).replace(':', "").to_lowercase();
        assert_eq!(read.sha256, fingerprint);
        assert_eq!(read.not_before, self.date(name, "-startdate"));
        assert_eq!(read.not_after, Some(self.date(name, "-enddate")));
        let subject = self.says(name, &["-subject", "-nameopt", "multiline,utf8,-esc_msb"]);
        let field = |wanted: &str| {
            let lines = subject.lines().filter_map(|line| line.split_once('='));
            lines.filter(|(name, _)| name.trim() == wanted).map(|(_, text)| text.trim().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(read.subject.common_name.as_ref(), field("commonName").last().filter(|name| !name.is_empty()));
        assert_eq!(read.subject.organizations, field("organizationName"));
    }

    fn key_of(&self, name: &str, certificate: &str) -> Result<KeyMatch, PrivateKeyError> {
        let certificate = Certificate::from_pem(&self.read(&format!("{certificate}.crt"))).unwrap();
        ClientPair::read(&certificate, &Secret::new(self.read(name))).map(|pair| pair.key_match)
    }
}

const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P384: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
const P521: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"];
const ED25519: &[&str] = &["-algorithm", "ED25519"];
const ACK: &str = "/O=system:users/OU=x/CN=20407123-1673419473";
const THREE_YEARS: (&str, &str) = ("230111064434Z", "260110064434Z");

#[test]
fn serials_fingerprints_subjects_and_dates_are_those_that_openssl_tells() {
    let Some(openssl) = Openssl::new("serials_fingerprints_subjects_and_dates") else { return };
    openssl.key("a", P256);
    for (subject, serial, dates) in [
        (ACK, "04D2", THREE_YEARS),
        ("/O=system:users/CN=1", "00", ("700101000000Z", "491231235959Z")),
        ("/CN=before 1970", "01", ("500101000000Z", "691231235959Z")),
        ("/CN=beyond 2049", "7F", ("20500101000000Z", "21220809101112Z")),
        ("/CN=leap day", "80", ("000229235959Z", "20520229000000Z")),
        ("/O=one/O=two/CN=first/CN=last", "FFEEDDCCBBAA99887766554433221100FFEEDDCC", THREE_YEARS),
        ("/O=only a group", "0100", THREE_YEARS),
    ] {
        openssl.certificate("a", subject, serial, dates);
        openssl.agrees("a");
    }
}

#[test]
fn an_empty_organizational_unit_and_a_negative_serial_are_read_as_openssl_reads_them() {
    let Some(openssl) = Openssl::new("an_empty_organizational_unit") else { return };
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, text) in [
        (DnType::OrganizationName, "system:users"),
        (DnType::OrganizationalUnitName, ""),
        (DnType::CommonName, "20407123-1673419473"),
    ] {
        params.distinguished_name.push(kind, text);
    }
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    fs::write(openssl.path().join("ack.crt"), certificate.pem()).unwrap();
    let subject = openssl.says("ack", &["-subject"]).replace(' ', "");
    assert_eq!(subject, "O=system:users,OU=,CN=20407123-1673419473");
    openssl.agrees("ack");

    openssl.key("a", P256);
    let request = ["req", "-x509", "-new", "-key", "a.key", "-subj", "/CN=1", "-out", "a.crt", "-set_serial"];
    for serial in ["-5", "-128", "-256", "-65535"] {
        openssl.run(&[&request[..], &[serial]].concat());
        openssl.agrees("a");
    }
}

#[test]
fn certificates_of_every_kind_of_key_are_read() {
    let Some(openssl) = Openssl::new("certificates_of_every_kind_of_key") else { return };
    for (name, algorithm) in [("rsa", RSA), ("p256", P256), ("p384", P384), ("p521", P521), ("ed25519", ED25519)] {
        openssl.key(name, algorithm);
        openssl.certificate(name, ACK, "1000", THREE_YEARS);
        openssl.agrees(name);
    }
}

#[test]
fn keys_in_every_form_match_their_own_certificate_only() {
    let Some(openssl) = Openssl::new("keys_in_every_form") else { return };
    for (name, algorithm, traditional) in [
        ("rsa", RSA, Some("rsa")),
        ("p256", P256, Some("ec")),
        ("p384", P384, Some("ec")),
        ("p521", P521, Some("ec")),
        ("ed25519", ED25519, None),
    ] {
        openssl.key(name, algorithm);
        openssl.certificate(name, ACK, "1000", THREE_YEARS);
        openssl.key("other", algorithm);
        assert_eq!(openssl.key_of(&format!("{name}.key"), name), Ok(KeyMatch::Matches), "{name}");
        assert_eq!(openssl.key_of("other.key", name), Ok(KeyMatch::Mismatch), "{name}");
        if let Some(command) = traditional {
            let (from, to) = (format!("{name}.key"), format!("{name}.traditional"));
            let form: &[&str] = if command == "rsa" { &["-traditional"] } else { &[] };
            openssl.run(&[&[command, "-in", &from, "-out", &to], form].concat());
            let text = String::from_utf8(openssl.read(&to)).unwrap();
            assert!(text.contains(&format!("BEGIN {} PRIVATE KEY", command.to_uppercase())));
            assert_eq!(openssl.key_of(&to, name), Ok(KeyMatch::Matches), "{name}");
        }
    }
}

#[test]
fn encrypted_keys_are_refused() {
    let Some(openssl) = Openssl::new("encrypted_keys") else { return };
    openssl.key("rsa", RSA);
    openssl.certificate("rsa", ACK, "1000", THREE_YEARS);
    let encryption = ["-aes128", "-passout", "pass:word"];
    openssl.run(&[&["pkey", "-in", "rsa.key", "-out", "rsa.encrypted"][..], &encryption].concat());
    openssl.run(&[&["rsa", "-traditional", "-in", "rsa.key", "-out", "rsa.legacy"][..], &encryption].concat());
    assert_eq!(openssl.key_of("rsa.encrypted", "rsa"), Err(PrivateKeyError::Encrypted));
    assert_eq!(openssl.key_of("rsa.legacy", "rsa"), Err(PrivateKeyError::Encrypted));
}

#[test]
fn the_text_that_openssl_writes_before_a_certificate_is_skipped() {
    let Some(openssl) = Openssl::new("the_text_before_a_certificate") else { return };
    openssl.key("a", P256);
    openssl.certificate("a", ACK, "1000", THREE_YEARS);
    let sound = Certificate::from_pem(&openssl.read("a.crt")).unwrap();
    openssl.run(&["x509", "-in", "a.crt", "-text", "-out", "text.crt"]);
    assert!(openssl.read("text.crt").starts_with(b"Certificate:"));
    assert_eq!(Certificate::from_pem(&openssl.read("text.crt")), Ok(sound));
}
