//! A stub of the API server on loopback: answers every request by a function and logs the requests.

use super::tls::{Tls, tls};
use serde_json::Value;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The header `Authorization`; empty without it.
    pub authorization: String,
    pub body: Value,
    /// The body as it is, unpacked.
    pub text: String,
}

impl Asked {
    /// Whether the API server takes it as a dry run: for a delete with a body, it ignores the query.
    pub fn dry(&self) -> bool {
        match self.method.as_str() {
            "DELETE" if !self.body.is_null() => self.body["dryRun"][0] == "All",
            _ => self.path.contains("dryRun=All"),
        }
    }
}

/// The requests so far, oldest first.
pub type Log = Arc<Mutex<Vec<Asked>>>;
type Answer = dyn Fn(&Asked) -> (u16, Value) + Send + Sync;

/// A client of a server that answers by `answer`, and its log.
pub async fn start(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> (kube::Client, Log) {
    let (url, log) = listen(answer).await;
    let mut config = kube::Config::new(url.parse().unwrap());
    config.default_retry = false;
    (kube::Client::try_from(config).unwrap(), log)
}

/// The URL of a server that answers by `answer`, and its log. Over plain http, so that no credentials are sent.
pub async fn listen(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> (String, Log) {
    let (address, log) = over(None, answer).await;
    (format!("http://{address}"), log)
}

/// The same over TLS: the fields of its cluster in a kubeconfig, and its log.
pub async fn listen_secure(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> (Value, Log) {
    let tls = tls();
    let authority = tls.authority.clone();
    let (address, log) = over(Some(tls), answer).await;
    let server = format!("https://{address}");
    (serde_json::json!({"server": server, "certificate-authority-data": authority}), log)
}

async fn over(tls: Option<Tls>, answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> (SocketAddr, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (log, answer): (Log, Arc<Answer>) = (Log::default(), Arc::new(answer));
    let kept = log.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, answer, kept) = (tls.clone(), answer.clone(), kept.clone());
            tokio::spawn(async move {
                match tls {
                    None => serve(stream, answer, kept).await,
                    Some(tls) => serve(tls.acceptor.accept(stream).await.ok()?, answer, kept).await,
                }
            });
        }
    });
    (address, log)
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, answer: Arc<Answer>, log: Log) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut line, mut length, mut authorization, mut packed) = (String::new(), 0, String::new(), false);
        stream.read_line(&mut line).await.ok()?;
        let mut words = line.split_whitespace();
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await.ok()?;
            if header.trim().is_empty() {
                break;
            }
            let Some((name, value)) = header.split_once(':') else { continue };
            match name.to_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "content-encoding" => packed = value.trim() == "gzip",
                "authorization" => authorization = value.trim().to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        let mut text = String::new();
        if packed {
            flate2::read::GzDecoder::new(body.as_slice()).read_to_string(&mut text).ok()?;
        } else {
            text = String::from_utf8_lossy(&body).into_owned();
        }
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let asked = Asked { method, path, authorization, body, text };
        let (code, value) = answer(&asked);
        log.lock().unwrap().push(asked);
        let text = value.to_string();
        let head =
            format!("HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        stream.write_all(format!("{head}{text}").as_bytes()).await.ok()?;
    }
}

/// A `Status` as the API server writes it.
pub fn status(code: u16, reason: &str, message: &str) -> (u16, Value) {
    let body = serde_json::json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code});
    (code, body)
}
