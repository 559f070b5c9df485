//! How much memory a scan takes at its peak. A process of its own: the peak is the process's.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what can't be set up fails the test")]

use std::time::Duration;

use kubectl_ackcred::internals::{ApiServer, BindingScope, Endpoint, Failure, Grants, Login};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Three quarters of what the whole program may take; the rest is for showing the result.
const BUDGET: usize = 48 << 20;

#[tokio::test]
async fn a_hundred_thousand_bindings_stay_below_the_budget() {
    let api = serving(Some(100_000)).await;
    let grants = Grants::extract(api.bindings(&BindingScope::AllNamespaces).await.unwrap(), Vec::new());
    assert_eq!(grants.len(), 100_000);
    assert_eq!(grants.get(99_999).unwrap().uid, Some("200000000000099999"));
    assert!(peak() < BUDGET, "{} bytes", peak());
    drop(grants);

    let endless = serving(None).await;
    let failure = endless.bindings(&BindingScope::AllNamespaces).await.unwrap_err().failure;
    assert!(matches!(failure, Failure::List(_)), "{failure:?}");
    assert!(peak() < BUDGET, "{} bytes", peak());
}

/// An API server with so many bindings, or with one that never ends.
async fn serving(count: Option<usize>) -> ApiServer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        assert_ne!(stream.read(&mut [0; 4096]).await?, 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n").await?;
        stream
            .write_all(
                br#"{"kind":"RoleBindingList","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"resourceVersion":"7"},"items":["#,
            )
            .await?;
        match count {
            None => loop {
                stream.write_all(&[b'['; 8192]).await?;
            },
            Some(count) => {
                for index in 0..count {
                    let comma = if index == 0 { "" } else { "," };
                    stream.write_all(format!("{comma}{}", role_binding(index)).as_bytes()).await?;
                }
                stream.write_all(b"]}").await?;
                stream.shutdown().await
            }
        }
    });
    let endpoint = Endpoint { server: format!("http://{address}"), ..Endpoint::default() };
    ApiServer::connect(&endpoint, &Login::default(), Some(Duration::from_secs(120))).unwrap()
}

fn role_binding(index: usize) -> String {
    let (uid, namespace) = (200_000_000_000_000_000 + index, index % 50);
    format!(
        r#"{{"metadata":{{"name":"{uid}-team-{namespace}-rolebinding","namespace":"team-{namespace}",
"creationTimestamp":"2026-01-02T03:04:05Z","managedFields":[{{"manager":"ack","operation":"Update",
"apiVersion":"rbac.authorization.k8s.io/v1","fieldsV1":{{"f:roleRef":{{}},"f:subjects":{{}}}}}}]}},
"subjects":[{{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"{uid}-1676970192"}}],
"roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cs:ns:dev"}}}}"#
    )
}

fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kilobytes: usize = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap();
    kilobytes * 1024
}
