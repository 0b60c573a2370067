//! Stops k6 through its own REST API, so that it ends in order and prints its summary. Must not delete anything.

use crate::observe::{AnswerSeen, Ask};
use crate::source::live::client::port_forward::{self, Port};
use crate::source::live::context::FeedContext;
use crate::source::live::discovered::{FoundLoad, PodTargets};
use crate::source::live::load::{PORT, rest};
use ::http::Method;

/// The most that is read of an answer, in bytes.
const MOST: usize = 1 << 20;

/// A load that runs, and the pods in which k6 may be asked to stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    pub load: FoundLoad,
    pub namespace: String,
    /// The pods in which k6 runs.
    pods: Vec<Port>,
}

impl Running {
    /// The load that runs, if one does.
    pub fn of(load: Option<&FoundLoad>, pods: &PodTargets) -> Option<Running> {
        let pods: Vec<Port> = pods
            .values()
            .filter(|p| p.runs)
            .map(|p| Port { namespace: p.namespace.clone(), pod: p.name.clone(), port: p.port.unwrap_or(PORT) })
            .collect();
        let namespace = pods.first()?.namespace.clone();
        Some(Running { load: load?.clone(), namespace, pods })
    }

    /// `Job k6-load`.
    pub fn title(&self) -> String {
        let kind = if self.load.kind.is_empty() { "Job" } else { &self.load.kind };
        format!("{kind} {}", self.load.name)
    }

    /// Whether k6 would not be started again once it has ended, and answers in every pod.
    pub async fn can_be_stopped(&self, shared: &FeedContext) -> bool {
        if self.load.retries {
            return false;
        }
        for port in &self.pods {
            let answered = status(shared, port, Method::GET, "").await;
            if !answered.is_ok_and(|status| rest::can_be_stopped(&status)) {
                return false;
            }
        }
        true
    }

    /// What stopping it would do.
    pub fn plan(&self) -> AnswerSeen {
        let step = |p: &Port| format!("stop k6 in pod {} through its REST API (it ends with code 103)", p.pod);
        AnswerSeen {
            to: Ask::PlanLoad,
            ok: true,
            text: format!("{} in namespace {} runs: stop it?", self.title(), self.namespace),
            steps: self.pods.iter().map(step).collect(),
            stops: true,
        }
    }

    /// Stops it.
    ///
    /// # Errors
    /// Why k6 could not be asked, in words for the user.
    pub async fn stop(&self, shared: &FeedContext) -> Result<AnswerSeen, String> {
        for port in &self.pods {
            status(shared, port, Method::PATCH, rest::STOP).await?;
        }
        let text = format!("stopping the load: k6 of {} was asked to stop through its REST API", self.title());
        Ok(AnswerSeen { to: Ask::StopLoad, ok: true, text, ..AnswerSeen::default() })
    }
}

/// A request for k6's status, or to change it.
async fn status(shared: &FeedContext, port: &Port, method: Method, body: &'static str) -> Result<Vec<u8>, String> {
    let limit = shared.timing().retried;
    let mut open = port_forward::open(shared, port, limit).await.map_err(|f| f.reason)?;
    let mut answer = Vec::new();
    let answered =
        open.request(method, "/v1/status", body, (limit, MOST), |chunk| answer.extend_from_slice(chunk)).await;
    match answered.map_err(|f| f.reason)? {
        code if code.is_success() => Ok(answer),
        code => Err(format!("k6 in pod {} answers {code}", port.pod)),
    }
}
