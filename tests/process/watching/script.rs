//! deploy/base/watch.sh by itself: what it leaves and hands on for each way in which the plugin can end.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use ackcred_sandbox::programs::write_program;
use tempfile::TempDir;

use super::root;

/// In the plugin's place: it says how it was called, and ends as the file `code` says.
const PROGRAM: &str = "#!/bin/sh\necho \"called $*\"\nexit \"$(cat \"$(dirname \"$0\")/code\")\"\n";

struct Run {
    folder: TempDir,
}

impl Run {
    fn new() -> Self {
        let folder = TempDir::with_prefix("ackcred-watch-").unwrap();
        for name in ["bin", "metrics", "kubeconfigs"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let program = folder.path().join("bin/kubectl-ackcred");
        write_program(&program, PROGRAM).unwrap();
        Self { folder }
    }

    /// Runs the script where the plugin ends with `code`, and says whether it succeeded.
    fn ends(&self, code: u8, gateway: &str) -> bool {
        self.ends_with(code, gateway, &[])
    }

    fn ends_with(&self, code: u8, gateway: &str, variables: &[(&str, &str)]) -> bool {
        let path = |name: &str| self.folder.path().join(name);
        fs::write(path("bin/code"), code.to_string()).unwrap();
        let mut command = Command::new("sh");
        command.arg(root("deploy/base/watch.sh")).env_clear();
        command.env("PATH", format!("{}:/usr/bin:/bin", path("bin").display()));
        command.env("WATCH_METRICS", path("metrics")).env("WATCH_KUBECONFIGS", path("kubeconfigs"));
        command.env("WATCH_INSTANCE", "shop").env("PUSHGATEWAY_URL", gateway);
        command.envs(variables.iter().copied()).output().unwrap().status.success()
    }

    fn left(&self) -> Vec<(String, String)> {
        let entries = fs::read_dir(self.folder.path().join("metrics")).unwrap().map(|entry| entry.unwrap());
        let mut left: Vec<_> = entries
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
            .collect();
        left.sort();
        left
    }
}

const SCAN: &str = "called scan --in-cluster --all-users --output prometheus\n";

#[test]
fn findings_and_incomplete_results_are_left_too() {
    for code in [0, 3, 4] {
        let run = Run::new();
        assert!(run.ends(code, ""), "{code}");
        assert_eq!(run.left(), [("ackcred-scan.prom".to_owned(), SCAN.to_owned())], "{code}");
    }
}

#[test]
fn a_failure_leaves_what_was_there_and_fails_the_job() {
    for code in [1, 2, 70, 130] {
        let run = Run::new();
        assert!(!run.ends(code, ""));
        assert_eq!(run.left(), [], "{code}");
        assert!(run.ends(0, "") && !run.ends(code, ""));
        assert_eq!(run.left().len(), 1, "{code}: the last result stays");
    }
}

#[test]
fn kubeconfig_files_are_read_where_there_are_some() {
    let run = Run::new();
    let file = run.folder.path().join("kubeconfigs/ci.yaml");
    fs::write(&file, "").unwrap();
    assert!(run.ends(0, ""));
    let expiry = format!("called expiry {} --output prometheus\n", file.display());
    assert_eq!(run.left()[0], ("ackcred-expiry.prom".to_owned(), expiry));
}

#[test]
fn where_there_are_records_they_are_verified_and_nothing_else_is_done() {
    for code in [0, 3, 4] {
        let run = Run::new();
        assert!(run.ends_with(code, "", &[("ACKCRED_HOME", "/state")]), "{code}");
        let verify = "called verify --all --in-cluster --output prometheus\n".to_owned();
        assert_eq!(run.left(), [("ackcred-verify.prom".to_owned(), verify)], "{code}");
    }
}

#[test]
fn a_pushgateway_gets_the_text_and_a_missing_one_fails_the_job() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let (mut head, mut line) = (String::new(), String::new());
        while reader.read_line(&mut line).unwrap() > 2 {
            head.push_str(&std::mem::take(&mut line));
        }
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), String::from_utf8(body).unwrap())
    });
    let run = Run::new();
    assert!(run.ends(4, &gateway));
    let (request, body) = server.join().unwrap();
    assert_eq!(request, "PUT /metrics/job/ackcred/verb/scan/instance/shop HTTP/1.1");
    assert_eq!(body, SCAN);
    assert!(!run.ends(0, "http://127.0.0.1:1"));
    assert_eq!(run.left().len(), 1, "the text stays");
}
