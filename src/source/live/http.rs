//! One exchange with the API server: a whole answer, or a stream of lines; both bounded in time and size.
//!
//! A 401, a broken TLS handshake or a server that has moved is answered once by renewing the client; every other fault is
//! the caller's. Whether the server can be reached is told to the gate.

use super::fault::{Asked, Fault, Kind, root};
use super::shared::Shared;
use http::{Request, Response, header};
use http_body_util::BodyExt;
use kube::client::Body;
use std::time::Duration;
use tokio::time::timeout;

/// The most that is taken of one answer, in bytes.
const ANSWER: usize = 64 << 20;
/// The most that is taken of an error's body.
const ERROR: usize = 64 << 10;
/// The longest line of a watch. An object has at most 1.5 MB.
const LINE: usize = 16 << 20;

/// The body of a GET of `path` (with its query).
pub async fn get(shared: &Shared, path: &str, asked: &Asked, limit: Duration) -> Result<Vec<u8>, Fault> {
    let within = timeout(limit, async {
        let answer = exchange(shared, path, asked, false).await?;
        let whole = collect(answer.into_body(), ANSWER).await?;
        shared.gate.reached();
        Ok(whole)
    });
    within.await.unwrap_or_else(|_| Err(silence(shared, asked, limit)))
}

/// The lines of a watch of `path`, once the server has begun to answer.
pub async fn open(shared: &Shared, path: &str, asked: &Asked, limit: Duration) -> Result<Lines, Fault> {
    let within = timeout(limit, exchange(shared, path, asked, true));
    let answer = within.await.unwrap_or_else(|_| Err(silence(shared, asked, limit)))?;
    Ok(Lines { body: answer.into_body(), buffer: Vec::new(), searched: 0, over: false })
}

fn silence(shared: &Shared, asked: &Asked, limit: Duration) -> Fault {
    shared.gate.unreachable();
    Fault::new(Kind::Unreachable, format!("no answer within {} s ({} {})", secs(limit), asked.verb, asked.what()))
}

fn secs(limit: Duration) -> f64 {
    (limit.as_secs_f64() * 10.0).round() / 10.0
}

/// A successful response; the client is renewed at most once for it.
async fn exchange(shared: &Shared, path: &str, asked: &Asked, stream: bool) -> Result<Response<Body>, Fault> {
    let (generation, client) = shared.cluster.client();
    let first = once(shared, client, path, asked, stream).await;
    match &first {
        Err(Fault { kind: Kind::Unauthorized | Kind::Tls, .. }) => {}
        Err(Fault { kind: Kind::Unreachable, .. }) if shared.cluster.moved() => {}
        _ => return first,
    }
    match shared.cluster.renew(generation, shared.pace.renew).await {
        Ok(true) => once(shared, shared.cluster.client().1, path, asked, stream).await,
        Ok(false) => first,
        Err(e) => first.map_err(|fault| Fault { reason: format!("{}; and {e}", fault.reason), ..fault }),
    }
}

async fn once(
    shared: &Shared,
    client: kube::Client,
    path: &str,
    asked: &Asked,
    stream: bool,
) -> Result<Response<Body>, Fault> {
    let mut request = Request::get(path).header(header::ACCEPT, "application/json");
    if stream {
        // Lines that a compressor holds back would come late, and each may be a gzip member of its own.
        request = request.header(header::ACCEPT_ENCODING, "identity");
    }
    let request = request.body(Body::empty()).map_err(|e| Fault::new(Kind::Refused, format!("no such path: {e}")))?;
    let answer = client.send(request).await.map_err(|e| {
        let fault = Fault::from_error(&e, &shared.cluster.server());
        if fault.kind == Kind::Unreachable {
            shared.gate.unreachable();
        }
        fault
    })?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let code = answer.status().as_u16();
    let after = answer.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.trim().parse().ok());
    // An error whose body breaks off is the same error.
    let body = collect(answer.into_body(), ERROR).await.inspect(|_| shared.gate.reached()).unwrap_or_default();
    Err(Fault::from_answer(code, after.map(Duration::from_secs), &body, asked))
}

async fn collect(mut body: Body, most: usize) -> Result<Vec<u8>, Fault> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| cut(&e, whole.len()))?;
        if let Ok(data) = frame.into_data() {
            if whole.len() + data.len() > most {
                return Err(Fault::new(Kind::Garbled, format!("the answer is longer than {} MB", most >> 20)));
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole)
}

fn cut(error: &kube::Error, after: usize) -> Fault {
    let root = root(error);
    Fault::new(Kind::Cut, format!("the answer broke off after {after} bytes ({root}); is there a proxy in between?"))
}

/// A watch's answer, a line at a time.
pub struct Lines {
    body: Body,
    buffer: Vec<u8>,
    /// So much of the buffer holds no line end.
    searched: usize,
    over: bool,
}

impl Lines {
    /// The next line without its end; None when the answer is over. A line that broke off is dropped. Nothing is lost
    /// if the future is dropped.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        loop {
            if let Some(at) = self.buffer[self.searched..].iter().position(|b| *b == b'\n') {
                let rest = self.buffer.split_off(self.searched + at + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.pop();
                self.searched = 0;
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Ok(Some(line));
            }
            self.searched = self.buffer.len();
            if self.over {
                return Ok(None);
            }
            if self.buffer.len() > LINE {
                return Err(Fault::new(Kind::Garbled, format!("a line of the watch is longer than {} MB", LINE >> 20)));
            }
            match self.body.frame().await {
                None => self.over = true,
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
                Some(Err(e)) => return Err(cut(&e, self.buffer.len())),
            }
        }
    }

    /// The next line, at most `most` bytes of it; whatever is longer is passed over and takes no room. For lines that
    /// somebody's program wrote; an empty one counts too.
    pub async fn next_part(&mut self, most: usize) -> Result<Option<Vec<u8>>, Fault> {
        let mut line = Vec::new();
        loop {
            let end = self.buffer.iter().position(|b| *b == b'\n');
            let taken = end.unwrap_or(self.buffer.len());
            let room = most.saturating_sub(line.len()).min(taken);
            line.extend_from_slice(&self.buffer[..room]);
            self.buffer.drain(..end.map_or(taken, |at| at + 1));
            if end.is_some() || (self.over && !line.is_empty()) {
                return Ok(Some(line));
            }
            if self.over {
                return Ok(None);
            }
            match self.body.frame().await {
                None => self.over = true,
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
                Some(Err(e)) => return Err(cut(&e, self.buffer.len())),
            }
        }
    }
}

/// A JSON text, read even if it holds bytes that are not UTF-8.
pub fn read<T: serde::de::DeserializeOwned>(text: &[u8]) -> Result<T, serde_json::Error> {
    match std::str::from_utf8(text) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_str(&String::from_utf8_lossy(text)),
    }
}

/// `text` as it may stand in a path segment or a query's value.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_utf8_do_not_hide_the_rest() {
        let read: serde_json::Value = read(b"{\"message\":\"a\xff\xfeb\"}").unwrap();
        assert_eq!(read["message"], "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn nothing_of_a_name_or_selector_can_end_the_path() {
        assert_eq!(encode("app=web,tier in (a,b)"), "app%3Dweb%2Ctier%20in%20%28a%2Cb%29");
        assert_eq!(encode("../x?y&z"), "..%2Fx%3Fy%26z");
    }
}
