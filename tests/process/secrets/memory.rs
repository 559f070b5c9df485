//! The process' memory: what other programs of the same user, and core files, get of it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::canary::canary;
use super::kubeconfigs::file;
use crate::home::{BINARY, Home};

/// The program for another user than root, from whom nothing is hidden, and who may not be let into the folder of the build. What
/// copies it is a process of its own: a file that this one has open for writing can't be run while a thread of it starts another.
fn for_another_user(home: &Home, script: &str) -> Command {
    let program = home.path().join("kubectl-ackcred");
    assert!(Command::new("/bin/cp").arg(BINARY).arg(&program).status().unwrap().success());
    let mut command = home.start("/bin/sh");
    command.args(["-c", script, program.to_str().unwrap()]);
    if fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0) {
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).unwrap();
        command.uid(65534).gid(65534);
    }
    command
}

/// A process that has read a token and waits for a server that doesn't answer; no core file is forbidden to it by its shell. The
/// connection is opened by a process that has read everything.
fn waiting(home: &Home) -> (Child, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let server = format!("https://{}", listener.local_addr().unwrap());
    let text = file(&json!({"server": server}), &json!({"token": canary("memory")}));
    home.write(".kube/config", &text, 0o644);
    let script = "ulimit -c unlimited 2>/dev/null; exec \"$0\" whoami --request-timeout 0";
    let mut command = for_another_user(home, script);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    loop {
        if let Ok((stream, _)) = listener.accept() {
            return (child, stream);
        }
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it asked");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Linux gives what is in `/proc` of a process that is not dumpable to root, and dumps no core of it, whatever `core_pattern` says.
#[test]
fn other_programs_of_the_user_read_nothing_of_its_memory_and_no_core_file_is_written() {
    let home = Home::empty();
    let (mut child, _connection) = waiting(&home);
    let of = |name: &str| format!("/proc/{}/{name}", child.id());
    let status = fs::read_to_string(of("status")).unwrap();
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap().split_whitespace().next().unwrap();
    assert_ne!(user, "0", "{status}");
    for name in ["mem", "environ", "maps", "fd"] {
        assert_eq!(fs::metadata(of(name)).unwrap().uid(), 0, "{name} belongs to the user");
    }
    let limits = fs::read_to_string(of("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");

    kill(&child, "-ABRT");
    let ended = child.wait().unwrap();
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(6), false), "{ended:?}");
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("core")), "{left:?}");
}

fn kill(child: &Child, signal: &str) {
    assert!(Command::new("/bin/kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// What is refused to others is not refused to itself: a file that stands behind one of its own descriptors is read.
#[test]
fn it_reads_what_is_given_by_its_own_descriptors() {
    let home = Home::empty();
    home.write("given.yaml", &file(&json!({}), &json!({"token": "t"})), 0o644);
    let script = "exec \"$0\" whoami --offline --kubeconfig /dev/stdin < given.yaml";
    let output = for_another_user(&home, script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
