//! One fault is one message: calls that fail for one reason are one warning with their number, and one hint.

use ackcred_sandbox::apiserver::ApiServer;

use crate::cloud::scene::*;

/// The warnings and the hints of a command.
fn warnings_and_hints(scene: &Scene<ApiServer>, args: &[&str]) -> (Vec<String>, Vec<String>) {
    let outcome = scene.run(args);
    let lines = |heading: &str| {
        let lines = outcome.stderr.lines().filter_map(|line| line.strip_prefix(heading));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    (lines("warning: "), lines("hint: "))
}

const COMMANDS: [&[&str]; 3] = [&["scan"], &["status"], &["whoami"]];

#[test]
fn a_wrong_access_key() {
    let scene = Scene::small().signed_in().variables([("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tNobody")]);
    for args in COMMANDS {
        let (warnings, hints) = warnings_and_hints(&scene, args);
        assert_eq!(warnings.len(), 1, "{args:?}: {warnings:#?}");
        let warning = &warnings[0];
        assert!(
            warning.starts_with("Alibaba Cloud refuses the access key: InvalidAccessKeyId.NotFound ("),
            "{warning}"
        );
        assert!(warning.ends_with(" calls)"), "{warning}");
        assert_eq!(hints, ["it is wrong, deleted or disabled; -v tells where it comes from"], "{args:?}");
    }
}

#[test]
fn a_wrong_secret() {
    let scene = Scene::small().signed_in().variables([("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "not-it")]);
    let (warnings, hints) = warnings_and_hints(&scene, &["scan"]);
    assert_eq!((warnings.len(), hints.len()), (1, 1), "{warnings:#?} {hints:#?}");
    assert!(warnings[0].contains("SignatureDoesNotMatch") && hints[0].contains("secret"), "{warnings:?} {hints:?}");
}

#[test]
fn a_certificate_file_of_another_authority() {
    let scene = Scene::small().signed_in();
    scene.session.write("other.pem", another_authority()).unwrap();
    let (warnings, hints) = warnings_and_hints(&scene.variables([("SSL_CERT_FILE", "other.pem")]), &["scan"]);
    assert_eq!((warnings.len(), hints.len()), (1, 1), "{warnings:#?} {hints:#?}");
    assert!(warnings[0].starts_with("the certificates of Alibaba Cloud's endpoints are not trusted: "), "{warnings:?}");
    assert!(hints[0].contains("SSL_CERT_FILE"), "{hints:?}");
}

#[test]
fn no_way_to_the_cloud() {
    let nowhere = ["CS", "RAM", "IMS", "STS"].map(|product| format!("ACKCRED_{product}_ENDPOINT"));
    let scene = Scene::small().signed_in();
    let scene = scene.variables(nowhere.iter().map(|name| (name.as_str(), "https://127.0.0.1:1")));
    let (warnings, hints) = warnings_and_hints(&scene, &["scan"]);
    assert_eq!((warnings.len(), hints.len()), (1, 1), "{warnings:#?} {hints:#?}");
    assert!(warnings[0].starts_with("Alibaba Cloud can't be reached: Connection refused"), "{warnings:?}");
}

/// A fault of one call alone keeps its own words.
#[test]
fn a_missing_permission_names_its_call() {
    let scene = Scene::small().signed_in();
    scene.permit(ackcred_sandbox::cloud::Permissions::everything().denying("ram:ListUsers").denying("ram:ListRoles"));
    let (warnings, _) = warnings_and_hints(&scene, &["scan"]);
    for call in ["ram:ListUsers", "ram:ListRoles"] {
        assert!(warnings.iter().any(|warning| warning.starts_with(call)), "{warnings:#?}");
    }
}

fn another_authority() -> String {
    ackcred_sandbox::certs::Authority::of_today().unwrap().certificate_pem().to_owned()
}
