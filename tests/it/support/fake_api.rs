//! A small API server on loopback, scripted by the test: HTTP/1.1, one script for all requests.

mod reply;
pub mod world;

pub use reply::{Reply, Step};

use crate::it::support::seen::{Seen, watch};
use crate::it::support::tls::{Tls, tls};
use edot_tui::source::live::Timing;
use edot_tui::source::live::cluster::{self, Cluster};
use edot_tui::source::live::connect::{Access, Environment};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// With the query, decoded.
    pub path: String,
    pub token: String,
    /// The whole header `Authorization` in lower case; empty without it.
    pub authorization: String,
    /// `Impersonate-User`.
    pub user: String,
    /// `User-Agent`.
    pub agent: String,
    pub at: Instant,
    /// How many requests for this collection with these selectors, and of this verb, came before it.
    pub nth: usize,
}

impl Request {
    pub fn is_watch(&self) -> bool {
        self.path.contains("watch=1")
    }

    /// Whether it is for this resource, such as `pods?` or `edot-gateway/scale`.
    pub fn of(&self, part: &str) -> bool {
        self.path.contains(part)
    }

    /// The value of a query parameter.
    pub fn query(&self, key: &str) -> Option<&str> {
        let query = self.path.split_once('?')?.1;
        query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
    }
}

type Script = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

/// The server; it stops when dropped.
pub struct FakeApi {
    pub address: SocketAddr,
    script: Script,
    log: Arc<Mutex<Vec<Request>>>,
    serving: JoinHandle<()>,
    files: tempfile::TempDir,
    /// None: plain http, over which no credentials are sent.
    tls: Option<Tls>,
}

impl FakeApi {
    /// A server that answers by `script`, and otherwise as the default world.
    pub async fn start(script: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> FakeApi {
        FakeApi::over(None, script).await
    }

    /// The same over TLS, for scripts that look at the credentials.
    pub async fn secure(script: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> FakeApi {
        FakeApi::over(Some(tls()), script).await
    }

    /// The same over this TLS, if any.
    pub async fn over(tls: Option<Tls>, script: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> FakeApi {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script: Script = Arc::new(move |request| script(request).unwrap_or_else(|| world::answer(request)));
        let log = Arc::new(Mutex::new(Vec::new()));
        let serving = tokio::spawn(serve(listener, tls.clone(), script.clone(), log.clone()));
        let api = FakeApi { address, script, log, serving, files: tempfile::tempdir().unwrap(), tls };
        api.write_token("first");
        api
    }

    /// Stop listening, and cut every connection.
    pub async fn stop(&mut self) {
        self.serving.abort();
        // It was aborted just now.
        let _ = (&mut self.serving).await;
    }

    /// Listen again on the same address.
    pub async fn resume(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serving = tokio::spawn(serve(listener, self.tls.clone(), self.script.clone(), self.log.clone()));
    }

    /// What the token file holds from now on.
    pub fn write_token(&self, token: &str) {
        std::fs::write(self.files.path().join("token"), token).unwrap();
    }

    /// Delete the token file.
    pub fn remove_token(&self) {
        std::fs::remove_file(self.files.path().join("token")).unwrap();
    }

    /// The requests so far that `wanted` picks.
    pub fn requests(&self, wanted: impl Fn(&Request) -> bool) -> Vec<Request> {
        self.log.lock().unwrap().iter().filter(|r| wanted(r)).cloned().collect()
    }

    /// Wait for `count` requests that `wanted` picks; all of them so far.
    pub async fn wait_for(&self, count: usize, wanted: impl Fn(&Request) -> bool) -> Vec<Request> {
        for _ in 0..5000 {
            let found = self.requests(&wanted);
            if found.len() >= count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("fewer than {count} of them: {:#?}", self.requests(|_| true));
    }

    /// What is needed to connect to it: a kubeconfig, over TLS with a token file.
    pub fn access(&self) -> Access {
        let path = self.point_to(self.address);
        Access { kubeconfig: Some(path), ..Access::new(Environment::default()) }
    }

    /// Let the kubeconfig name this server from now on.
    pub fn point_to(&self, address: SocketAddr) -> PathBuf {
        let path = self.files.path().join("config");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: fake\n\
             clusters: [{{name: fake, cluster: {{{}}}}}]\n\
             users: [{{name: me, user: {{{}}}}}]\n\
             contexts: [{{name: fake, context: {{cluster: fake, user: me}}}}]\n",
            self.cluster_at(address),
            if self.tls.is_some() { "tokenFile: token" } else { "" }
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The fields of its cluster in a kubeconfig.
    pub fn cluster_fields(&self) -> String {
        self.cluster_at(self.address)
    }

    fn cluster_at(&self, address: SocketAddr) -> String {
        match &self.tls {
            None => format!("server: 'http://{address}'"),
            Some(tls) => format!("server: 'https://{address}', certificate-authority-data: {}", tls.authority),
        }
    }

    pub async fn cluster(&self) -> Cluster {
        cluster::open(self.access()).await.unwrap()
    }

    /// The live source over this server.
    pub async fn watch(&self) -> Seen {
        self.watch_as(timing(), world::HPA).await
    }

    pub async fn watch_as(&self, timing: Timing, hpa: &str) -> Seen {
        watch(self.cluster().await, timing, hpa)
    }
}

impl Drop for FakeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Milliseconds where the program has seconds. A held watch stays silent, so the limit for silence is long.
pub fn timing() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        request: ms(10_000),
        retried: ms(10_000),
        silent: ms(60_000),
        early: ms(300),
        reopen: ms(5),
        first: ms(10),
        longest: ms(40),
        settled: ms(60),
        between: ms(5),
        renew: ms(20),
        poll: ms(50),
        ..Timing::default()
    }
}

async fn serve(listener: TcpListener, tls: Option<Tls>, script: Script, log: Arc<Mutex<Vec<Request>>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let (tls, script, log) = (tls.clone(), script.clone(), log.clone());
                    connections.spawn(async move {
                        match tls {
                            None => talk(stream, script, log).await,
                            Some(tls) => if let Ok(stream) = tls.acceptor.accept(stream).await {
                                talk(stream, script, log).await;
                            }
                        }
                    });
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, script: Script, log: Arc<Mutex<Vec<Request>>>) {
    while let Some(head) = head(&mut stream).await {
        let length = head.lines().find_map(|l| l.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if stream.read_exact(&mut vec![0; length.unwrap_or(0)]).await.is_err() {
            return;
        }
        let reply = {
            let mut log = log.lock().unwrap();
            let mut request = parse(&head);
            let of = |r: &Request| {
                let selectors = ["fieldSelector", "labelSelector"].map(|key| r.query(key).map(str::to_owned));
                (r.path.split('?').next().map(str::to_owned), selectors)
            };
            let same = |r: &&Request| of(r) == of(&request);
            request.nth = log.iter().filter(same).filter(|r| r.is_watch() == request.is_watch()).count();
            log.push(request.clone());
            script(&request)
        };
        if !reply.write(&mut stream).await {
            return;
        }
    }
}

async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn parse(head: &str) -> Request {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let header = |name: &str| {
        let value = head.lines().find_map(|line| line.to_lowercase().strip_prefix(name).map(str::to_owned));
        value.unwrap_or_default()
    };
    let (token, user) = (header("authorization: bearer "), header("impersonate-user: "));
    let (agent, authorization) = (header("user-agent: "), header("authorization: "));
    Request { path: decode(path), token, authorization, user, agent, at: Instant::now(), nth: 0 }
}

fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        out.push(u8::from_str_radix(&after[..2], 16).unwrap() as char);
        rest = &after[2..];
    }
    out + rest
}
