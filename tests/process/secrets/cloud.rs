//! The cloud: each source of credentials, sound and broken, and endpoints that give back what they were sent.

use ackcred_sandbox::session::Session;
use serde_json::{Value, json};

use super::canary::{Canaries, canary, canary_with_signs};
use super::echo::{Answer, Echo};
use super::kubeconfigs::file;
use super::watched::Watched;
use super::{assert_all_were_read, in_turn, is_whole, unread};
use crate::home::UID;

const CONFIG: &str = ".aliyun/config.json";
const INI: &str = ".alibabacloud/credentials";

const COMMANDS: [&[&str]; 4] = [&["whoami"], &["status", UID], &["scan"], &["lint"]];

/// What an endpoint answers. None is a reason to try again.
const ANSWERS: [Answer; 7] = [
    (400, "application/json", r#"{"Code":"Strange","Message":"{echo}","RequestId":"{echo}"}"#),
    (
        403,
        "application/json",
        r#"{"code":"Forbidden","message":"{echo}","accessDeniedDetail":{"AuthAction":"{echo}"}}"#,
    ),
    (400, "application/json", r#"{"Code":"{echo}","Message":"SignatureDoesNotMatch: server StringToSign is {echo}"}"#),
    (200, "application/json", r#"{"Code":"{echo}","Message":"{echo}"}"#),
    (200, "application/json", r#""{echo}""#),
    (
        200,
        "application/json",
        r#"{"Users":{"User":"{echo}"},"Roles":["{echo}"],"AccountId":["{echo}"],"clusters":"{echo}"}"#,
    ),
    (404, "text/html", "<html>{echo}</html>"),
];

/// Where the secret is; variables; files; what is said.
struct Row {
    place: &'static str,
    variables: Vec<(&'static str, String)>,
    file: Option<(&'static str, String)>,
    says: &'static str,
}

fn config(mode: &str, fields: &Value) -> String {
    let mut profile = json!({"name": "work", "mode": mode, "region_id": "cn-hangzhou"});
    for (key, value) in fields.as_object().unwrap() {
        profile[key] = value.clone();
    }
    json!({"current": "work", "profiles": [profile]}).to_string()
}

fn rows(secret: &str, signs: &str, url: &str) -> Vec<Row> {
    let later = 4_102_444_800_i64;
    let variables = |place, variables: &[(&'static str, &str)], says| Row {
        place,
        variables: variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        file: None,
        says,
    };
    let profile = |place, mode: &str, fields: Value, says| Row {
        place,
        variables: Vec::new(),
        file: Some((CONFIG, config(mode, &fields))),
        says,
    };
    let text =
        |place, file, content: String, says| Row { place, variables: Vec::new(), file: Some((file, content)), says };
    let key = json!({"access_key_id": "LTAIown", "access_key_secret": signs});
    let with = |more: Value| {
        let mut fields = key.clone();
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    };
    let sso = json!({
        "cloud_sso_sign_in_url": format!("{url}/start/login"), "access_token": secret, "cloud_sso_account_id": "1",
        "cloud_sso_access_token_expire": later, "cloud_sso_access_config": "ac-001",
    });
    let oauth = json!({
        "oauth_access_token": secret, "oauth_refresh_token": signs, "oauth_access_token_expire": later,
        "oauth_site_type": "INTL",
    });
    let uri = format!("{url}/credentials?password={secret}");
    let printed =
        json!({"mode": "StsToken", "access_key_id": "STS.a", "access_key_secret": signs, "sts_token": secret});
    vec![
        variables(
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            &[("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAIown"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", signs)],
            "environment (ALIBABA_CLOUD_ACCESS_KEY_ID)",
        ),
        variables(
            "ALIBABA_CLOUD_SECURITY_TOKEN",
            &[
                ("ALIBABA_CLOUD_ACCESS_KEY_ID", "STS.own"),
                ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", signs),
                ("ALIBABA_CLOUD_SECURITY_TOKEN", secret),
            ],
            "environment (ALIBABA_CLOUD_ACCESS_KEY_ID)",
        ),
        variables(
            "secret without its key",
            &[("ALIBABA_CLOUD_ACCESS_KEY_SECRET", signs)],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        ),
        variables(
            "ALIBABA_CLOUD_CREDENTIALS_URI",
            &[("ALIBABA_CLOUD_CREDENTIALS_URI", &uri)],
            "ALIBABA_CLOUD_CREDENTIALS_URI",
        ),
        variables(
            "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
            &[
                ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/pod"),
                ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/p"),
                ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "oidc-token"),
            ],
            "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
        ),
        profile("access_key_secret", "AK", key.clone(), "profile 'work' (AK)"),
        profile("sts_token", "StsToken", with(json!({"sts_token": secret})), "profile 'work' (StsToken)"),
        profile(
            "sts_token of a role's source",
            "RamRoleArn",
            with(json!({"ram_role_arn": "acs:ram::1:role/r", "external_id": "x", "sts_token": secret})),
            "acs:ram::1:role/r",
        ),
        profile("access_token of CloudSSO", "CloudSSO", sso, "CloudSSO"),
        profile("tokens of OAuth", "OAuth", oauth, "OAuth"),
        profile(
            "words of process_command",
            "External",
            json!({"process_command": format!("/bin/false {secret}")}),
            "/bin/false",
        ),
        profile(
            "open quotation of process_command",
            "External",
            json!({"process_command": format!("/bin/echo '{secret}")}),
            "open quotation",
        ),
        profile(
            "output of process_command",
            "External",
            json!({"process_command": "/bin/cat printed.json"}),
            "profile 'work' (External)",
        ),
        profile(
            "bad output of process_command",
            "External",
            json!({"process_command": format!("/bin/echo {secret}")}),
            "no credentials in the documented form",
        ),
        profile("credentials_uri", "CredentialsURI", json!({"credentials_uri": uri}), "CredentialsURI"),
        profile(
            "credentials_uri that is no URL",
            "CredentialsURI",
            json!({"credentials_uri": format!("ftp://{secret}@")}),
            "no http or https URL",
        ),
        text(
            "config that is cut off",
            CONFIG,
            format!(r#"{{"profiles": [{{"name": "work", "access_key_secret": "{secret}"#),
            "line 1",
        ),
        text("profiles that are a text", CONFIG, json!({"profiles": secret}).to_string(), "line 1"),
        profile(
            "secret that is a list",
            "AK",
            json!({"access_key_id": "LTAIown", "access_key_secret": [secret]}),
            "work",
        ),
        profile("region_id", "AK", with(json!({"region_id": secret})), "profile 'work' (AK)"),
        text(
            "access_key_secret of the ini file",
            INI,
            format!(
                "[default]\nenable = true\ntype = access_key\naccess_key_id = LTAIown\naccess_key_secret = {signs}\n"
            ),
            "section [default]",
        ),
        text("a line of the ini file without a name", INI, format!("[default]\n{secret}\n"), "credentials"),
        Row {
            place: "printed.json",
            variables: Vec::new(),
            file: Some(("printed.json", printed.to_string())),
            says: "",
        },
    ]
}

#[test]
fn no_secret_of_the_cloud_is_shown_whatever_it_answers() {
    let (secret, signs) = (canary("cloud"), canary_with_signs("cloud"));
    let canaries = Canaries::default().secret("secret", &secret).secret("secret with signs", &signs);
    let echo = Echo::start();
    let rows = rows(&secret, &signs, echo.url());
    let printed = rows.last().and_then(|row| row.file.clone()).unwrap().1;
    let mut wrong = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let mut session = Session::now().unwrap();
        for name in ["CS", "RAM", "IMS", "STS", "METADATA", "OAUTH"] {
            session = session.with(&format!("ACKCRED_{name}_ENDPOINT"), echo.url());
        }
        for (name, value) in &row.variables {
            session = session.with(name, value);
        }
        let watched = Watched::new(session, &canaries);
        watched.place(".kube/config", file(&json!({}), &json!({"token": "t"})));
        watched.place("oidc-token", &secret);
        watched.place("printed.json", &printed);
        if let Some((path, content)) = &row.file {
            watched.place(path, content);
        }
        let mut said = String::new();
        for (turn, answer) in ANSWERS.iter().enumerate() {
            if is_whole() || turn % 4 == number % 4 {
                echo.answers(*answer);
                said.push_str(&watched.run(row.place, COMMANDS[0]));
                for words in in_turn(number + turn, &COMMANDS[1..]) {
                    said.push_str(&watched.run(row.place, words));
                }
            }
        }
        wrong.extend(unread(row.place, row.says, &said));
    }
    assert_all_were_read(&wrong);
}
