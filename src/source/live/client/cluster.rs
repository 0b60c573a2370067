//! The client that all feeds share, renewed for all of them when the server refuses its credentials.

use super::connect::{Access, ConnectError, Connection, connect, plan};
use crate::clock::Clock;
use kube::Client;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// What is said where credentials are given that are not sent.
pub const WITHHELD: &str = "no credentials are sent, as with kubectl, because the server's address begins with http://";
/// What to do about it.
pub const HTTPS: &str = "give the cluster's server an address with https:// in the kubeconfig";

/// A handle to the cluster; cloning is cheap.
#[derive(Clone)]
pub struct Cluster {
    access: Arc<Access>,
    state: watch::Sender<State>,
    turn: Arc<Semaphore>,
    /// Sent so far by all of its clients.
    requests: Arc<AtomicU64>,
}

#[derive(Clone)]
struct State {
    generation: u64,
    connection: Connection,
    /// The last attempt to renew it, and its outcome.
    tried: Option<(Instant, Option<ConnectError>)>,
}

/// Connect for the first time.
///
/// # Errors
/// See [`ConnectError`].
pub async fn open(access: Access) -> Result<Cluster, ConnectError> {
    let requests = Arc::new(AtomicU64::new(0));
    let connection = connect(plan(&access)?, requests.clone()).await?;
    let state = watch::Sender::new(State { generation: 0, connection, tried: None });
    Ok(Cluster { access: Arc::new(access), state, turn: Arc::new(Semaphore::new(1)), requests })
}

impl Cluster {
    /// The current client, and its generation for [`Cluster::renew`].
    pub fn client(&self) -> (u64, Client) {
        let state = self.state.borrow();
        (state.generation, state.connection.client.clone())
    }

    /// Requests so far, by all clients.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The context's name, or `in-cluster`.
    pub fn context(&self) -> String {
        self.state.borrow().connection.context.clone()
    }

    /// The server's URL.
    pub fn server(&self) -> String {
        self.state.borrow().connection.server.clone()
    }

    /// The user's credentials are not sent, as the server's address begins with `http://`.
    pub fn withholds(&self) -> bool {
        self.state.borrow().connection.withheld
    }

    /// The clock of its timestamps.
    pub fn clock(&self) -> Clock {
        self.access.lab.as_ref().map_or_else(Clock::system, |lab| lab.clock)
    }

    /// It is the lab inside this process.
    pub fn is_lab(&self) -> bool {
        self.access.lab.is_some()
    }

    /// What the user should know about why this cluster was chosen, and how it is reached.
    pub fn notes(&self) -> Vec<String> {
        let note = self.access.lab.iter().filter_map(|lab| lab.note.clone());
        note.chain(self.withholds().then(|| WITHHELD.to_owned())).collect()
    }

    /// The longest that an answer may take.
    pub fn request_timeout(&self) -> Duration {
        self.access.request_timeout
    }

    /// Whether the configuration now names another server, as after a local cluster was created again. Reads files.
    pub fn moved(&self) -> bool {
        plan(&self.access).is_ok_and(|plan| plan.server != self.server())
    }

    /// Read the configuration and fetch the credentials again, because the client of `generation` was refused. True if there
    /// is a newer client than that; attempted at most once in `least` for all callers together.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn renew(&self, generation: u64, least: Duration) -> Result<bool, ConnectError> {
        // The semaphore is never closed, so this is always a permit.
        let _one = self.turn.acquire().await;
        let state = self.state.borrow().clone();
        if state.generation != generation {
            return Ok(true);
        }
        match state.tried {
            Some((at, failed)) if at.elapsed() < least => failed.map_or(Ok(false), Err),
            _ => self.replace(generation).await.map(|()| true),
        }
    }

    async fn replace(&self, generation: u64) -> Result<(), ConnectError> {
        let fresh = match plan(&self.access) {
            Ok(plan) => connect(plan, self.requests.clone()).await,
            Err(e) => Err(e),
        };
        let tried = Some((Instant::now(), fresh.as_ref().err().cloned()));
        self.state.send_modify(|state| {
            state.tried = tried;
            if let Ok(connection) = &fresh {
                state.connection = connection.clone();
                state.generation = generation + 1;
            }
        });
        fresh.map(drop)
    }
}
