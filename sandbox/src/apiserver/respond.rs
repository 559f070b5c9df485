//! Answers on the wire: one piece, in chunks, or without end.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY, WARNING,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use tokio::sync::mpsc;

use super::status::StatusError;

/// The body of any answer; an error cuts the connection in mid-body.
pub(crate) type ApiResponseBody = BoxBody<Bytes, std::io::Error>;
pub(crate) type ApiResponse = Response<ApiResponseBody>;

/// The size from which the server compresses, where the client accepts it.
const GZIP_FROM: usize = 128 * 1024;
/// The same level as the real server's.
const GZIP_LEVEL: u32 = 1;
const CHUNK: usize = 32 * 1024;

pub(crate) const JSON: &str = "application/json";

/// An answer with warnings, as kubectl shows them.
pub(crate) fn with_warnings(mut answer: ApiResponse, warnings: &[String]) -> ApiResponse {
    for warning in warnings {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        answer.headers_mut().extend(HeaderValue::from_str(&format!("299 - \"{quoted}\"")).map(|text| (WARNING, text)));
    }
    answer
}

/// One JSON text, compressed where it is long and the client accepts that.
pub(crate) fn json(code: u16, text: impl Into<Bytes>, headers: &HeaderMap) -> ApiResponse {
    typed(code, JSON, text, headers)
}

/// One text of this type.
pub(crate) fn typed(code: u16, content_type: &'static str, text: impl Into<Bytes>, headers: &HeaderMap) -> ApiResponse {
    let text = text.into();
    if text.len() > GZIP_FROM && accepts_gzip(headers) {
        return chunked(content_type, true, std::iter::once(text));
    }
    let mut answer = Response::new(full(text.clone()));
    *answer.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let fields = answer.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    fields.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    answer
}

/// A refusal as the server sends it.
pub(crate) fn error(error: &StatusError, headers: &HeaderMap) -> ApiResponse {
    let mut answer = match (&error.body, error.to_json()) {
        (super::status::StatusErrorBody::Text(text), _) => {
            typed(error.code, "text/plain; charset=utf-8", *text, headers)
        }
        (_, json_text) => json(error.code, json_text.unwrap_or_default(), headers),
    };
    answer.headers_mut().extend(error.retry_after().map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
    with_warnings(answer, &error.warnings)
}

/// A list: its head, its items one by one and its tail, in chunks and compressed where it is long.
pub(crate) fn list(head: String, items: Vec<Bytes>, headers: &HeaderMap) -> ApiResponse {
    let length = head.len() + items.iter().map(|item| item.len() + 1).sum::<usize>();
    let gzip = length > GZIP_FROM && accepts_gzip(headers);
    let last = items.len().saturating_sub(1);
    let items = items.into_iter().enumerate().flat_map(move |(index, item)| {
        let comma = (index != last).then(|| Bytes::from_static(b","));
        std::iter::once(item).chain(comma)
    });
    let parts = std::iter::once(Bytes::from(head)).chain(items).chain([Bytes::from_static(b"]}\n")]);
    chunked(JSON, gzip, parts)
}

/// A stream that continues until the sender is dropped.
pub(crate) fn stream(events: mpsc::Receiver<Bytes>) -> ApiResponse {
    let mut answer = Response::new(BodyExt::boxed(Stream(events).map_err(never)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    answer
}

pub(crate) fn full(text: impl Into<Bytes>) -> ApiResponseBody {
    Full::new(text.into()).map_err(never).boxed()
}

/// The answer's first bytes, then a broken connection.
pub(crate) async fn truncated(answer: ApiResponse, length: usize) -> ApiResponse {
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.map(|collected| collected.to_bytes()).unwrap_or_default();
    let cut = Cut { left: Some(bytes.slice(..length.min(bytes.len()))) };
    Response::from_parts(parts, BodyExt::boxed(cut))
}

/// The head of a good answer, and no byte of its body for as long as the connection lasts.
pub(crate) fn silent() -> ApiResponse {
    let mut answer = Response::new(BodyExt::boxed(Silence));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    answer
}

/// A good answer that begins with `body` and breaks off.
pub(crate) fn cut(body: impl Into<Bytes>) -> ApiResponse {
    let mut answer = Response::new(BodyExt::boxed(Cut { left: Some(body.into()) }));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    answer
}

/// The answer's body, one byte at a time.
pub(crate) async fn dripping(answer: ApiResponse, every: Duration) -> ApiResponse {
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.map(|collected| collected.to_bytes()).unwrap_or_default();
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for index in 0..bytes.len() {
            tokio::time::sleep(every).await;
            if sender.send(bytes.slice(index..=index)).await.is_err() {
                return;
            }
        }
    });
    Response::from_parts(parts, BodyExt::boxed(Stream(receiver).map_err(never)))
}

/// A body without end, as fast as it is read.
pub(crate) fn endless(start: String, repeat: String, is_compressed: bool) -> ApiResponse {
    chunked(JSON, is_compressed, std::iter::once(Bytes::from(start)).chain(std::iter::repeat(Bytes::from(repeat))))
}

/// A body that never comes.
struct Silence;

impl Body for Silence {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        Poll::Pending
    }
}

/// One chunk, then an error.
struct Cut {
    left: Option<Bytes>,
}

impl Body for Cut {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        let frame = match self.left.take() {
            Some(bytes) if !bytes.is_empty() => Ok(Frame::data(bytes)),
            _ => Err(std::io::ErrorKind::ConnectionReset.into()),
        };
        Poll::Ready(Some(frame))
    }
}

fn chunked(
    content_type: &'static str,
    gzip: bool,
    parts: impl Iterator<Item = Bytes> + Send + Sync + 'static,
) -> ApiResponse {
    let body = if gzip {
        let encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
        Chunks { parts: Box::new(parts), encoder: Some(encoder), done: false }
    } else {
        Chunks { parts: Box::new(parts), encoder: None, done: false }
    };
    let mut answer = Response::new(BodyExt::boxed(body.map_err(never)));
    let fields = answer.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if gzip {
        fields.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        fields.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    answer
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| coding.split(';').next().is_some_and(|name| matches!(name.trim(), "gzip" | "*")))
}

fn never(never: Infallible) -> std::io::Error {
    match never {}
}

/// Parts gathered into chunks of some size, so that memory stays flat.
struct Chunks {
    parts: Box<dyn Iterator<Item = Bytes> + Send + Sync>,
    encoder: Option<GzEncoder<Vec<u8>>>,
    done: bool,
}

impl Chunks {
    fn next_chunk(&mut self) -> Option<Bytes> {
        let mut plain = Vec::new();
        while !self.done {
            let Some(part) = self.parts.next() else {
                self.done = true;
                break;
            };
            let ready = match &mut self.encoder {
                // A Vec takes every byte.
                Some(encoder) => encoder.write_all(&part).is_ok() && encoder.get_ref().len() >= CHUNK,
                None => {
                    plain.extend_from_slice(&part);
                    plain.len() >= CHUNK
                }
            };
            if ready {
                break;
            }
        }
        let chunk = match (self.done, self.encoder.take()) {
            (true, Some(encoder)) => encoder.finish().unwrap_or_default(),
            (false, Some(mut encoder)) => {
                let chunk = std::mem::take(encoder.get_mut());
                self.encoder = Some(encoder);
                chunk
            }
            (_, None) => plain,
        };
        (!chunk.is_empty()).then(|| chunk.into())
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next_chunk().map(|chunk| Ok(Frame::data(chunk))))
    }
}

struct Stream(mpsc::Receiver<Bytes>);

impl Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}
