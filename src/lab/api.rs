//! The lab's server: the Kubernetes API on loopback, over TLS, for clients that have the token.
//!
//! ```text
//! server ─► discovery                                    driver: moves the model's time by the clock, applies faults
//!        └► read, watch (table, convert) ─► store
//!        └► write (patch, defaults) ─────► store          port_forward, logs ─► the pods' processes
//! ```
//!
//! It must decide nothing about the cluster: how objects change is the model's part.

mod convert;
mod defaults;
mod discovery;
mod failure;
mod faults;
pub mod kinds;
mod logs;
mod patch;
mod path;
mod port_forward;
mod read;
mod response;
mod review;
mod samples;
mod selector;
mod server;
mod state;
mod table;
mod tls;
mod watch;
mod write;

use super::model::Lab;
use crate::clock::Clock;
use faults::AppliedFaults;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring::default_provider;
use state::ApiState;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the model's time is advanced, in lab time …
const STEP: Duration = Duration::from_millis(250);
/// … and the shortest interval in real time.
const SHORTEST_STEP: Duration = Duration::from_millis(8);
/// The most lab time that passes from one step to the next, where the machine is slower than the lab should be.
const LONGEST_STEP: Duration = Duration::from_secs(1);
/// The longest that a TLS handshake may take, and then the head of the first request: strangers hold nothing for long.
const HELLO: Duration = Duration::from_secs(5);

/// How to reach a lab that is served.
#[derive(Clone)]
pub struct Served {
    /// `https://127.0.0.1:PORT`.
    pub url: String,
    pub port: u16,
    /// The server's certificate, DER.
    pub certificate: Vec<u8>,
    /// The bearer token that allows everything.
    pub token: String,
}

/// Serve a lab whose time follows the clock, until `stop`.
///
/// # Errors
/// There is no port to listen on, or no certificate or token could be made.
pub async fn serve(lab: Lab, clock: Clock, stop: CancellationToken) -> io::Result<Served> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    let (acceptor, certificate) = tls::identity()?;
    let token = random_token()?;
    let state = Arc::new(ApiState::new(lab, clock, token.clone()));
    let serving = accept(listener, acceptor, Arc::clone(&state), stop.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            ((), ()) = async { tokio::join!(drive(state), serving) } => {}
        }
    });
    Ok(Served { url: format!("https://127.0.0.1:{port}"), port, certificate, token })
}

/// A random 256-bit token, in hex.
fn random_token() -> io::Result<String> {
    let mut bytes = [0_u8; 32];
    let random = default_provider().secure_random;
    random.fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Advance the model's time and apply its faults, until the future is dropped.
async fn drive(state: Arc<ApiState>) {
    let mut applied = AppliedFaults::default();
    loop {
        let step = state.clock.real(STEP).max(SHORTEST_STEP);
        // On a busy machine the lab is slower: nothing happens in it that could not be watched.
        let now = state.clock.drive((step * 2).max(state.clock.real(LONGEST_STEP)));
        state.with(|lab| lab.advance(now));
        applied.apply(&state);
        state.steps.send_modify(|steps| *steps += 1);
        tokio::time::sleep(step).await;
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<ApiState>, stop: CancellationToken) {
    loop {
        match listener.accept().await {
            // During a restart, new connections are dropped.
            Ok((connection, _)) if !faults::is_down(&state.faults()) => {
                let (state, acceptor, stop) = (Arc::clone(&state), acceptor.clone(), stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = connected(connection, acceptor, state) => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
            Ok(_) => {}
            // Out of file descriptors: try again later.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connected(connection: TcpStream, acceptor: TlsAcceptor, state: Arc<ApiState>) {
    // Small responses are sent at once.
    let _ = connection.set_nodelay(true);
    // A client that does not trust the certificate, or does not speak TLS, closes the connection itself.
    let Ok(Ok(connection)) = tokio::time::timeout(HELLO, acceptor.accept(connection)).await else { return };
    let mut disruptions = state.disruptions.subscribe();
    let restarts = disruptions.borrow().restarts;
    let asked = Notify::new();
    let answering = service_fn(|request| {
        asked.notify_one();
        server::answer(Arc::clone(&state), request)
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(connection), answering).with_upgrades();
    tokio::select! {
        // A broken connection is the client's concern.
        _ = serving => {}
        _ = disruptions.wait_for(|now| now.restarts != restarts) => {}
        () = nothing_asked(&asked) => {}
    }
}

/// Returns when no request came in time, and else never.
async fn nothing_asked(asked: &Notify) {
    if tokio::time::timeout(HELLO, asked.notified()).await.is_ok() {
        std::future::pending().await
    }
}
