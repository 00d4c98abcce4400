//! The exchange's observer that makes a trace of each call, and the queue to the collector.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use exchange::{CallRecord, Observer};
use opentelemetry::Context;
use opentelemetry::trace::{Event, Span as _, SpanBuilder, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry_otlp::{ExporterBuildError, Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanLimits};
use url::Url;

use crate::collector::Client;
use crate::counted::{Counted, Counts};
use crate::limits::{CLOSE_MS_MAX, EXPORT_EVERY_MS, EXPORT_MS_MAX, SPANS_AT_ONCE_MAX, SPANS_WAITING_MAX};
use crate::picture::{Moment, Picture, picture};

/// Where traces go.
#[derive(Clone)]
pub struct TracesConfig {
    /// The collector's OTLP address over HTTP, without `v1/traces`.
    pub endpoint: Url,
    /// Sent with each request, names and values. They may be secrets.
    pub headers: Vec<(String, String)>,
}

/// What became of spans.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SpanCounts {
    /// A collector took them.
    pub exported: u64,
    /// Nobody took them: too many waited, or no collector answered.
    pub dropped: u64,
}

/// Traces cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The client cannot be set up.
    #[error("the client for traces cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
    /// The exporter cannot.
    #[error("the export of traces cannot be set up: {0}")]
    Exporter(#[from] ExporterBuildError),
}

/// Makes a trace of each call that is over.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    counts: Arc<Counts>,
}

impl fmt::Debug for TracesConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TracesConfig({})", host(&self.endpoint))
    }
}

impl Traces {
    /// Starts the thread that exports; nothing is sent yet. Requests are made on the runtime that is current here.
    ///
    /// # Errors
    /// The platform's certificates cannot be used, or the headers are none.
    pub fn open(config: &TracesConfig) -> Result<Self, TracesError> {
        // Another part of the process may have chosen: then that one holds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_millis(EXPORT_MS_MAX))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let endpoint = format!("{}/v1/traces", config.endpoint.as_str().trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new(http, &host(&config.endpoint)))
            .with_endpoint(endpoint)
            .with_protocol(Protocol::HttpBinary)
            .with_headers(config.headers.iter().cloned().collect::<HashMap<_, _>>())
            .with_timeout(Duration::from_millis(EXPORT_MS_MAX))
            // What is lost is lost: the next batch waits already.
            .with_retry_policy(RetryPolicy::disabled())
            .build()?;
        let counts = Arc::<Counts>::default();
        let exporter = Counted::new(exporter, counts.clone());
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(SPANS_WAITING_MAX)
            .with_max_export_batch_size(SPANS_AT_ONCE_MAX)
            .with_scheduled_delay(Duration::from_millis(EXPORT_EVERY_MS))
            .build();
        let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder_empty().with_service_name("switchhook").with_attribute(version).build();
        let limits =
            SpanLimits { max_events_per_span: call::limits::JOURNAL_ENTRIES_MAX as u32, ..SpanLimits::default() };
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
            .with_span_limits(limits)
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("switchhook");
        Ok(Self { provider, tracer, counts })
    }

    /// Sends what is left, for a bounded time, and ends the thread.
    pub async fn close(&self) {
        let provider = self.provider.clone();
        let closing = move || provider.shutdown_with_timeout(Duration::from_millis(CLOSE_MS_MAX));
        match tokio::task::spawn_blocking(closing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "traces were left"),
            Err(error) => tracing::warn!(%error, "the export of traces failed while it was closed"),
        }
    }

    /// What became of the spans of calls that are over.
    pub fn spans(&self) -> SpanCounts {
        self.counts.view()
    }

    fn tell(&self, picture: Picture, parent: &Context) {
        let Picture { name, kind, from, to, attributes, events, failure, children } = picture;
        let events = events.into_iter().map(|(at, name, more)| Event::new(name, at, more, 0)).collect();
        let builder = SpanBuilder::from_name(name)
            .with_kind(kind)
            .with_start_time(from)
            .with_attributes(attributes)
            .with_events(events);
        let mut span = self.tracer.build_with_context(builder, parent);
        if let Some(code) = failure {
            span.set_status(Status::error(code));
        }
        if !children.is_empty() {
            let context = Context::new().with_remote_span_context(span.span_context().clone());
            children.into_iter().for_each(|child| self.tell(child, &context));
        }
        span.end_with_timestamp(to);
    }
}

impl Observer for Traces {
    fn call_ended(&self, record: &CallRecord) {
        let now = Moment { call: tokio::time::Instant::now().into_std(), world: SystemTime::now() };
        let picture = picture(record, now);
        // A trace is sent as a whole or not at all.
        if self.counts.admit(picture.spans()) {
            self.tell(picture, &Context::new());
        }
    }
}

/// The collector, without what may be secret in its address.
fn host(endpoint: &Url) -> String {
    let port = endpoint.port_or_known_default().map_or(String::new(), |port| format!(":{port}"));
    format!("{}{port}", endpoint.host_str().unwrap_or_default())
}
