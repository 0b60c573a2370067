//! A stub of the API server on loopback: answers every request by a function and logs the requests.

use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub path: String,
    pub body: Value,
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

/// The URL of a server that answers by `answer`, and its log.
pub async fn listen(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (log, answer): (Log, Arc<Answer>) = (Log::default(), Arc::new(answer));
    let kept = log.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answer.clone(), kept.clone()));
        }
    });
    (url, log)
}

async fn serve(stream: TcpStream, answer: Arc<Answer>, log: Log) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        stream.read_line(&mut line).await.ok()?;
        let mut words = line.split_whitespace();
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await.ok()?;
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        let asked = Asked { method, path, body: serde_json::from_slice(&body).unwrap_or(Value::Null) };
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
