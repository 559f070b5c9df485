//! A command that the plugin prints, given to a shell with the real kubectl.

use std::path::Path;
use std::process::Command;

pub(super) fn run(command: &str, assets: &Path, kubeconfig: &Path) {
    let path = format!("{}:/usr/bin:/bin", assets.display());
    let mut shell = Command::new("/bin/sh");
    let output = shell.args(["-c", command]).env("PATH", path).env("KUBECONFIG", kubeconfig).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}
