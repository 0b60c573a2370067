//! An OTLP receiver in memory, over HTTP and gRPC, that can be made to fail: what it holds is what it took.

use edot_tui::observe::Signal;
use edot_tui::otlp::Access;
use flate2::read::GzDecoder;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::Read;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What it answers to the next request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A status of HTTP, or a code of gRPC, with this text.
    No(u16, String),
    /// Refuses this many items and takes the others.
    Partial(i64),
    /// Never.
    Hang,
}

#[derive(Default)]
pub struct Held {
    pub answers: VecDeque<Answer>,
    /// Paths and headers of every request.
    pub asked: Vec<(String, HeaderMap)>,
    pub traces: Vec<ExportTraceServiceRequest>,
    pub metrics: Vec<ExportMetricsServiceRequest>,
    pub logs: Vec<ExportLogsServiceRequest>,
}

#[derive(Clone)]
pub struct Receiver {
    pub held: Arc<Mutex<Held>>,
    pub url: String,
    pub grpc: bool,
}

impl Receiver {
    pub async fn start(grpc: bool) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let held: Arc<Mutex<Held>> = Arc::default();
        let kept = held.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let held = kept.clone();
                let service = service_fn(move |request| answer(held.clone(), grpc, request));
                tokio::spawn(async move {
                    let io = TokioIo::new(stream);
                    let _ = match grpc {
                        true => http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await,
                        false => http1::Builder::new().serve_connection(io, service).await,
                    };
                });
            }
        });
        Receiver { held, url, grpc }
    }

    /// The way here, with these variables.
    pub fn access(&self, variables: &[(&str, &str)]) -> Access {
        let protocol = if self.grpc { "grpc" } else { "http/protobuf" };
        let all: Vec<(&str, &str)> =
            variables.iter().copied().chain([("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)]).collect();
        let var = |name: &str| all.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Access::new(Some(&self.url), &var).unwrap()
    }

    pub fn will(&self, answers: &[Answer]) {
        self.held.lock().unwrap().answers.extend(answers.iter().cloned());
    }
}

type Streamed = StreamBody<futures::stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>;

async fn answer(
    held: Arc<Mutex<Held>>,
    grpc: bool,
    request: Request<Incoming>,
) -> Result<Response<Streamed>, Infallible> {
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let said = {
        let mut held = held.lock().unwrap();
        held.asked.push((path.clone(), headers.clone()));
        held.answers.pop_front()
    };
    let (mut code, mut text, mut refused) = (if grpc { 0 } else { 200 }, String::new(), 0);
    match said {
        Some(Answer::Hang) => std::future::pending().await,
        Some(Answer::No(no, why)) => (code, text) = (no, why),
        Some(Answer::Partial(n)) => refused = n,
        None => {}
    }
    if code == 0 || code == 200 {
        take(&mut held.lock().unwrap(), &path, &unpacked(&body, grpc, &headers));
    }
    let partial = ExportTracePartialSuccess { rejected_spans: refused, error_message: "not these".into() };
    let message = ExportTraceServiceResponse { partial_success: (refused > 0).then_some(partial) }.encode_to_vec();
    let data = |bytes: Vec<u8>| Ok(Frame::data(Bytes::from(bytes)));
    let mut frames = Vec::new();
    if grpc {
        if code == 0 {
            frames.push(data([&[0], &u32::try_from(message.len()).unwrap().to_be_bytes()[..], &message].concat()));
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", code.into());
        trailers.insert("grpc-message", text.parse().unwrap());
        frames.push(Ok(Frame::trailers(trailers)));
        code = 200;
    } else {
        frames.push(data(if code == 200 { message } else { text.into_bytes() }));
    }
    let body = StreamBody::new(futures::stream::iter(frames));
    Ok(Response::builder().status(code).body(body).unwrap())
}

fn unpacked(body: &[u8], grpc: bool, headers: &HeaderMap) -> Vec<u8> {
    let gzip = |name: &str| headers.get(name).is_some_and(|v| v == "gzip");
    let (packed, bytes) = match grpc {
        true => {
            assert_eq!(u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize, body.len() - 5);
            assert_eq!(body[0] == 1, gzip("grpc-encoding"));
            (body[0] == 1, &body[5..])
        }
        false => (gzip("content-encoding"), body),
    };
    let mut out = Vec::new();
    match packed {
        true => GzDecoder::new(bytes).read_to_end(&mut out).map(drop).unwrap(),
        false => out.extend(bytes),
    }
    out
}

fn take(held: &mut Held, path: &str, message: &[u8]) {
    match signal(path) {
        Signal::Traces => held.traces.push(Message::decode(message).unwrap()),
        Signal::Metrics => held.metrics.push(Message::decode(message).unwrap()),
        _ => held.logs.push(Message::decode(message).unwrap()),
    }
}

fn signal(path: &str) -> Signal {
    match path {
        "/v1/traces" | "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Signal::Traces,
        "/v1/metrics" | "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Signal::Metrics,
        "/v1/logs" | "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Signal::Logs,
        other => panic!("{other}"),
    }
}
