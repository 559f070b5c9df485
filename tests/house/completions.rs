//! The published completion scripts are those of this version, and kubectl gets its candidates.

use std::path::Path;

use ackcred_sandbox::session::Session;
use jiff::Timestamp;

#[test]
fn the_published_scripts_are_those_of_this_version() {
    for (shell, file) in [
        ("bash", "kubectl-ackcred.bash"),
        ("zsh", "_kubectl-ackcred"),
        ("fish", "kubectl-ackcred.fish"),
        ("powershell", "_kubectl-ackcred.ps1"),
    ] {
        let script = Session::at(Timestamp::UNIX_EPOCH).unwrap().run(&["completion", shell]).stdout;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
        #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
        if std::env::var_os("ACKCRED_UPDATE").is_some() {
            std::fs::write(&path, &script).unwrap();
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(published == script, "{} is stale: ACKCRED_UPDATE=1 cargo test writes it anew", path.display());
    }
}
