//! Metrics: sent to a collector over OTLP, and kept for Prometheus to scrape.

use std::time::Duration;

use opentelemetry::global;
use opentelemetry_otlp::{MetricExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{Instrument, PeriodicReader, SdkMeterProvider, Stream};
use prometheus::Registry;

use super::TelemetryError;
use super::traces::channel;
use crate::config::TelemetryConfig;

/// The most series that one instrument may have. Labels are closed sets, so it takes a mistake to get there; what
/// comes on top is counted in one series that says so.
const MOST_SERIES: usize = 500;

/// Where instruments report to.
pub(super) struct Meters {
    provider: SdkMeterProvider,
    registry: Option<Registry>,
}

impl Meters {
    /// Begins to collect; none if nobody is to be told.
    pub(super) fn connect(config: &TelemetryConfig, resource: &Resource) -> Result<Option<Self>, TelemetryError> {
        if config.otlp_endpoint.is_none() && config.prometheus_listen.is_none() {
            return Ok(None);
        }
        let mut builder = SdkMeterProvider::builder()
            .with_resource(resource.clone())
            .with_view(bounded);
        if let Some(endpoint) = &config.otlp_endpoint {
            builder = builder.with_reader(pushed(endpoint, config)?);
        }
        let registry = config.prometheus_listen.map(|_| Registry::new());
        if let Some(registry) = &registry {
            let scraped = opentelemetry_prometheus::exporter()
                .with_registry(registry.clone())
                .scope_info_enabled(false)
                .build()?;
            builder = builder.with_reader(scraped);
        }
        Ok(Some(Self {
            provider: builder.build(),
            registry,
        }))
    }

    /// Has all instruments of this process report here. Those that were made before report nowhere, for ever.
    pub(super) fn make_global(&self) {
        global::set_meter_provider(self.provider.clone());
    }

    /// What Prometheus scrapes, if it is to.
    pub(super) fn registry(&self) -> Option<Registry> {
        self.registry.clone()
    }

    #[cfg(test)]
    pub(super) fn provider(&self) -> &SdkMeterProvider {
        &self.provider
    }

    /// Sends the last figures. The library bounds that by five seconds, whatever `limit` says.
    pub(super) async fn shutdown(self, limit: Duration) {
        let provider = self.provider;
        // The library blocks until they are sent, which needs the runtime's own threads.
        let sent = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(limit)).await;
        if !matches!(sent, Ok(Ok(()))) {
            tracing::warn!("the last metrics did not reach the collector");
        }
    }
}

/// Collects and sends on a thread of its own. What a collector does not take is not kept: the next figures hold it.
fn pushed(endpoint: &str, config: &TelemetryConfig) -> Result<PeriodicReader<MetricExporter>, TelemetryError> {
    let exporter = MetricExporter::builder()
        .with_tonic()
        .with_channel(channel(endpoint, config.otlp_timeout)?)
        .with_timeout(config.otlp_timeout)
        .build()?;
    Ok(PeriodicReader::builder(exporter)
        .with_interval(config.otlp_metrics_interval)
        .build())
}

fn bounded(_: &Instrument) -> Option<Stream> {
    Stream::builder().with_cardinality_limit(MOST_SERIES).build().ok()
}
