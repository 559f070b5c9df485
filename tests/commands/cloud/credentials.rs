//! Every kind of cloud credentials, set up as a user has them, from the file or variable to the cloud's own word on who calls.

use ackcred_sandbox::apiserver::ApiServer;
use ackcred_sandbox::cloud::{AccessKey, MetadataMode, Permissions, RamRole};
use kubectl_ackcred::status::Status;
use serde_json::{Value, json};

use crate::cloud::scene::*;

const CONFIG: &str = ".aliyun/config.json";
const INI: &str = ".alibabacloud/credentials";
const TEMPORARY: (&str, &str, &str) =
    ("STS.operator", "a-temporary-secret-of-the-operator", "CAISa-temporary-token+/=");
const OIDC_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl";
const OAUTH_TOKEN: &str = "an-access-token-of-oauth-4711";
const SSO_TOKEN: &str = "an-access-token-of-cloudsso-4711";
const NODE: &str = "300000000000000202";

fn arn(role: &str) -> String {
    format!("acs:ram::{ACCOUNT}:role/{role}")
}

fn provider() -> String {
    format!("acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa")
}

/// The cloud with something of every kind to sign in by; the terminal has nothing yet.
fn scene() -> Scene<ApiServer> {
    let scene = Scene::with(|account| {
        let everything = Permissions::everything;
        account
            .role(RamRole::new(NODE, "node").permissions(Permissions::allowing(["sts:AssumeRole"])))
            .role(RamRole::new("300000000000000203", "guarded").permissions(everything()).external_id("a b/c+d=~*"))
            .role(
                RamRole::new("300000000000000204", "pod")
                    .permissions(everything())
                    .trusts_oidc(&provider(), OIDC_TOKEN),
            )
    });
    let (id, secret, token) = TEMPORARY;
    scene.cloud.edit(|cloud_state| {
        let key = AccessKey::user(ACCOUNT, OPERATOR, id, secret).permissions(Permissions::everything());
        cloud_state.add_key(key.temporary(token, now() + days(1)));
        let sign_in = &mut cloud_state.sign_in;
        sign_in.oauth_token(OAUTH_TOKEN, now() + days(1), ACCOUNT, OPERATOR, Permissions::everything());
        sign_in.sso_token(SSO_TOKEN, now() + days(1), ACCOUNT, "ac-001", "deployer");
        sign_in.credentials_at("/credentials", ACCOUNT, "deployer");
    });
    scene.session.write("oidc-token", format!("{OIDC_TOKEN}\n")).unwrap();
    scene
}

fn on_an_instance(scene: &Scene<ApiServer>, role: &str, mode: MetadataMode) {
    scene.cloud.edit(|cloud_state| cloud_state.sign_in.instance_role(ACCOUNT, role, mode));
}

fn key() -> Value {
    json!({"access_key_id": KEY, "access_key_secret": SECRET})
}

fn temporary() -> Value {
    let (id, secret, token) = TEMPORARY;
    json!({"access_key_id": id, "access_key_secret": secret, "sts_token": token})
}

/// A profile of config.json as the CLI writes it: every field there, empty where the mode has no use for it.
fn profile(name: &str, mode: &str, fields: &Value) -> Value {
    let mut profile = json!({
        "name": name, "mode": mode, "access_key_id": "", "access_key_secret": "", "sts_token": "", "sts_region": "",
        "ram_role_name": "", "ram_role_arn": "", "ram_session_name": "", "source_profile": "", "private_key": "",
        "key_pair_name": "", "expired_seconds": 0, "verified": "", "region_id": "cn-hangzhou", "output_format": "json",
        "language": "en", "site": "", "retry_timeout": 0, "connect_timeout": 0, "retry_count": 0, "process_command": "",
        "credentials_uri": "", "oidc_provider_arn": "", "oidc_token_file": "", "cloud_sso_sign_in_url": "",
    });
    for (field, value) in fields.as_object().unwrap() {
        profile[field] = value.clone();
    }
    profile
}

fn config(profiles: &[Value]) -> String {
    let current = &profiles[0]["name"];
    serde_json::to_string_pretty(&json!({"current": current, "profiles": profiles, "meta_path": ""})).unwrap()
}

/// Whom the cloud sees by a command's credentials, and where those are from. The command must succeed in full, show the source to
/// whoever wants it wide, and leave the user's files as they are.
fn caller(scene: &Scene<ApiServer>, args: &[&str]) -> (String, String) {
    let read = |file| std::fs::read(scene.session.home().join(file)).ok();
    let before = [read(CONFIG), read(INI)];
    let args: Vec<&str> = ["whoami"].iter().chain(args).copied().collect();
    let (status, document, stderr) = scene.json(&args);
    assert_eq!(status, Status::Done, "{stderr}");
    let source = document["cloud"]["source"].as_str().unwrap().to_owned();
    let wide: Vec<&str> = args.iter().chain(&["-o", "wide"]).copied().collect();
    let wide = scene.run(&wide);
    assert!(wide.stdout.lines().any(|line| line.starts_with("Cloud credentials") && line.ends_with(&source)), "{wide}");
    assert!(wide.stderr.contains("cloud credentials found"), "{wide}");
    assert_eq!([read(CONFIG), read(INI)], before, "a file was changed");
    (document["cloud"]["caller"]["uid"].as_str().unwrap().to_owned(), source)
}

/// The words of a command whose credentials can't be used.
fn refusal(scene: &Scene<ApiServer>, args: &[&str]) -> String {
    let mut words = String::new();
    for command in ["whoami", "scan", "status"] {
        let args: Vec<&str> = [command].iter().chain(args).copied().collect();
        let outcome = scene.run(&args);
        assert_eq!(outcome.status, Status::Incomplete, "{outcome}");
        let warning = outcome.stderr.lines().find(|line| line.starts_with("warning: ")).unwrap();
        // Each command asks for itself: IDs of requests differ.
        let warning = warning.split(", request ").next().unwrap().to_owned();
        assert!(words.is_empty() || words == warning, "{words}\n{warning}");
        words = warning;
    }
    let one = scene.run(&[&["status", CONFIRMED][..], args].concat());
    assert_eq!(one.status, Status::Failed, "{one}");
    assert!(!scene.cloud.log().iter().any(|request| request.action == "ListUsers"), "somebody else was asked instead");
    words
}

#[test]
fn every_mode_of_config_json_signs_in() {
    let scene = scene();
    on_an_instance(&scene, "node", MetadataMode::Hardened);
    scene.session.write("printed.json", profile("", "StsToken", &temporary()).to_string()).unwrap();
    let (sso, uri) = (scene.cloud.sso_url().to_owned(), format!("{}/credentials", scene.cloud.credentials_url()));
    let later = (now() + days(1)).as_second();
    let with = |mut fields: Value, more: Value| {
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    };
    let deployer = json!({"ram_role_arn": arn("deployer"), "ram_session_name": "ann"});
    let guarded = json!({"ram_role_arn": arn("guarded"), "external_id": "a b/c+d=~*", "expired_seconds": 900});
    let pod = json!({"oidc_provider_arn": provider(), "oidc_token_file": "oidc-token", "ram_role_arn": arn("pod")});
    let sso_session = json!({
        "cloud_sso_sign_in_url": format!("{sso}/start/login"), "access_token": SSO_TOKEN, "cloud_sso_account_id": ACCOUNT,
        "cloud_sso_access_token_expire": later, "cloud_sso_access_config": "ac-001",
    });
    let oauth_session = json!({
        "oauth_access_token": OAUTH_TOKEN, "oauth_refresh_token": "r", "oauth_access_token_expire": later, "oauth_site_type": "INTL",
    });
    let modes = [
        ("AK", key(), OPERATOR),
        ("StsToken", temporary(), OPERATOR),
        ("RamRoleArn", with(key(), deployer.clone()), ROLE),
        ("RamRoleArn", with(key(), guarded), "300000000000000203"),
        ("RamRoleArn", with(temporary(), deployer.clone()), ROLE),
        ("RamRoleArnWithRoleName", with(json!({"ram_role_name": "node"}), deployer.clone()), ROLE),
        ("ChainableRamRoleArn", with(json!({"source_profile": "base"}), deployer), ROLE),
        ("External", json!({"process_command": "/bin/cat 'printed.json'"}), OPERATOR),
        ("CredentialsURI", json!({"credentials_uri": uri}), ROLE),
        ("OIDC", pod, "300000000000000204"),
        ("CloudSSO", sso_session.clone(), ROLE),
        ("CloudSSO", with(with(sso_session, temporary()), json!({"sts_expiration": later})), OPERATOR),
        ("OAuth", oauth_session, OPERATOR),
        // The CLI itself takes modes in any case.
        ("ststoken", temporary(), OPERATOR),
    ];
    for (mode, fields, wanted) in modes {
        let file = config(&[profile("work", mode, &fields), profile("base", "AK", &key())]);
        scene.session.write(CONFIG, file).unwrap();
        let (caller, source) = caller(&scene, &[]);
        assert_eq!(caller, wanted, "{mode}");
        assert!(source.starts_with(&format!("profile 'work' ({mode}) of ")), "{source}");
    }
}

#[test]
fn the_instances_role_signs_in_by_profile_and_as_the_last_source() {
    let scene = scene();
    for mode in [MetadataMode::Hardened, MetadataMode::Both, MetadataMode::WithoutTokens] {
        on_an_instance(&scene, "deployer", mode);
        assert_eq!(caller(&scene, &[]), (ROLE.to_owned(), "instance metadata (role deployer)".to_owned()), "{mode:?}");
    }
    for fields in [json!({"ram_role_name": "deployer"}), json!({})] {
        scene.session.write(CONFIG, config(&[profile("ecs", "EcsRamRole", &fields)])).unwrap();
        let (uid, source) = caller(&scene, &[]);
        assert!(uid == ROLE && source.ends_with("(role deployer)"), "{uid} {source}");
    }
}

#[test]
fn the_plain_mode_of_the_instance_metadata_can_be_forbidden() {
    let scene = scene().variables([("ALIBABA_CLOUD_IMDSV1_DISABLED", "true")]);
    on_an_instance(&scene, "deployer", MetadataMode::WithoutTokens);
    let outcome = scene.run(&["scan"]);
    assert_eq!(outcome.status, Status::Done, "{outcome}");
    assert!(outcome.stderr.contains("the hardened mode fails (HTTP 404), the plain one is disabled"), "{outcome}");
    on_an_instance(&scene, "deployer", MetadataMode::Hardened);
    assert_eq!(caller(&scene, &[]).0, ROLE);
    let disabled = scene.variables([("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")]);
    assert!(disabled.run(&["scan"]).stderr.contains("instance metadata: disabled"));
}

#[test]
fn every_type_of_the_ini_file_signs_in() {
    let scene = scene();
    on_an_instance(&scene, "deployer", MetadataMode::Hardened);
    let (id, secret, token) = TEMPORARY;
    let (deployer, pod, provider) = (arn("deployer"), arn("pod"), provider());
    for (kind, fields, wanted) in [
        ("access_key", format!("access_key_id = {KEY}\naccess_key_secret = {SECRET}"), OPERATOR),
        ("sts", format!("access_key_id={id}\naccess_key_secret={secret}\nsecurity_token={token}"), OPERATOR),
        ("ecs_ram_role", "role_name = deployer".to_owned(), ROLE),
        (
            "ram_role_arn",
            format!(
                "access_key_id = {KEY}\naccess_key_secret = {SECRET}\nrole_arn = {deployer}\nrole_session_name = ann"
            ),
            ROLE,
        ),
        (
            "oidc_role_arn",
            format!("oidc_provider_arn = {provider}\noidc_token_file_path = oidc-token\nrole_arn = {pod}"),
            "300000000000000204",
        ),
    ] {
        scene.session.write(INI, format!("[default]\nenable = true\ntype = {kind}\n{fields}\n")).unwrap();
        let (caller, source) = caller(&scene, &[]);
        assert_eq!(caller, wanted, "{kind}");
        assert!(source.starts_with("section [default] of "), "{source}");
    }
}

#[test]
fn every_kind_of_variables_signs_in() {
    let (id, secret, token) = TEMPORARY;
    let uri = |scene: &Scene<ApiServer>| format!("{}/credentials", scene.cloud.credentials_url());
    for prefix in ["ALIBABA_CLOUD", "ALIBABACLOUD", "ALICLOUD"] {
        let names = ["ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"].map(|name| format!("{prefix}_{name}"));
        let lasting = scene().variables([(names[0].as_str(), KEY), (names[1].as_str(), SECRET)]);
        assert_eq!(caller(&lasting, &[]), (OPERATOR.to_owned(), format!("environment ({prefix}_ACCESS_KEY_ID)")));
        let temporary = scene().variables(names.iter().map(String::as_str).zip([id, secret, token]));
        assert_eq!(caller(&temporary, &[]).0, OPERATOR);
    }
    let oidc = scene().variables([
        ("ALIBABA_CLOUD_ROLE_ARN", arn("pod").as_str()),
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", &provider()),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "oidc-token"),
    ]);
    let (uid, source) = caller(&oidc, &[]);
    assert_eq!(
        (uid.as_str(), source.contains("ALIBABA_CLOUD_OIDC_TOKEN_FILE")),
        ("300000000000000204", true),
        "{source}"
    );
    let scene = scene();
    let uri = uri(&scene);
    let by_uri = scene.variables([("ALIBABA_CLOUD_CREDENTIALS_URI", uri.as_str())]);
    assert_eq!(caller(&by_uri, &[]), (ROLE.to_owned(), "environment (ALIBABA_CLOUD_CREDENTIALS_URI)".to_owned()));
}

#[test]
fn the_named_profile_wins_then_the_environment_then_the_files_in_their_order() {
    let scene = scene();
    on_an_instance(&scene, "deployer", MetadataMode::Hardened);
    let source = |scene: &Scene<ApiServer>, args: &[&str]| caller(scene, args).1;
    assert!(source(&scene, &[]).starts_with("instance metadata"));
    scene
        .session
        .write(INI, format!("[default]\ntype=access_key\naccess_key_id={KEY}\naccess_key_secret={SECRET}\n"))
        .unwrap();
    assert!(source(&scene, &[]).starts_with("section [default]"));
    let profiles = [profile("work", "AK", &key()), profile("other", "StsToken", &temporary())];
    scene.session.write(CONFIG, config(&profiles)).unwrap();
    assert!(source(&scene, &[]).starts_with("profile 'work' (AK)"));
    let scene = scene.signed_in();
    assert!(source(&scene, &[]).starts_with("environment"));
    assert!(source(&scene, &["--ignore-env-credentials"]).starts_with("profile 'work' (AK)"));
    assert!(source(&scene, &["--profile", "other"]).starts_with("profile 'other' (StsToken)"));
    let elsewhere = profile(
        "work",
        "RamRoleArn",
        &json!({
            "access_key_id": KEY, "access_key_secret": SECRET, "ram_role_arn": arn("deployer"),
        }),
    );
    scene.session.write("mine.json", config(&[elsewhere])).unwrap();
    let (uid, found) = caller(&scene, &["--profile-file", "mine.json", "--profile", "work"]);
    assert!(uid == ROLE && found.contains("mine.json"), "{uid} {found}");
    let (uid, found) = caller(&scene, &["--profile-file", "mine.json", "--ignore-env-credentials"]);
    assert!(uid == ROLE && found.contains("mine.json"), "{uid} {found}");
    let (uid, found) = caller(&scene, &["--role-arn", &arn("deployer")]);
    assert_eq!(
        (uid.as_str(), found),
        (ROLE, format!("environment (ALIBABA_CLOUD_ACCESS_KEY_ID) as {}", arn("deployer")))
    );
    let named = scene.variables([("ALIBABA_CLOUD_PROFILE", "other")]);
    assert!(source(&named, &["--profile", "work"]).starts_with("profile 'work'"));
}

#[test]
fn modes_that_can_sign_nothing_are_refused_by_name() {
    let scene = scene();
    on_an_instance(&scene, "deployer", MetadataMode::Hardened);
    for (mode, reason) in [
        ("RsaKeyPair", "session keys of key pairs are withdrawn"),
        ("BearerToken", "a bearer token signs no call to RAM, IMS or STS"),
        ("Anonymous", "it holds no credentials"),
    ] {
        scene.session.write(CONFIG, config(&[profile("work", mode, &json!({"bearer_token": "b"}))])).unwrap();
        let words = refusal(&scene, &[]);
        assert!(words.contains(&format!("mode {mode} cannot be used: {reason}")), "{words}");
    }
    scene.session.write(CONFIG, config(&[profile("work", "Teleport", &json!({}))])).unwrap();
    let words = refusal(&scene, &[]);
    assert!(words.contains("its mode is none of AK, StsToken") && !words.contains("Teleport"), "{words}");
}

#[test]
fn external_processes_can_be_forbidden() {
    let scene = scene();
    let uri = format!("{}/credentials", scene.cloud.credentials_url());
    scene.session.write("printed.json", profile("", "StsToken", &temporary()).to_string()).unwrap();
    let profiles = [
        profile("process", "External", &json!({"process_command": "/bin/cat printed.json"})),
        profile("uri", "CredentialsURI", &json!({"credentials_uri": uri})),
    ];
    scene.session.write(CONFIG, config(&profiles)).unwrap();
    assert_eq!(caller(&scene, &["--profile", "process"]).0, OPERATOR);
    let forbidden = scene.variables([("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", "1")]);
    forbidden.cloud.clear_log();
    for name in ["process", "uri"] {
        let words = refusal(&forbidden, &["--profile", name]);
        assert!(words.contains("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS forbids it"), "{words}");
    }
    assert_eq!(forbidden.cloud.log(), []);
}

#[test]
fn an_expired_session_names_the_command_that_renews_it() {
    let scene = scene();
    let (past, later) = ((now() - days(1)).as_second(), (now() + days(1)).as_second());
    let sso = |token: &str, end: i64| {
        json!({
            "cloud_sso_sign_in_url": scene.cloud.sso_url(), "access_token": token, "cloud_sso_access_token_expire": end,
            "cloud_sso_account_id": ACCOUNT, "cloud_sso_access_config": "ac-001",
        })
    };
    let oauth = |token: &str, end: i64| json!({"oauth_access_token": token, "oauth_access_token_expire": end});
    for (mode, fields) in [
        ("CloudSSO", sso(SSO_TOKEN, past)),
        ("CloudSSO", sso("withdrawn", later)),
        ("OAuth", oauth(OAUTH_TOKEN, past)),
        ("OAuth", oauth("withdrawn", later)),
    ] {
        scene.session.write(CONFIG, config(&[profile("work", mode, &fields)])).unwrap();
        let words = refusal(&scene, &[]);
        assert!(words.contains(&format!("the {mode} session has expired")), "{words}");
        assert!(words.ends_with("renew it: aliyun configure --profile work"), "{words}");
        let one = scene.run(&["status", CONFIRMED]);
        assert!(one.stderr.contains("hint: renew it: aliyun configure --profile work"), "{one}");
    }
}

#[test]
fn what_is_broken_is_said_without_what_is_in_it() {
    let scene = scene();
    let (id, secret, token) = TEMPORARY;
    let broken = [
        format!(r#"{{"current": "work", "profiles": [{{"name": "work", "access_key_secret": "{SECRET}" "#),
        format!(r#"{{"current": "work", "profiles": "{SECRET}"}}"#),
        config(&[profile("work", "AK", &json!({"access_key_secret": SECRET}))]),
        config(&[profile("work", "StsToken", &json!({"access_key_id": id, "access_key_secret": secret}))]),
        config(&[profile(
            "work",
            "RamRoleArn",
            &json!({"access_key_id": KEY, "access_key_secret": SECRET, "ram_role_arn": arn("nobody")}),
        )]),
        config(&[profile("work", "External", &json!({"process_command": format!("/bin/echo {token}")}))]),
        config(&[profile("work", "External", &json!({"process_command": format!("/bin/false '{token}")}))]),
        config(&[profile("work", "CredentialsURI", &json!({"credentials_uri": format!("http://{token}@")}))]),
        config(&[profile(
            "work",
            "CredentialsURI",
            &json!({"credentials_uri": format!("{}/{token}", scene.cloud.credentials_url())}),
        )]),
        config(&[profile(
            "work",
            "OIDC",
            &json!({"oidc_provider_arn": "wrong", "oidc_token_file": "oidc-token", "ram_role_arn": arn("pod")}),
        )]),
        config(&[profile(
            "work",
            "ChainableRamRoleArn",
            &json!({"source_profile": "work", "ram_role_arn": arn("pod")}),
        )]),
    ];
    for text in broken {
        scene.session.write(CONFIG, text).unwrap();
        let words = refusal(&scene, &[]);
        assert!(words.contains("config.json"), "{words}");
    }
}

#[test]
fn a_key_of_one_kind_of_variables_and_a_secret_of_another_are_not_put_together() {
    let mixed = scene().variables([("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY), ("ALICLOUD_ACCESS_KEY_SECRET", SECRET)]);
    let words = refusal(&mixed, &[]);
    assert!(words.contains("ALICLOUD_ACCESS_KEY_SECRET belongs to another set of variables"), "{words}");
    let tokenless = scene()
        .variables([("ALIBABA_CLOUD_ACCESS_KEY_ID", TEMPORARY.0), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", TEMPORARY.1)]);
    assert!(refusal(&tokenless, &[]).contains("without ALIBABA_CLOUD_SECURITY_TOKEN"));
}
