//! Which commit a release was built from, and when. Other builds don't know: they would be made anew after every commit.

#![expect(clippy::disallowed_methods, reason = "the program's seam is no build script's")]

use std::env;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rerun-if-env-changed=ACKCRED_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    println!("cargo::rustc-env=ACKCRED_PLATFORM={}/{}", go_os(&target("OS")), go_arch(&target("ARCH")));
    if env::var("PROFILE").as_deref() != Ok("release") {
        return;
    }
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/logs/HEAD");
    if let Some(commit) = env::var("ACKCRED_COMMIT").ok().or_else(commit) {
        println!("cargo::rustc-env=ACKCRED_COMMIT={commit}");
    }
    // Source: <https://reproducible-builds.org/specs/source-date-epoch/>
    let given = env::var("SOURCE_DATE_EPOCH").ok();
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|now| now.as_secs().to_string());
    if let Some(seconds) = given.or_else(now) {
        println!("cargo::rustc-env=ACKCRED_BUILT={seconds}");
    }
}

fn commit() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// Source: <https://go.dev/doc/install/source#environment>
fn go_os(os: &str) -> &str {
    match os {
        "macos" => "darwin",
        os => os,
    }
}

fn go_arch(arch: &str) -> &str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        arch => arch,
    }
}
