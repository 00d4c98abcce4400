//! What waits for the collector, what it took, and what nobody took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use crate::export::SpanCounts;
use crate::limits::SPANS_WAITING_MAX;

/// Numbers of spans.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    waiting: AtomicU64,
    exported: AtomicU64,
    dropped: AtomicU64,
}

impl Counts {
    /// Whether so many more may wait. The library would drop them one by one, and tell nobody.
    pub(crate) fn admit(&self, spans: u64) -> bool {
        let more = |waiting: u64| Some(waiting + spans).filter(|waiting| *waiting <= SPANS_WAITING_MAX as u64);
        let admitted = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if !admitted {
            self.dropped.fetch_add(spans, Ordering::Relaxed);
        }
        admitted
    }

    pub(crate) fn view(&self) -> SpanCounts {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SpanCounts { exported: value(&self.exported), dropped: value(&self.dropped) }
    }
}

/// An exporter whose spans are counted.
#[derive(Debug)]
pub(crate) struct Counted<E> {
    exporter: E,
    counts: Arc<Counts>,
}

impl<E> Counted<E> {
    pub(crate) fn new(exporter: E, counts: Arc<Counts>) -> Self {
        Self { exporter, counts }
    }
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        self.counts.waiting.fetch_sub(spans, Ordering::Relaxed);
        let exported = self.exporter.export(batch).await;
        let counter = if exported.is_ok() { &self.counts.exported } else { &self.counts.dropped };
        counter.fetch_add(spans, Ordering::Relaxed);
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
