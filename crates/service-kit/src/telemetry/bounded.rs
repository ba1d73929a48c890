//! The batch processor of the library, with every span that it loses counted.
//!
//! The library drops spans without a word when its queue is full. So the queue is counted
//! here, outside, and what would not fit is dropped before it gets there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor};

/// What became of spans.
#[derive(Debug, Default)]
pub(super) struct Counts {
    waiting: AtomicUsize,
    dropped: AtomicU64,
    closed: AtomicBool,
}

impl Counts {
    /// Spans that were dropped; once closed, those that still waited are among them.
    pub(super) fn dropped(&self) -> u64 {
        let dropped = self.dropped.load(Ordering::Acquire);
        if self.closed.load(Ordering::Acquire) {
            dropped + self.waiting() as u64
        } else {
            dropped
        }
    }

    fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    fn drop_spans(&self, count: usize) {
        self.dropped.fetch_add(count as u64, Ordering::AcqRel);
    }
}

/// Hands spans to the library's processor as long as its queue has room.
#[derive(Debug)]
pub(super) struct BoundedProcessor {
    pub inner: BatchSpanProcessor,
    pub counts: Arc<Counts>,
    pub limit: usize,
}

impl SpanProcessor for BoundedProcessor {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        let counts = &self.counts;
        let has_room = counts.waiting.fetch_add(1, Ordering::AcqRel) < self.limit;
        if has_room && !counts.closed.load(Ordering::Acquire) {
            self.inner.on_end(span);
        } else {
            counts.waiting.fetch_sub(1, Ordering::AcqRel);
            counts.drop_spans(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let result = self.inner.shutdown_with_timeout(timeout);
        self.counts.closed.store(true, Ordering::Release);
        result
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Counts the spans that leave the queue, and those that the collector does not take.
#[derive(Debug)]
pub(super) struct CountedExporter<E> {
    pub inner: E,
    pub counts: Arc<Counts>,
}

impl<E: SpanExporter> SpanExporter for CountedExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        self.counts.waiting.fetch_sub(count, Ordering::AcqRel);
        let result = self.inner.export(batch).await;
        if result.is_err() {
            self.counts.drop_spans(count);
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
