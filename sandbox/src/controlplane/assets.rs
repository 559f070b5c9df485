//! Where the binaries of a control plane are.

use std::io::Write;
use std::path::PathBuf;

/// The folder that KUBEBUILDER_ASSETS names, for `suite`; without one, a line on stderr names the skipped suite.
///
/// # Panics
/// If there is none and ACKCRED_REQUIRE_CLUSTER is 1.
#[expect(clippy::disallowed_methods, reason = "tests and benches find their binaries by this variable")]
pub fn assets_for(suite: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let found = folder.filter(|folder| folder.join("kube-apiserver").is_file());
    if found.is_none() {
        let required = std::env::var_os("ACKCRED_REQUIRE_CLUSTER").is_some_and(|value| value == "1");
        assert!(
            !required,
            "{suite}: KUBEBUILDER_ASSETS names no folder with kube-apiserver, and ACKCRED_REQUIRE_CLUSTER=1"
        );
        // Past the test harness, which would keep the line to itself.
        drop(writeln!(std::io::stderr(), "skipped: {suite} (KUBEBUILDER_ASSETS names no folder with kube-apiserver)"));
    }
    found
}
