//! The face of the lab: the Kubernetes API on loopback, by TLS, for whoever has the token.
//!
//! ```text
//! server ─► discovery                                    driver: moves the model's time by the clock, enacts faults
//!        └► read, watch (table, convert) ─► store
//!        └► write (patch, defaults) ─────► store          forward, logs ─► the model's processes
//! ```
//!
//! It decides nothing about the cluster: what objects become is the model's part.

mod answer;
mod convert;
mod defaults;
mod discovery;
mod face;
mod failure;
mod faults;
mod forward;
mod kinds;
mod logs;
mod patch;
mod path;
mod read;
mod review;
mod samples;
mod select;
mod server;
mod table;
mod tls;
mod watch;
mod write;

use super::model::Lab;
use crate::clock::Clock;
use face::Face;
use faults::Enacted;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// The model's time is moved on so often, in lab time, but no more often than [`LEAST`].
const STEP: Duration = Duration::from_millis(250);
const LEAST: Duration = Duration::from_millis(20);
/// The longest that a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Where the lab listens, and for whom.
#[derive(Clone)]
pub struct Served {
    /// `https://127.0.0.1:PORT`.
    pub url: String,
    pub port: u16,
    /// The server's certificate, DER.
    pub certificate: Vec<u8>,
    /// Whoever brings it as a bearer token may do everything.
    pub token: String,
}

/// Serve a lab whose time follows the clock, until `stop`.
///
/// # Errors
/// There is no port to listen on.
pub async fn serve(lab: Lab, clock: Clock, stop: CancellationToken) -> io::Result<Served> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    let (acceptor, certificate) = tls::identity()?;
    let token = token();
    let face = Arc::new(Face::new(lab, clock, token.clone()));
    let serving = accept(listener, acceptor, Arc::clone(&face), stop.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            ((), ()) = async { tokio::join!(drive(face), serving) } => {}
        }
    });
    Ok(Served { url: format!("https://127.0.0.1:{port}"), port, certificate, token })
}

/// Not to be guessed: the hashers' keys come from the system's randomness.
fn token() -> String {
    let random = RandomState::new();
    (0..4).map(|n: u64| format!("{:016x}", random.hash_one(n))).collect()
}

/// Move the model's time on, for as long as the program lives.
async fn drive(face: Arc<Face>) {
    let step = face.clock.real(STEP).max(LEAST);
    let mut enacted = Enacted::default();
    loop {
        face.with(|lab| lab.advance(face.clock.now()));
        enacted.enact(&face);
        face.steps.send_modify(|steps| *steps += 1);
        tokio::time::sleep(step).await;
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, face: Arc<Face>, stop: CancellationToken) {
    loop {
        match listener.accept().await {
            // While the server is away, what comes is turned away.
            Ok((connection, _)) if !faults::away(&face.faults()) => {
                let (face, acceptor, stop) = (Arc::clone(&face), acceptor.clone(), stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = connected(connection, acceptor, face) => {}
                        () = stop.cancelled() => {}
                    }
                });
            }
            Ok(_) => {}
            // Out of file descriptors: it may pass.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connected(connection: TcpStream, acceptor: TlsAcceptor, face: Arc<Face>) {
    // Small answers are not held back for larger ones.
    let _ = connection.set_nodelay(true);
    // Whoever does not trust the certificate, or does not speak TLS, goes away by himself.
    let Ok(Ok(connection)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(connection)).await else { return };
    let mut cuts = face.cuts.subscribe();
    let restarts = cuts.borrow().restarts;
    let answering = service_fn(|request| server::answer(Arc::clone(&face), request));
    let serving = http1::Builder::new().serve_connection(TokioIo::new(connection), answering).with_upgrades();
    tokio::select! {
        // A connection that breaks is the client's affair.
        _ = serving => {}
        _ = cuts.wait_for(|now| now.restarts != restarts) => {}
    }
}
