use std::fs;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::endpoints::EndpointOverrides;
use super::super::retry::Policy;
use super::super::stub::{Answer, Asked, Stub, ok, run, status, world};
use super::super::{Cloud, CloudSettings, Connection};
use super::*;

const ROLE: &str = "acs:ram::1000:role/ops";

/// The end of every temporary key that the stubs hand out.
const LATER: &str = "2026-01-02T04:04:05Z";
const EARLIER: &str = "2026-01-02T02:04:05Z";

fn seconds(time: &str) -> i64 {
    time.parse::<Timestamp>().unwrap().as_second()
}

fn handed_out(key: &str, end: &str) -> Value {
    json!({ "Code": "Success", "AccessKeyId": key, "AccessKeySecret": format!("{key}-secret"),
            "SecurityToken": format!("{key}-token"), "Expiration": end })
}

/// STS, the instance's metadata, OAuth, CloudSSO and a credentials URI in one.
fn everything(asked: &Asked, _: usize) -> Answer {
    let assumed = |key: &str| ok(json!({ "Credentials": handed_out(key, LATER), "RequestId": "R" }).to_string());
    match (asked.method.as_str(), asked.path()) {
        ("PUT", "/latest/api/token") => ok("imds-token"),
        (_, path) if path.starts_with("/latest/") && asked.header("x-aliyun-ecs-metadata-token") != "imds-token" => {
            status(403, "")
        }
        ("GET", "/latest/meta-data/ram/security-credentials/") => ok("node-role"),
        ("GET", "/latest/meta-data/ram/security-credentials/node-role") => {
            ok(handed_out("STS.node", LATER).to_string())
        }
        ("GET", "/credentials") => ok(handed_out("STS.uri", LATER).to_string()),
        ("POST", "/v1/exchange") if asked.header("authorization") == "Bearer oauth-live" => {
            ok(handed_out("STS.oauth", LATER).to_string())
        }
        ("POST", "/cloud-credentials") if asked.header("authorization") == "Bearer sso-live" => {
            ok(json!({ "CloudCredential": handed_out("STS.sso", LATER) }).to_string())
        }
        ("POST", "/") if asked.header("x-acs-action") == "AssumeRole" => assumed("STS.assumed"),
        ("POST", "/") if asked.query().contains("Action=AssumeRoleWithOIDC") => assumed("STS.oidc"),
        _ => status(404, "{}"),
    }
}

struct Machine {
    home: TempDir,
    stub: Stub,
    variables: Vec<(String, String)>,
    settings: CloudSettings,
}

impl Machine {
    fn new() -> Self {
        Self::with(Stub::new(everything))
    }

    fn with(stub: Stub) -> Self {
        let own = || Some(stub.origin().parse().unwrap());
        let endpoints = EndpointOverrides {
            sts: own(),
            metadata: Some(stub.origin().parse().unwrap()),
            oauth: Some(stub.origin().parse().unwrap()),
            ..EndpointOverrides::default()
        };
        let retries = Policy { base: Duration::from_millis(1), attempts: 2, ..Policy::default() };
        let settings = CloudSettings { endpoints, retries, ..CloudSettings::default() };
        Self { home: tempfile::tempdir().unwrap(), stub, variables: Vec::new(), settings }
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A config.json with these profiles, the first of them the current one.
    fn profiles(self, profiles: Value) -> Self {
        let current = profiles[0]["name"].clone();
        let config = json!({ "current": current, "profiles": profiles, "meta_path": "" }).to_string();
        self.file(".aliyun/config.json", &config)
    }

    /// A config.json with one profile.
    fn profile(self, mut profile: Value) -> Self {
        profile["name"] = json!("default");
        self.profiles(json!([profile]))
    }

    fn connect(&self) -> Result<Connection, CredentialsError> {
        let variables: Vec<(&str, &str)> =
            self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        run(Cloud::connect(&world(self.home.path(), &variables), self.settings.clone()))
    }

    fn found(&self) -> ResolvedCredentials {
        match self.connect().unwrap() {
            Connection::Connected(cloud) => cloud.credentials().clone(),
            Connection::NoCredentials(nothing) => panic!("{nothing:?}"),
        }
    }

    fn nothing(&self) -> Vec<String> {
        match self.connect().unwrap() {
            Connection::Connected(cloud) => panic!("{:?}", cloud.credentials()),
            Connection::NoCredentials(nothing) => nothing.looked_at,
        }
    }

    fn error(&self) -> CredentialsError {
        self.connect().unwrap_err()
    }
}

fn access_key(id: &str) -> Value {
    json!({ "mode": "AK", "access_key_id": id, "access_key_secret": "s", "region_id": "cn-hangzhou" })
}

/// A profile for this machine, on which a credentials URI is served at this address.
type ProfileAt = fn(&Machine, &str) -> Value;

#[test]
fn every_mode_of_config_json_leads_to_its_key() {
    let uri = |machine: &Machine| format!("{}/credentials", machine.stub.origin());
    let cases: Vec<(ProfileAt, &str)> = vec![
        (|_, _| access_key("plain"), "plain"),
        (
            |_, _| json!({ "mode": "StsToken", "access_key_id": "STS.x", "access_key_secret": "s", "sts_token": "t" }),
            "STS.x",
        ),
        (
            |_, _| {
                json!({ "mode": "RamRoleArn", "access_key_id": "a", "access_key_secret": "s", "ram_role_arn": ROLE,
                           "ram_session_name": "me", "expired_seconds": 900, "external_id": "e" })
            },
            "STS.assumed",
        ),
        (|_, _| json!({ "mode": "EcsRamRole" }), "STS.node"),
        (|_, _| json!({ "mode": "ecsramrole", "ram_role_name": "node-role" }), "STS.node"),
        (
            |_, _| json!({ "mode": "RamRoleArnWithRoleName", "ram_role_name": "node-role", "ram_role_arn": ROLE }),
            "STS.assumed",
        ),
        (
            |_, _| {
                json!({ "mode": "External", "process_command":
                r#"printf '{"mode":"StsToken","access_key_id":"STS.printed","access_key_secret":"s","sts_token":"t"}'"# })
            },
            "STS.printed",
        ),
        (|_, uri| json!({ "mode": "CredentialsURI", "credentials_uri": uri }), "STS.uri"),
        (
            |_, _| {
                json!({ "mode": "OIDC", "ram_role_arn": ROLE, "oidc_provider_arn": "acs:ram::1000:oidc-provider/x",
                           "oidc_token_file": "token" })
            },
            "STS.oidc",
        ),
        (
            |machine, _| {
                json!({ "mode": "CloudSSO", "cloud_sso_sign_in_url": format!("{}/x/login", machine.stub.origin()),
                "access_token": "sso-live", "cloud_sso_access_token_expire": seconds(LATER),
                "cloud_sso_access_config": "ac-1", "cloud_sso_account_id": "1000" })
            },
            "STS.sso",
        ),
        (
            |_, _| {
                json!({ "mode": "OAuth", "oauth_site_type": "INTL", "oauth_access_token": "oauth-live",
                           "oauth_access_token_expire": seconds(LATER), "oauth_refresh_token": "never" })
            },
            "STS.oauth",
        ),
    ];
    for (profile, expected) in cases {
        let machine = Machine::new().file("token", "jwt\n");
        let profile = profile(&machine, &uri(&machine));
        let machine = machine.profile(profile.clone());
        let before = fs::read(machine.home.path().join(".aliyun/config.json")).unwrap();
        let found = machine.found();
        assert_eq!(found.access_key_id, expected, "{profile}");
        assert!(found.source.starts_with("profile 'default' ("), "{}", found.source);
        if expected.starts_with("STS.") {
            assert!(found.security_token.is_some(), "{profile}");
        }
        assert_eq!(fs::read(machine.home.path().join(".aliyun/config.json")).unwrap(), before, "the file was written");
        assert!(machine.stub.asked().iter().all(|asked| asked.path() != "/v1/token"), "a token was refreshed");
    }
}

#[test]
fn a_role_is_assumed_with_all_that_the_profile_says() {
    let machine = Machine::new().profile(json!({
        "mode": "RamRoleArn", "access_key_id": "a", "access_key_secret": "s", "ram_role_arn": ROLE,
        "ram_session_name": "me", "expired_seconds": 900, "external_id": "e/1",
    }));
    let found = machine.found();
    assert!(found.source.ends_with(&format!("as {ROLE}")), "{}", found.source);
    let asked = machine.stub.asked();
    let role = "RoleArn=acs%3Aram%3A%3A1000%3Arole%2Fops&RoleSessionName=me";
    assert_eq!(asked[0].query(), format!("DurationSeconds=900&ExternalId=e%2F1&{role}"));
}

#[test]
fn the_oidc_token_is_sent_in_the_body_and_not_signed() {
    let machine = Machine::new()
        .file("token", "jwt.payload\n")
        .set("ALIBABA_CLOUD_ROLE_ARN", ROLE)
        .set("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1000:oidc-provider/x")
        .set("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "token");
    assert_eq!(machine.found().access_key_id, "STS.oidc");
    let asked = &machine.stub.asked()[0];
    assert_eq!(asked.header("authorization"), "");
    assert!(asked.body.contains("OIDCToken=jwt.payload&"), "{}", asked.body);
    assert!(asked.query().contains("Version=2015-04-01") && !asked.query().contains("jwt"), "{}", asked.query());
}

#[test]
fn chains_of_profiles_are_followed_and_circles_found() {
    let chained = |name: &str, source: &str| json!({ "name": name, "mode": "ChainableRamRoleArn", "source_profile": source, "ram_role_arn": ROLE });
    let mut plain = access_key("plain");
    plain["name"] = json!("c");
    let machine = Machine::new().profiles(json!([chained("a", "b"), chained("b", "c"), plain]));
    assert_eq!(machine.found().access_key_id, "STS.assumed");
    assert_eq!(machine.stub.asked().len(), 2);
    let circle = Machine::new().profiles(json!([chained("a", "b"), chained("b", "a")]));
    assert!(circle.error().to_string().ends_with("(a → b → a)"), "{}", circle.error());
    let missing = Machine::new().profiles(json!([chained("a", "x")]));
    assert!(missing.error().to_string().ends_with("there is no profile 'x'"));
}

#[test]
fn modes_that_sign_nothing_are_refused_by_name() {
    for mode in ["RsaKeyPair", "BearerToken", "Anonymous"] {
        let error = Machine::new().profile(json!({ "mode": mode })).error();
        assert!(matches!(error, CredentialsError::RefusedMode { .. }), "{error}");
        assert!(error.to_string().contains(mode), "{error}");
    }
}

#[test]
fn a_secret_in_the_place_of_a_mode_a_type_or_a_region_is_not_shown() {
    let ini = "[default]\ntype = hunter2\naccess_key_id = a\n";
    let role = json!({ "mode": "RamRoleArn", "access_key_id": "a", "access_key_secret": "s", "ram_role_arn": ROLE,
        "sts_region": "hunter2!" });
    let mut by_region = Machine::new().profile(role);
    by_region.settings.endpoints.sts = None;
    for (machine, reason) in [
        (Machine::new().profile(json!({ "mode": "hunter2" })), "its mode is none of AK, StsToken, RamRoleArn"),
        (Machine::new().file(".alibabacloud/credentials", ini), "its type is none of access_key, sts"),
        (by_region, "sts_region: its value is no region ID, such as cn-hangzhou"),
    ] {
        let error = machine.error().to_string();
        assert!(error.contains(reason) && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_current_profile_that_does_not_exist_ends_the_search() {
    let config = json!({ "current": "prod", "profiles": [{ "name": "default", "mode": "AK", "access_key_id": "a",
        "access_key_secret": "s" }] });
    let ini = "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = s\n";
    let machine =
        || Machine::new().file(".aliyun/config.json", &config.to_string()).file(".alibabacloud/credentials", ini);
    let error = machine().error().to_string();
    assert!(
        error.ends_with("its current profile 'prod' does not exist; there is 'default'; name one with --profile"),
        "{error}"
    );
    assert_eq!(machine().set("ALIBABA_CLOUD_PROFILE", "default").found().access_key_id, "a");
    let none = Machine::new().file(".aliyun/config.json", r#"{"current": "", "profiles": []}"#);
    assert_eq!(none.file(".alibabacloud/credentials", ini).found().access_key_id, "ini");
}

#[test]
fn an_expired_session_names_the_command_that_renews_it() {
    let sso = json!({ "mode": "CloudSSO", "cloud_sso_sign_in_url": "https://x.invalid/login", "access_token": "t",
        "cloud_sso_access_token_expire": seconds(EARLIER), "cloud_sso_access_config": "a", "cloud_sso_account_id": "1" });
    let oauth = json!({ "mode": "OAuth", "oauth_access_token": "t", "oauth_access_token_expire": seconds(EARLIER),
        "oauth_refresh_token": "r" });
    for profile in [sso, oauth] {
        let machine = Machine::new().profile(profile);
        let error = machine.error();
        assert_eq!(error.renewing_command(), Some("aliyun configure --profile default"), "{error}");
        assert!(machine.stub.asked().is_empty());
    }
}

#[test]
fn a_cached_session_key_is_used_while_it_lives() {
    let oauth = |end: &str| {
        json!({ "mode": "OAuth", "access_key_id": "STS.cached", "access_key_secret": "s", "sts_token": "t",
                "sts_expiration": seconds(end), "oauth_access_token": "oauth-live",
                "oauth_access_token_expire": seconds(LATER) })
    };
    let machine = Machine::new().profile(oauth(LATER));
    assert_eq!(machine.found().access_key_id, "STS.cached");
    assert!(machine.stub.asked().is_empty());
    assert_eq!(Machine::new().profile(oauth(EARLIER)).found().access_key_id, "STS.oauth");
}

#[test]
fn external_sources_can_be_forbidden() {
    let machines = [
        Machine::new().profile(json!({ "mode": "External", "process_command": "true" })),
        Machine::new().profile(json!({ "mode": "CredentialsURI", "credentials_uri": "http://127.0.0.1:1/" })),
        Machine::new().set("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:1/"),
    ];
    for machine in machines {
        let error = machine.set("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "TRUE").error();
        assert!(matches!(error, CredentialsError::Disabled { .. }), "{error}");
    }
}

#[test]
fn an_external_command_that_fails_is_named_without_its_output() {
    for command in ["printf hunter2", "false", "/nonexistent/command", "printf '{\"mode\":\"AK\"}'"] {
        let error = Machine::new().profile(json!({ "mode": "External", "process_command": command })).error();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(error.to_string().starts_with("profile 'default' (External) of "), "{error}");
    }
}

#[test]
fn an_external_command_that_prints_too_much_is_reported_so() {
    let error = Machine::new().profile(json!({ "mode": "External", "process_command": "yes hunter2" })).error();
    assert!(error.to_string().ends_with(": yes: it wrote more than 1024 KiB"), "{error}");
}

#[test]
fn the_sources_have_an_order() {
    let ini = "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = s\n";
    let machine = || {
        let mut other = access_key("other");
        other["name"] = json!("other");
        let mut current = access_key("current");
        current["name"] = json!("default");
        Machine::new()
            .profiles(json!([current, other]))
            .file(".alibabacloud/credentials", ini)
            .file("token", "jwt")
            .set("ALIBABA_CLOUD_ROLE_ARN", ROLE)
            .set("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p")
            .set("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "token")
    };
    let with_key = || machine().set("ALIBABA_CLOUD_ACCESS_KEY_ID", "env").set("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s");
    assert_eq!(with_key().found().access_key_id, "env");
    assert_eq!(machine().found().access_key_id, "STS.oidc");
    let mut named = with_key();
    named.settings.profile = Some("other".to_owned());
    assert_eq!(named.found().access_key_id, "other");
    let mut ignoring = with_key();
    ignoring.settings.ignore_env_credentials = true;
    assert_eq!(ignoring.found().access_key_id, "current");
    let uri = Machine::new().profile(access_key("current"));
    let at = format!("{}/credentials", uri.stub.origin());
    assert_eq!(uri.set("ALIBABA_CLOUD_CREDENTIALS_URI", &at).found().access_key_id, "STS.uri");
    let chosen = Machine::new().profiles(json!([access_key("a")])).file(".alibabacloud/credentials", ini);
    assert_eq!(chosen.found().access_key_id, "ini");
    assert_eq!(Machine::new().found().access_key_id, "STS.node");
}

#[test]
fn a_named_profile_or_none_at_all() {
    let mut machine = Machine::new().profile(access_key("current"));
    machine.settings.profile = Some("missing".to_owned());
    assert!(machine.error().to_string().ends_with("there is no such profile"), "{}", machine.error());
    let mut machine = Machine::new();
    machine.settings.profile = Some("default".to_owned());
    assert!(machine.error().to_string().ends_with("there is no such file"), "{}", machine.error());
}

#[test]
fn a_profile_that_the_environment_names_is_looked_for_in_both_files_and_nowhere_else() {
    let ini = "[ops]\ntype = access_key\naccess_key_id = ini-ops\naccess_key_secret = s\n";
    let machine = || Machine::new().profile(access_key("current")).set("ALIBABA_CLOUD_PROFILE", "ops");
    assert_eq!(machine().file(".alibabacloud/credentials", ini).found().access_key_id, "ini-ops");
    let error = machine().error().to_string();
    assert!(error.starts_with("ALIBABA_CLOUD_PROFILE: profile 'ops': not found"), "{error}");
    let mut ignoring = machine();
    ignoring.settings.ignore_env_credentials = true;
    assert_eq!(ignoring.found().access_key_id, "current");
}

#[test]
fn another_file_is_read_when_it_is_named() {
    let config = json!({ "current": "x", "profiles": [{ "name": "x", "mode": "AK", "access_key_id": "other-file",
        "access_key_secret": "s", "region_id": "cn-beijing" }] });
    let mut machine = Machine::new().file("own.json", &config.to_string());
    machine.settings.profile_file = Some("own.json".into());
    let found = machine.found();
    assert_eq!((found.access_key_id.as_str(), found.region.unwrap().as_str()), ("other-file", "cn-beijing"));
    let machine = Machine::new().file("own.json", &config.to_string()).set("ALIBABA_CLOUD_CONFIG_FILE", "own.json");
    assert_eq!(machine.found().access_key_id, "other-file");
}

#[test]
fn two_sets_of_variables_are_never_mixed() {
    let mixed = Machine::new()
        .set("ALIBABA_CLOUD_ACCESS_KEY_ID", "a")
        .set("ALICLOUD_ACCESS_KEY_SECRET", "hunter2")
        .profile(access_key("current"))
        .error()
        .to_string();
    assert!(mixed.contains("ALIBABA_CLOUD_ACCESS_KEY_ID is set without ALIBABA_CLOUD_ACCESS_KEY_SECRET"), "{mixed}");
    assert!(mixed.contains("ALICLOUD_ACCESS_KEY_SECRET") && !mixed.contains("hunter2"), "{mixed}");
    let half = Machine::new().set("ALIBABACLOUD_ACCESS_KEY_SECRET", "hunter2").error().to_string();
    assert_eq!(half, "environment: ALIBABACLOUD_ACCESS_KEY_SECRET is set without ALIBABACLOUD_ACCESS_KEY_ID");
    let tokenless = Machine::new()
        .set("ALIBABA_CLOUD_ACCESS_KEY_ID", "STS.a")
        .set("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s")
        .set("ALICLOUD_SECURITY_TOKEN", "t")
        .error();
    assert!(matches!(tokenless, CredentialsError::Mixed { .. }), "{tokenless}");
}

#[test]
fn older_names_of_variables_are_understood() {
    for (id, secret, token) in [
        ("ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_SECURITY_TOKEN"),
        ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_ACCESS_KEY_STS_TOKEN"),
        ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"),
    ] {
        let found = Machine::new().set(id, "x").set(secret, "s").set(token, "t").found();
        assert_eq!(found.source, format!("environment ({id})"));
        assert_eq!(found.security_token.unwrap().expose(), "t");
    }
}

#[test]
fn the_ini_file_has_its_own_types() {
    let with = |text: &str| Machine::new().file("token", "jwt").file(".alibabacloud/credentials", text);
    let key = "access_key_id = a\naccess_key_secret = s\n";
    let cases = [
        (format!("[default]\ntype = sts\n{key}security_token = t\n"), "a"),
        (format!("[default]\ntype = ram_role_arn\n{key}role_arn = {ROLE}\n"), "STS.assumed"),
        ("[default]\ntype = ecs_ram_role\nrole_name = node-role\n".to_owned(), "STS.node"),
        (
            format!(
                "[default]\ntype = oidc_role_arn\nrole_arn = {ROLE}\noidc_provider_arn = p\noidc_token_file_path = token\n"
            ),
            "STS.oidc",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(with(&text).found().access_key_id, expected, "{text}");
    }
    let section = with(&format!("[ops]\ntype = access_key\n{key}")).set("ALIBABA_CLOUD_PROFILE", "ops");
    assert_eq!(section.found().access_key_id, "a");
    let refused = with("[default]\ntype = rsa_key_pair\n").error();
    assert!(matches!(refused, CredentialsError::RefusedMode { .. }), "{refused}");
}

#[test]
fn the_plain_metadata_mode_is_used_only_where_the_hardened_one_is_unknown_and_it_is_allowed() {
    let plain = || {
        Machine::with(Stub::new(|asked, _| match (asked.method.as_str(), asked.path()) {
            ("PUT", _) => status(404, ""),
            (_, "/latest/meta-data/ram/security-credentials/") => ok("old-role\n"),
            (_, "/latest/meta-data/ram/security-credentials/old-role") => ok(handed_out("STS.old", LATER).to_string()),
            _ => status(404, ""),
        }))
    };
    assert_eq!(plain().found().access_key_id, "STS.old");
    let looked_at = plain().set("ALIBABA_CLOUD_IMDSV1_DISABLED", "true").nothing();
    assert!(looked_at.iter().any(|line| line.contains("the plain one is disabled")), "{looked_at:?}");
}

#[test]
fn no_instance_is_no_error_but_a_named_role_that_fails_is() {
    let nowhere = || Machine::with(Stub::new(|_, _| status(404, "")));
    assert_eq!(nowhere().nothing().len(), 4);
    assert!(nowhere().set("ALIBABA_CLOUD_ECS_METADATA", "node-role").connect().is_err());
    let disabled = Machine::new().set("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    assert!(disabled.nothing().contains(&"instance metadata: disabled".to_owned()));
    assert!(disabled.stub.asked().is_empty());
}

#[test]
fn a_machine_whose_firmware_is_no_instances_does_not_wait_for_the_metadata() {
    let mut machine = Machine::new().file("firmware/product_name", "Standard PC (Q35 + ICH9, 2009)\n");
    machine.settings.firmware = machine.home.path().join("firmware");
    assert_eq!(machine.found().access_key_id, "STS.node", "an endpoint that is named is asked");
    machine.settings.endpoints.metadata = None;
    let looked_at = machine.nothing();
    let wanted =
        "instance metadata: not asked, for this machine is no ECS instance but \"Standard PC (Q35 + ICH9, 2009)\"";
    assert!(looked_at.iter().any(|line| line.starts_with(wanted)), "{looked_at:?}");
}

#[test]
fn a_metadata_server_that_hangs_costs_a_second() {
    let machine = Machine::with(Stub::new(|_, _| Answer::Hang(Duration::from_secs(60))));
    assert!(machine.nothing().iter().any(|line| line.contains("no complete answer within 1s")));
}

#[test]
fn a_blank_profile_as_the_cli_leaves_it_is_no_source() {
    let blank = json!({ "mode": "AK", "access_key_id": "", "access_key_secret": "", "sts_token": null });
    let machine = Machine::new().profile(blank).set("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "1");
    assert!(
        machine.nothing().contains(&"config.json: profile 'default' is blank".to_owned()),
        "{:?}",
        machine.nothing()
    );
}

#[test]
fn an_empty_file_is_an_error() {
    for text in ["", "\n", "\u{feff}"] {
        let error = Machine::new().file(".aliyun/config.json", text).error().to_string();
        assert!(error.ends_with("config.json: it is empty"), "{error}");
    }
}

#[test]
fn a_file_that_is_no_json_is_an_error_that_does_not_quote_it() {
    let error = Machine::new().file(".aliyun/config.json", r#"{"profiles": hunter2"#).error().to_string();
    assert!(error.contains("config.json: line 1") && !error.contains("hunter2"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_fifo_in_the_place_of_a_file_is_refused_and_does_not_hang() {
    let oidc = || {
        Machine::new()
            .set("ALIBABA_CLOUD_ROLE_ARN", ROLE)
            .set("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p")
            .set("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "token")
    };
    let cases =
        [(Machine::new(), ".aliyun/config.json"), (Machine::new(), ".alibabacloud/credentials"), (oidc(), "token")];
    for (machine, name) in cases {
        let machine = machine.file(name, "");
        let path = machine.home.path().join(name);
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let error = machine.error();
        let CredentialsError::Unreadable { file, source: FileError::NotRegular } = &error else { panic!("{error}") };
        assert!(file.ends_with(name), "{error}");
    }
}

#[test]
fn a_file_that_is_no_text_is_distinguished_from_one_that_is_missing() {
    let oidc = Machine::new()
        .set("ALIBABA_CLOUD_ROLE_ARN", ROLE)
        .set("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p")
        .set("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "token");
    let error = oidc.error();
    assert!(matches!(error, CredentialsError::Unreadable { source: FileError::Missing, .. }), "{error}");
    let oidc = oidc.file("token", "");
    fs::write(oidc.home.path().join("token"), [0xff]).unwrap();
    assert!(oidc.error().to_string().ends_with("token: it is no UTF-8 text"), "{}", oidc.error());
}

#[test]
fn the_role_of_the_command_line_is_assumed_with_whatever_was_found() {
    let mut machine = Machine::new().profile(access_key("plain"));
    machine.settings.role_arn = Some(ROLE.to_owned());
    let found = machine.found();
    assert_eq!((found.access_key_id.as_str(), found.region.unwrap().as_str()), ("STS.assumed", "cn-hangzhou"));
    assert!(machine.stub.asked()[0].query().ends_with("RoleSessionName=kubectl-ackcred"));
}

#[test]
fn credentials_that_have_ended_are_not_used() {
    let machine = Machine::with(Stub::new(|_, _| ok(handed_out("STS.x", EARLIER).to_string())));
    let at = format!("{}/credentials?secret=hunter2", machine.stub.origin());
    let error = machine.set("ALIBABA_CLOUD_CREDENTIALS_URI", &at).error().to_string();
    assert!(error.contains("the credentials ended at") && !error.contains("hunter2"), "{error}");
}

#[test]
fn what_is_found_shows_no_secret() {
    let found = Machine::new().found();
    assert_eq!(found.secret.expose(), "STS.node-secret");
    let shown = format!("{found:?}");
    assert!(!shown.contains("STS.node-secret") && !shown.contains("STS.node-token"), "{shown}");
}
