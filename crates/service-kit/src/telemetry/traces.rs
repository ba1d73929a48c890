//! Traces over OTLP.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use tonic::transport::{Channel, Endpoint};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use super::bounded::{BoundedProcessor, CountedExporter, Counts};
use super::{Program, TelemetryError};
use crate::config::TelemetryConfig;

const LARGEST_BATCH: usize = 512;

/// Our crates' names begin with this. Spans of others, such as those of the exporter's own
/// connection, must not be exported: each export would make more of them.
const OUR_TARGETS: &str = "tandem";

pub(super) struct Traces {
    provider: SdkTracerProvider,
    counts: Arc<Counts>,
    program: Program,
}

impl Traces {
    /// Connects to the collector when there is something to send; none if no collector is configured.
    pub(super) fn connect(
        config: &TelemetryConfig,
        program: Program,
        resource: &Resource,
    ) -> Result<Option<Self>, TelemetryError> {
        let Some(endpoint) = &config.otlp_endpoint else {
            return Ok(None);
        };
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_channel(channel(endpoint, config.otlp_timeout)?)
            .with_timeout(config.otlp_timeout)
            .build()?;
        let counts = Arc::new(Counts::default());
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor(exporter, Arc::clone(&counts), config.otlp_queue))
            .with_resource(resource.clone())
            .build();
        Ok(Some(Self {
            provider,
            counts,
            program,
        }))
    }

    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(self.program.name))
            .with_filter(Targets::new().with_target(OUR_TARGETS, LevelFilter::INFO))
    }

    pub(super) fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// Sends what waits, for at most `limit`, and says how many spans were dropped in all.
    pub(super) async fn shutdown(self, limit: Duration) -> u64 {
        let provider = self.provider;
        // The library blocks until the last spans are sent, which needs the runtime's own threads.
        let sent = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(limit)).await;
        let dropped = self.counts.dropped();
        if !matches!(sent, Ok(Ok(()))) || dropped > 0 {
            tracing::warn!(dropped, "not all spans reached the collector");
        }
        dropped
    }
}

/// A channel that waits no longer than `limit` for a connection either; the library's own does.
pub(super) fn channel(endpoint: &str, limit: Duration) -> Result<Channel, TelemetryError> {
    let endpoint = Endpoint::from_shared(endpoint.to_owned())?;
    Ok(endpoint.connect_timeout(limit).timeout(limit).connect_lazy())
}

fn processor(exporter: SpanExporter, counts: Arc<Counts>, limit: usize) -> BoundedProcessor {
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(limit)
        .with_max_export_batch_size(LARGEST_BATCH.min(limit))
        .build();
    let exporter = CountedExporter {
        inner: exporter,
        counts: Arc::clone(&counts),
    };
    let inner = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
    BoundedProcessor { inner, counts, limit }
}
