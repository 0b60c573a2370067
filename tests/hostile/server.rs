//! A plain HTTP server on loopback whose answers are whatever a case wants, well-formed or not. One thread a connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    /// Header lines, names in small letters.
    pub headers: Vec<String>,
}

/// What comes back.
pub enum Answer {
    /// A code, further header lines, and a whole body.
    Whole(u16, Vec<String>, Vec<u8>),
    /// Bytes as they are, then the connection is closed.
    Raw(Vec<u8>),
    /// A body that begins with the first and repeats the second for ever, in chunks; with header lines.
    Endless(Vec<String>, Vec<u8>, Vec<u8>),
    /// A watch that is open and silent.
    Silent,
    /// A body of which one byte comes each time.
    Slow(Vec<u8>, Duration),
    /// A body in pieces, each computed from its number when it is sent, and the pieces per second.
    Pieces(Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>, u64),
}

/// JSON with code 200.
pub fn json(text: impl Into<Vec<u8>>) -> Answer {
    Answer::Whole(200, vec!["content-type: application/json".into()], text.into())
}

pub struct Server {
    pub url: String,
    pub seen: Arc<Mutex<Vec<Request>>>,
}

pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (answer, kept) = (Arc::new(answer), seen.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, kept) = (answer.clone(), kept.clone());
            std::thread::spawn(move || _ = serve(stream, &*answer, &kept));
        }
    });
    Server { url, seen }
}

fn serve(stream: TcpStream, answer: &dyn Fn(&Request) -> Answer, seen: &Mutex<Vec<Request>>) -> std::io::Result<()> {
    let mut to = stream.try_clone()?;
    let mut from = BufReader::new(stream);
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let Some(path) = line.split(' ').nth(1).map(str::to_owned) else { return Ok(()) };
        let (mut headers, mut length) = (Vec::new(), 0);
        loop {
            let mut header = String::new();
            from.read_line(&mut header)?;
            let header = header.trim();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap_or((header, ""));
            let name = name.to_lowercase();
            if name == "content-length" {
                length = value.trim().parse().unwrap_or(0);
            }
            headers.push(format!("{name}:{value}"));
        }
        std::io::copy(&mut std::io::Read::take(&mut from, length), &mut std::io::sink())?;
        let request = Request { path, headers };
        seen.lock().unwrap().push(request.clone());
        match answer(&request) {
            Answer::Whole(code, headers, body) => {
                let headers: String = headers.iter().map(|h| format!("{h}\r\n")).collect();
                write!(to, "HTTP/1.1 {code} X\r\n{headers}content-length: {}\r\n\r\n", body.len())?;
                to.write_all(&body)?;
            }
            Answer::Raw(bytes) => return to.write_all(&bytes),
            Answer::Endless(headers, first, again) => {
                let headers: String = headers.iter().map(|h| format!("{h}\r\n")).collect();
                write!(to, "HTTP/1.1 200 X\r\n{headers}transfer-encoding: chunked\r\n\r\n")?;
                chunk(&mut to, &first)?;
                let block = again.repeat(1 + (1 << 16) / again.len().max(1));
                loop {
                    chunk(&mut to, &block)?;
                }
            }
            Answer::Silent => {
                write!(to, "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")?;
            }
            Answer::Pieces(piece, rate) => {
                write!(to, "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")?;
                let began = std::time::Instant::now();
                for n in (0u64..).step_by(500) {
                    let some: Vec<u8> = (n..n + 500).flat_map(|n| piece(n)).collect();
                    chunk(&mut to, &some)?;
                    let due = Duration::from_secs_f64((n + 500) as f64 / rate as f64);
                    std::thread::sleep(due.saturating_sub(began.elapsed()));
                }
            }
            Answer::Slow(body, wait) => {
                write!(
                    to,
                    "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                )?;
                for byte in body {
                    to.write_all(&[byte])?;
                    std::thread::sleep(wait);
                }
            }
        }
    }
}

fn chunk(to: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    // An empty chunk ends a body.
    if bytes.is_empty() {
        return Ok(());
    }
    write!(to, "{:x}\r\n", bytes.len())?;
    to.write_all(bytes)?;
    to.write_all(b"\r\n")
}

/// A kubeconfig that leads to `server`, with a token in it.
pub fn kubeconfig(server: &str, token: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n\
         users: [{{name: c, user: {{token: {token}}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: c}}}}]\n"
    );
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}
