//! What reading an audit log costs: a log is generated, and `trace` and `suggest` are timed beside jq and audit2rbac, with the peak memory of each.
//!
//! `cargo bench --bench audit_log -- --megabytes 1000`

#![expect(clippy::disallowed_methods, reason = "a bench has arguments and looks for programs")]

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use wait4::Wait4 as _;

const BINARY: &str = env!("CARGO_BIN_EXE_kubectl-ackcred");
const UID: &str = "200000000000000103";
const CERTIFICATE: &str = "X509SHA256=fc8c00000000000000000000000000000000000000000000000000000000151b";
const ROUNDS: usize = 3;

/// What a program cost.
struct Cost {
    wall: Duration,
    peak: u64,
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let megabytes = args.iter().position(|arg| arg == "--megabytes").and_then(|place| args.get(place + 1));
    let megabytes: u64 = megabytes.map_or(Ok(100), |number| number.parse())?;
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("audit.log");
    let (lines, ours) = generate(&log, megabytes * 1_000_000)?;
    let mut out = std::io::stdout();
    writeln!(out, "{megabytes} MB, {lines} lines, {ours} of the identity and its token; median of {ROUNDS} rounds")?;
    let path = log.as_os_str();
    let trace = |more: &[&str]| {
        let fixed = ["trace", UID, "--audit-log"].into_iter().map(OsString::from);
        let args: Vec<OsString> = fixed.chain([path.to_owned()]).chain(more.iter().map(OsString::from)).collect();
        (BINARY.to_owned(), args)
    };
    let suggest = (BINARY.to_owned(), {
        let fixed = ["suggest", UID, "--log-only", "--audit-log"].into_iter().map(OsString::from);
        fixed.chain([path.to_owned()]).collect()
    });
    let filter = format!("select(.user.username == \"{UID}-1700000000\") | .auditID");
    let jq = ("jq".to_owned(), vec!["-r".into(), filter.into(), path.to_owned()]);
    let audit2rbac = ("audit2rbac".to_owned(), {
        let fixed = ["--user", "200000000000000103-1700000000", "-f"].into_iter().map(OsString::from);
        fixed.chain([path.to_owned()]).collect()
    });
    for (what, (program, args)) in [
        ("trace", trace(&[])),
        ("trace -o json", trace(&["-o", "json"])),
        ("suggest", suggest),
        ("jq, one user, no link followed", jq),
        ("audit2rbac, one user", audit2rbac),
    ] {
        let Some(program) = found(&program) else {
            writeln!(out, "{what}: skipped, {program} is not in PATH")?;
            continue;
        };
        let mut costs = (0..ROUNDS).map(|_| run(&program, &args)).collect::<anyhow::Result<Vec<_>>>()?;
        costs.sort_by_key(|cost| cost.wall);
        let Cost { wall, peak } = costs.swap_remove(ROUNDS / 2);
        let rate = megabytes as f64 / wall.as_secs_f64();
        writeln!(
            out,
            "{what}: {:.2} s, {rate:.0} MB/s, peak {:.1} MiB",
            wall.as_secs_f64(),
            peak as f64 / f64::from(1 << 20)
        )?;
    }
    Ok(())
}

/// Requests of many users, one in a thousand of the identity, and of a token that it had issued.
fn generate(path: &Path, size: u64) -> anyhow::Result<(u64, u64)> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let (mut written, mut lines, mut ours) = (0, 0, 0);
    let reason = "RBAC: allowed by ClusterRoleBinding \\\"system:node-proxier\\\" of ClusterRole \\\"system:node-proxier\\\" \
                  to User \\\"system:kube-proxy\\\"";
    while written < size {
        let (credential, user) = match lines % 2000 {
            7 => (CERTIFICATE.to_owned(), format!("{UID}-1700000000")),
            1007 => {
                ("JTI=5f0c7d0e-5f7a-4a41-9a55-2d3c8a1f6e52".to_owned(), "system:serviceaccount:ci:robot".to_owned())
            }
            other => {
                let id = format!("JTI={:08x}-5f7a-4a41-9a55-{:012x}", other * 7919, other);
                (id, format!("system:serviceaccount:team-{}:app-{other}", other % 40))
            }
        };
        let is_mint = lines == 7;
        ours += u64::from(matches!(lines % 2000, 7 | 1007));
        let issued = if is_mint {
            ",\"authentication.kubernetes.io/issued-credential-id\":\"JTI=5f0c7d0e-5f7a-4a41-9a55-2d3c8a1f6e52\""
        } else {
            ""
        };
        let (verb, object) = if is_mint {
            (
                "create",
                "{\"resource\":\"serviceaccounts\",\"namespace\":\"ci\",\"name\":\"robot\",\"apiVersion\":\"v1\",\"subresource\":\"token\"}",
            )
        } else {
            (
                "get",
                "{\"resource\":\"endpoints\",\"namespace\":\"kube-system\",\"name\":\"cloud-controller-manager\",\"apiVersion\":\"v1\"}",
            )
        };
        let time = jiff::Timestamp::from_microsecond(1_795_300_000_000_000 + lines as i64 * 22_000)?;
        let time = time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ");
        let line = format!(
            "{{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"auditID\":\"{lines:08x}-7d0e-4a41-9a55-2d3c8a1f6e52\",\
             \"stage\":\"ResponseComplete\",\"requestURI\":\"/api/v1/namespaces/kube-system/endpoints/cloud-controller-manager?timeout=5s\",\
             \"verb\":\"{verb}\",\"user\":{{\"username\":\"{user}\",\"uid\":\"5d3c8a1f-7d0e-4a41-9a55-2d3c8a1f6e52\",\"groups\":[\"system:serviceaccounts\",\
             \"system:authenticated\"],\"extra\":{{\"authentication.kubernetes.io/credential-id\":[\"{credential}\"]}}}},\"sourceIPs\":[\"10.0.0.7\"],\
             \"userAgent\":\"cloud-controller-manager/v1.36.3 (linux/amd64) kubernetes/0a1b2c3\",\"objectRef\":{object},\
             \"responseStatus\":{{\"metadata\":{{}},\"code\":{}}},\"requestReceivedTimestamp\":\"{time}\",\"stageTimestamp\":\"{time}\",\
             \"annotations\":{{\"authorization.k8s.io/decision\":\"allow\",\"authorization.k8s.io/reason\":\"{reason}\"{issued}}}}}\n",
            if is_mint { 201 } else { 200 }
        );
        out.write_all(line.as_bytes())?;
        written += line.len() as u64;
        lines += 1;
    }
    out.flush()?;
    Ok((lines, ours))
}

fn found(program: &str) -> Option<PathBuf> {
    let path = Path::new(program);
    if path.is_absolute() {
        return Some(path.to_owned());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

fn run(program: &Path, args: &[OsString]) -> anyhow::Result<Cost> {
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| program.display().to_string())?;
    let usage = child.wait4()?;
    let wall = begun.elapsed();
    ensure!(usage.status.success(), "{}: {}", program.display(), usage.status);
    Ok(Cost { wall, peak: usage.rusage.maxrss })
}
