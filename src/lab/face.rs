//! What processes in the lab's pods answer on their ports: collectors' metrics, k6's REST, Elasticsearch's reads. Each is
//! rendered from the model as the real one would; nothing here changes the model but k6's stop.

mod collector;
mod elastic;
mod k6_rest;
mod prom;

use super::model::flow::Flow;
use super::model::objects::Key;
use super::model::{Answer, Ask, Ms, Time};

/// When and for whom is answered.
pub struct Moment<'a> {
    pub now: Time,
    pub t: Ms,
    /// Of the lab.
    pub start: Time,
    /// Elasticsearch's, of user `elastic`.
    pub password: &'a str,
}

impl Moment<'_> {
    /// Milliseconds since the lab's start.
    pub fn ms(&self, at: Time) -> Ms {
        (at - self.start).num_milliseconds()
    }
}

/// The answer of what listens on a port of a pod; None when nobody does.
pub fn answer(flow: &mut Flow, moment: &Moment<'_>, pod: &Key, port: u16, ask: &Ask) -> Option<Answer> {
    match port {
        8888 => {
            let gateway = flow.gateways.get(pod).filter(|g| g.listens(moment.t));
            let text = match gateway {
                Some(gateway) => collector::gateway(gateway, &pod.1, moment.t),
                None => collector::agent(flow.agents.get(pod)?, flow.collector_version(), &pod.1, moment.t),
            };
            Some(collector::route(ask, text))
        }
        13133 => {
            let (gateway, agent) = (flow.gateways.get(pod), flow.agents.get(pod));
            let listens = gateway.is_some_and(|g| g.listens(moment.t)) || agent.is_some();
            let body = serde_json::json!({"status": "Server available"});
            listens.then(|| Answer::json(200, &body))
        }
        6565 => {
            let run = flow.runs.get_mut(pod).filter(|run| run.listens(moment.t))?;
            Some(k6_rest::answer(run, moment.t, ask))
        }
        9200 => {
            let here = flow.elastic_pod.as_ref() == Some(pod);
            let elastic = flow.elastic.as_ref().filter(|e| here && !e.trouble.down)?;
            Some(elastic::answer(elastic, &flow.streams, moment, ask))
        }
        _ => None,
    }
}
