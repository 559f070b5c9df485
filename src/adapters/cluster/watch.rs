//! Watches bindings for a while.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::ApiServer;
use super::bindings::BindingScope;
use super::bindings::RBAC_V1;
use super::exchange::{ApiRequest, ApiResponse};
use super::failure::{CallError, Failure, Refusal};
use crate::core::percent;
use crate::core::rbac::binding::BindingKind;
use crate::core::rbac::binding_object::{WatchEvent, WatchedChange};

/// Between one stream and the next, for servers that close each at once.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest that one stream is read when there is no timeout.
const LONGEST_STREAM: Duration = Duration::from_secs(240);

/// One line of a watch.
/// Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: Kind,
    object: Value,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
}

impl ApiServer {
    /// Tells what happens to a scope's bindings after version `since`, for this long by the clock here.
    ///
    /// A stream that ends or breaks earlier is taken up where it ended. That the server has forgotten the version (410) is an
    /// error, and so is a line that is no event: there may be something that wasn't seen. That nothing is seen proves nothing:
    /// a proxy may hold the events back.
    pub async fn watch_bindings(
        &self,
        scope: &BindingScope,
        since: &str,
        length: Duration,
        mut seen: impl FnMut(WatchEvent),
    ) -> Result<(), CallError> {
        let (list, kind) = (scope.list(), scope.kind());
        let call = list.call.replacen("list", "watch", 1);
        let mut version = since.to_owned();
        let mut end = None;
        let watch = async {
            loop {
                let left = end.map_or(length, |end: Instant| end.saturating_duration_since(Instant::now()));
                let stream = left.min(self.longest_stream());
                let path = format!(
                    "{}?watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
                    list.path,
                    percent::encode(&version),
                    stream.as_secs() + 1
                );
                let answer = self.ask(&ApiRequest::get(&call, path)).await?;
                let begin = Instant::now();
                // Before the first answer nothing is watched yet.
                let end = *end.get_or_insert(begin + length);
                let mut reader = Reader { kind, version: &mut version, seen: &mut seen, begun: Vec::new() };
                self.read(answer, begin + stream, &mut reader).await?;
                if Instant::now() >= end {
                    return Ok(());
                }
                sleep(PAUSE).await;
            }
        };
        watch.await.map_err(|failure| self.error(&call, failure))
    }

    /// A stream in which nothing happens isn't a server that doesn't answer: it must be over before it would be taken for one.
    fn longest_stream(&self) -> Duration {
        self.timeout.map_or(LONGEST_STREAM, |timeout| timeout / 2)
    }

    /// Reads a stream to its end or to `until`.
    async fn read<S: FnMut(WatchEvent)>(
        &self,
        mut answer: ApiResponse,
        until: Instant,
        reader: &mut Reader<'_, S>,
    ) -> Result<(), Failure> {
        // An end of the time ends the loop as well.
        while let Ok(frame) = timeout_at(until, answer.frame()).await {
            match frame {
                Ok(Some(frame)) => reader.take(&frame, self.limits.item)?,
                Ok(None) | Err(Failure::Closed) => break,
                Err(failure) => return Err(failure),
            }
            // A sender that never pauses keeps the timer from being looked at.
            if Instant::now() >= until {
                break;
            }
        }
        reader.end()
    }
}

/// Cuts a stream into lines and reads them.
struct Reader<'a, S> {
    kind: BindingKind,
    version: &'a mut String,
    seen: &'a mut S,
    begun: Vec<u8>,
}

impl<S: FnMut(WatchEvent)> Reader<'_, S> {
    fn take(&mut self, frame: &[u8], limit: usize) -> Result<(), Failure> {
        for piece in frame.split_inclusive(|byte| *byte == b'\n') {
            if self.begun.len() + piece.len() > limit {
                return Err(Failure::TooLarge { limit: limit as u64 });
            }
            self.begun.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.line()?;
                self.begun.clear();
            }
        }
        Ok(())
    }

    fn line(&mut self) -> Result<(), Failure> {
        if let Some(event) = event(&self.begun, self.kind, self.version)? {
            (self.seen)(event);
        }
        Ok(())
    }

    /// Reads what is left over where time or the stream ends. The begin of an event comes again with the next stream; anything
    /// else is no watch.
    fn end(&mut self) -> Result<(), Failure> {
        match self.line() {
            Err(Failure::Malformed(error)) if error.is_eof() => Ok(()),
            other => other,
        }
    }
}

/// What a line tells, if it is of a binding.
fn event(line: &[u8], expected: BindingKind, version: &mut String) -> Result<Option<WatchEvent>, Failure> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let Line { kind, object } = serde_json::from_slice(line).map_err(Failure::malformed)?;
    let change = match kind {
        Kind::Added => Some(WatchedChange::Added),
        Kind::Modified => Some(WatchedChange::Modified),
        Kind::Deleted => Some(WatchedChange::Deleted),
        Kind::Bookmark => None,
        Kind::Error => return Err(refusal(&object).into()),
    };
    if object["kind"] != expected.as_str() || object["apiVersion"] != RBAC_V1 {
        let found = object["kind"].as_str().unwrap_or("something without a kind").chars().take(100).collect();
        return Err(Failure::WrongObject { expected: format!("`{expected}`"), found });
    }
    if let Some(reached) = object["metadata"]["resourceVersion"].as_str() {
        reached.clone_into(version);
    }
    let Some(change) = change else { return Ok(None) };
    let object = serde_json::from_value(object).map_err(Failure::malformed)?;
    Ok(Some(WatchEvent { change, object }))
}

fn refusal(status: &Value) -> Refusal {
    let text = |key: &str| status[key].as_str().unwrap_or_default().chars().take(1024).collect();
    let code = status["code"].as_u64().and_then(|code| u16::try_from(code).ok());
    Refusal { status: code.unwrap_or(500), reason: text("reason"), message: text("message") }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};

    use super::super::Limits;
    use super::*;
    use crate::core::kubeconfig::connection::{Endpoint, Login};

    fn read(line: &str) -> (Result<Option<WatchEvent>, Failure>, String) {
        let mut version = "1".to_owned();
        (event(line.as_bytes(), BindingKind::RoleBinding, &mut version), version)
    }

    const OBJECT: &str = r#"{"kind":"RoleBinding","apiVersion":"rbac.authorization.k8s.io/v1",
        "metadata":{"name":"b","namespace":"n","resourceVersion":"7"},
        "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"}}"#;

    #[test]
    fn events_are_reported_and_the_version_moves_along() {
        for (kind, change) in [
            ("ADDED", WatchedChange::Added),
            ("MODIFIED", WatchedChange::Modified),
            ("DELETED", WatchedChange::Deleted),
        ] {
            let (event, version) = read(&format!(r#"{{"type":"{kind}","object":{OBJECT}}}"#));
            let event = event.unwrap().unwrap();
            assert_eq!((event.change, event.object.reference().to_string().as_str()), (change, "RoleBinding/n/b"));
            assert_eq!(version, "7");
        }
        let bookmark = r#"{"type":"BOOKMARK","object":{"kind":"RoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"resourceVersion":"9"}}}"#;
        let (event, version) = read(bookmark);
        assert!(event.unwrap().is_none());
        assert_eq!(version, "9");
        assert!(read("\n").0.unwrap().is_none());
    }

    #[test]
    fn errors_and_what_is_no_event_are_failures() {
        let gone = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#;
        let Failure::Refused(refusal) = read(gone).0.unwrap_err() else { panic!() };
        assert_eq!(refusal, Refusal { status: 410, reason: "Expired".into(), message: "too old".into() });
        for line in ["{}", "no", r#"{"type":"OTHER","object":{}}"#, r#"{"kind":"Status","status":"Failure"}"#] {
            assert!(matches!(read(line).0, Err(Failure::Malformed(_))), "{line}");
        }
        for line in [
            r#"{"type":"ADDED","object":{"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1"}}"#,
            r#"{"type":"BOOKMARK","object":{}}"#,
            &format!(r#"{{"type":"ADDED","object":{}}}"#, OBJECT.replace("RoleBinding", "ClusterRoleBinding")),
            &format!(r#"{{"type":"ADDED","object":{}}}"#, OBJECT.replace("/v1", "/v1beta1")),
        ] {
            assert!(matches!(read(line).0, Err(Failure::WrongObject { .. })), "{line}");
        }
    }

    /// A server that answers the first, second and so on watch with these lines; it then closes the stream, or keeps it open
    /// where the lines are followed by nothing more.
    struct Stub {
        api: ApiServer,
        asked: Arc<Mutex<Vec<String>>>,
    }

    /// What an exchange may take here: long enough for a machine that does much else.
    const TIMEOUT: Duration = Duration::from_secs(20);

    fn stub(streams: &'static [(&'static str, bool)]) -> Stub {
        stub_within(TIMEOUT, streams)
    }

    fn stub_within(timeout: Duration, streams: &'static [(&'static str, bool)]) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint { server: format!("http://{}", listener.local_addr().unwrap()), ..Endpoint::default() };
        let api = ApiServer::connect(&endpoint, &Login::default(), Some(timeout)).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut open: Vec<TcpStream> = Vec::new();
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
                let first = lines.next().unwrap().unwrap();
                let _rest: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let (body, stays_open) = *streams.get(log.lock().unwrap().len()).unwrap_or(&("", true));
                log.lock().unwrap().push(first);
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
                write!(connection, "{head}{body}").unwrap();
                if stays_open {
                    open.push(connection);
                }
            }
        });
        Stub { api, asked }
    }

    async fn watched(stub: &Stub, length: Duration) -> (Result<(), CallError>, Vec<String>) {
        let mut seen = Vec::new();
        let scope = BindingScope::Namespace("n".into());
        let seen_here = |event: WatchEvent| seen.push(event.object.resource_version().to_owned());
        let result = stub.api.watch_bindings(&scope, "5", length, seen_here).await;
        (result, seen)
    }

    const SEVEN: &str = "{\"type\":\"ADDED\",\"object\":{\"kind\":\"RoleBinding\",\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"metadata\":{\"resourceVersion\":\"7\"},\"roleRef\":{\"apiGroup\":\"g\",\"kind\":\"Role\",\"name\":\"r\"}}}\n{\"type\":\"ADDED\",\"obj";
    const NINE: &str = "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"RoleBinding\",\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"metadata\":{\"resourceVersion\":\"9\"}}}\n";

    const GONE: &str = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}\n";

    #[tokio::test]
    async fn a_stream_that_ends_is_taken_up_where_it_ended() {
        let stub = stub(&[(SEVEN, false), (NINE, false), ("", false), (GONE, true)]);
        let (result, seen) = watched(&stub, Duration::from_secs(60)).await;
        assert_eq!(result.unwrap_err().status(), Some(410), "the fourth stream ends it");
        assert_eq!(seen, ["7"]);
        let asked = stub.asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 4, "{asked:?}");
        // Half of what an exchange may take.
        for (asked, version) in asked.iter().zip(["5", "7", "9", "9"]) {
            assert!(asked.contains(&format!("&resourceVersion={version}&timeoutSeconds=11 ")), "{asked}");
        }
        assert!(
            asked[0].starts_with("GET /apis/rbac.authorization.k8s.io/v1/namespaces/n/rolebindings?watch=1&"),
            "{asked:?}"
        );
    }

    /// A stream read to its end: the versions of what was seen.
    fn streamed(body: &str) -> Result<Vec<String>, Failure> {
        let (mut version, mut versions) = ("1".to_owned(), Vec::new());
        let mut seen = |event: WatchEvent| versions.push(event.object.resource_version().to_owned());
        let kind = BindingKind::RoleBinding;
        let mut reader = Reader { kind, version: &mut version, seen: &mut seen, begun: Vec::new() };
        reader.take(body.as_bytes(), 4096)?;
        reader.end()?;
        Ok(versions)
    }

    #[test]
    fn what_is_no_watch_is_an_error_with_and_without_a_line_end() {
        let status = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","code":404}"#;
        for body in [status, "{}", "[]", "<html>", "null", "\u{1}", r#"{"kind":"RoleBindingList","items":[]}"#] {
            for before in ["", NINE, "\n"] {
                for behind in ["", "\n", "\n\n"] {
                    let failure = streamed(&format!("{before}{body}{behind}")).unwrap_err();
                    assert!(matches!(failure, Failure::Malformed(_)), "{before}{body}{behind} {failure:?}");
                }
            }
        }
    }

    #[test]
    fn the_last_event_may_lack_its_line_end_or_its_own_end() {
        let whole = SEVEN.lines().next().unwrap();
        assert_eq!(streamed(whole).unwrap(), ["7"]);
        assert_eq!(streamed(SEVEN).unwrap(), ["7"]);
        for cut in 0..whole.len() {
            assert!(streamed(&whole[..cut]).unwrap().is_empty(), "{}", &whole[..cut]);
        }
    }

    #[tokio::test]
    async fn a_quiet_watch_ends_by_itself_and_in_time() {
        let (stub, length) = (stub_within(Duration::from_secs(4), &[]), Duration::from_millis(2500));
        let begin = Instant::now();
        let (result, seen) = watched(&stub, length).await;
        result.unwrap();
        assert!(seen.is_empty());
        assert!(begin.elapsed() >= length);
        assert!(stub.asked.lock().unwrap().len() > 1, "one stream would be taken for a server that doesn't answer");
    }

    #[tokio::test]
    async fn a_version_that_is_forgotten_and_a_line_without_end_are_errors() {
        let (result, _) = watched(&stub(&[(GONE, true)]), Duration::from_secs(5)).await;
        let error = result.unwrap_err();
        assert_eq!(error.status(), Some(410));
        assert!(error.to_string().contains("watch rolebindings.rbac.authorization.k8s.io in namespace n"), "{error}");

        let endless: &str = Box::leak("x".repeat(5000).into_boxed_str());
        let mut stub = stub(Box::leak(Box::new([(endless, true)])));
        stub.api = stub.api.with_limits(Limits { item: 4096, ..Limits::default() });
        let (result, _) = watched(&stub, Duration::from_secs(5)).await;
        assert!(matches!(result.unwrap_err().failure, Failure::TooLarge { limit: 4096 }));
    }
}
