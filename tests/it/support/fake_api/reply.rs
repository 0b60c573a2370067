//! The answers of the scripted server, correct and broken.

use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// An answer.
pub enum Reply {
    /// Code, content type, body.
    Whole(u16, &'static str, Vec<u8>),
    /// A head that promises more than is sent before the connection is cut.
    Torn(Vec<u8>),
    /// A chunked answer in steps.
    Stream(Vec<Step>),
    /// The connection is cut without an answer.
    Cut,
    /// No answer, ever.
    Hang,
}

/// A part of a streamed answer.
pub enum Step {
    Line(Value),
    Bytes(Vec<u8>),
    Wait(Duration),
    /// Nothing more until the test sets it.
    When(Arc<AtomicBool>),
    /// The answer stays open. Without it, it ends properly.
    Hold,
    /// The connection is cut in the middle of the answer.
    Cut,
}

impl Reply {
    pub fn json(value: Value) -> Reply {
        Reply::Whole(200, "application/json", value.to_string().into_bytes())
    }

    /// An error as the API server writes it.
    pub fn status(code: u16, reason: &str, message: &str) -> Reply {
        let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message,
            "reason": reason, "code": code});
        Reply::Whole(code, "application/json", body.to_string().into_bytes())
    }

    pub fn forbidden(verb: &str, resource: &str) -> Reply {
        Reply::status(403, "Forbidden", &format!("{resource} is forbidden: User \"me\" cannot {verb} resource"))
    }

    /// A watch that sends this and stays open.
    pub fn hold(lines: impl IntoIterator<Item = Value>) -> Reply {
        Reply::Stream(lines.into_iter().map(Step::Line).chain([Step::Hold]).collect())
    }

    /// A watch that sends this and ends.
    pub fn end(lines: impl IntoIterator<Item = Value>) -> Reply {
        Reply::Stream(lines.into_iter().map(Step::Line).collect())
    }

    /// False if the connection must not be used any more.
    pub async fn write(self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> bool {
        match self {
            Reply::Whole(code, kind, body) => {
                let head =
                    format!("HTTP/1.1 {code} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all(&[head.as_bytes(), &body].concat()).await.is_ok()
            }
            Reply::Torn(body) => {
                let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n", body.len() + 1000);
                // Torn or not, the connection ends here.
                let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
                false
            }
            Reply::Stream(steps) => run(stream, steps).await.unwrap_or(false),
            Reply::Cut => false,
            Reply::Hang => std::future::pending().await,
        }
    }
}

async fn run(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), steps: Vec<Step>) -> std::io::Result<bool> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        .await?;
    for step in steps {
        let bytes = match step {
            Step::Line(value) => format!("{value}\n").into_bytes(),
            Step::Bytes(bytes) => bytes,
            Step::Wait(time) => {
                tokio::time::sleep(time).await;
                continue;
            }
            Step::When(set) => {
                while !set.load(Ordering::SeqCst) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                continue;
            }
            Step::Hold => {
                stream.flush().await?;
                // Until the client goes away.
                let mut nothing = [0];
                let _ = tokio::io::AsyncReadExt::read(stream, &mut nothing).await;
                return Ok(false);
            }
            Step::Cut => return Ok(false),
        };
        stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
        stream.write_all(&bytes).await?;
        stream.write_all(b"\r\n").await?;
    }
    stream.write_all(b"0\r\n\r\n").await?;
    Ok(true)
}
