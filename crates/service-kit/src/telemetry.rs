//! Logs to standard error, traces and metrics to a collector, metrics for Prometheus too.
//!
//! Telemetry never slows a service down and never stops it: a collector that is slow, wrong or
//! gone costs spans, which are counted, and nothing else; a scraper that is slow is cut off.
//!
//! **Invariant:** neither logs nor traces hold anybody's words, addresses or subjects; ids only. Metrics hold no ids
//! either: their labels are closed sets, listed in `docs/telemetry.md`.

mod bounded;
mod measured;
mod meters;
mod panics;
mod propagation;
mod scrapes;
mod traces;

pub(crate) use measured::SECONDS;
pub use measured::{MeasuredBus, MeasuredStore};
pub use propagation::{inject, link, set_parent, trace_of};

use std::io::{IsTerminal, stderr};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::{KeyValue, global};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use tandem_domain::{Clock, IdSource};
use tokio::task::AbortHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::{LogFormat, TelemetryConfig};
use crate::ids::{SystemClock, SystemIds};
use bounded::Counts;
use meters::Meters;
use traces::Traces;

/// How often dropped spans are reported.
const REPORT_EVERY: Duration = Duration::from_mins(1);

/// Why telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.log` is no filter.
    #[error("telemetry.log is not a log filter")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// `telemetry.otlp_endpoint` is no endpoint.
    #[error("telemetry.otlp_endpoint is not the URL of a collector")]
    Endpoint(#[from] tonic::transport::Error),
    /// The exporter refuses its settings.
    #[error("traces and metrics cannot be exported")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Metrics cannot be kept for Prometheus.
    #[error("metrics cannot be kept for scraping")]
    Registry(#[from] OTelSdkError),
    /// `telemetry.prometheus_listen` is taken, or not this machine's.
    #[error("telemetry.prometheus_listen: cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// This process has a subscriber already.
    #[error("telemetry was started twice")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Which program it is that reports.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Such as `tandem-router`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// A process's telemetry. Shut it down last, so that the last spans are sent.
pub struct Telemetry {
    traces: Option<Traces>,
    meters: Option<Meters>,
    scrapes: Option<Scrapes>,
    shutdown_timeout: Duration,
    _reports: Option<DropGuard>,
}

/// The endpoint for scrapers; it ends with this.
struct Scrapes {
    address: SocketAddr,
    task: AbortHandle,
}

impl Drop for Scrapes {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Telemetry {
    /// Starts logs, traces and metrics for the whole process, and has panics logged. Must be called inside a runtime of at
    /// least two threads, since sending spans needs one, and before any instrument is made.
    ///
    /// # Errors
    /// If the settings are wrong, the address for scrapers is taken, or it was started before.
    pub fn start(config: &TelemetryConfig, program: Program) -> Result<Self, TelemetryError> {
        let filter = EnvFilter::try_new(&config.log)?;
        let telemetry = Self::without_logs(config, program)?;
        if let Some(meters) = &telemetry.meters {
            meters.make_global();
        }
        let logs = logs(config.format).with_filter(filter);
        tracing_subscriber::registry()
            .with(logs)
            .with(telemetry.layer())
            .try_init()?;
        panics::log_places_only();
        telemetry.measure_drops();
        if let Some(address) = telemetry.prometheus() {
            tracing::info!(%address, "metrics can be scraped");
        }
        Ok(telemetry)
    }

    fn without_logs(config: &TelemetryConfig, program: Program) -> Result<Self, TelemetryError> {
        let listener = config.prometheus_listen.map(scrapes::bind).transpose()?;
        let resource = resource(config, program);
        let traces = Traces::connect(config, program, &resource)?;
        let meters = Meters::connect(config, &resource)?;
        let reports = traces.as_ref().map(|traces| report_drops(traces.counts()));
        let registry = meters.as_ref().and_then(Meters::registry);
        let scrapes = listener.zip(registry).map(|((listener, address), registry)| Scrapes {
            address,
            task: tokio::spawn(scrapes::serve(listener, registry)).abort_handle(),
        });
        Ok(Self {
            traces,
            meters,
            scrapes,
            shutdown_timeout: config.shutdown_timeout,
            _reports: reports,
        })
    }

    /// Where metrics are scraped, as `http://ADDRESS/metrics`; none if they are not.
    #[must_use]
    pub fn prometheus(&self) -> Option<SocketAddr> {
        self.scrapes.as_ref().map(|scrapes| scrapes.address)
    }

    /// Lost spans are worth an alarm of their own.
    fn measure_drops(&self) {
        let Some(counts) = self.traces.as_ref().map(Traces::counts) else {
            return;
        };
        global::meter("tandem-telemetry")
            .u64_observable_counter("tandem.telemetry.spans.dropped")
            .with_unit("{span}")
            .with_description("Spans that did not reach the collector")
            .with_callback(move |observer| observer.observe(counts.dropped(), &[]))
            .build();
    }

    fn layer<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        self.traces.as_ref().map(Traces::layer)
    }

    /// Spans that were dropped so far: because the queue was full or the collector did not take them.
    #[must_use]
    pub fn dropped_spans(&self) -> u64 {
        self.traces.as_ref().map_or(0, |traces| traces.counts().dropped())
    }

    /// Sends the last spans and metrics, both at once and for as long as `telemetry.shutdown_timeout` at most, and returns
    /// how many spans were dropped in all.
    pub async fn shutdown(mut self) -> u64 {
        let (traces, meters) = (self.traces.take(), self.meters.take());
        let limit = self.shutdown_timeout;
        let last_figures = async {
            if let Some(meters) = meters {
                meters.shutdown(limit).await;
            }
        };
        let last_spans = async {
            match traces {
                Some(traces) => traces.shutdown(limit).await,
                None => 0,
            }
        };
        tokio::join!(last_spans, last_figures).0
    }
}

/// What this process is called in traces and metrics.
fn resource(config: &TelemetryConfig, program: Program) -> Resource {
    let random = || SystemIds.next(SystemClock.now()).to_string();
    let instance = config.instance.clone().unwrap_or_else(random);
    Resource::builder()
        .with_service_name(program.name)
        .with_attribute(KeyValue::new("service.version", program.version))
        .with_attribute(KeyValue::new("service.instance.id", instance))
        .build()
}

fn logs<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let terminal = stderr().is_terminal();
    let layer = fmt::layer().with_writer(stderr).with_ansi(terminal);
    match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Auto if terminal => layer.boxed(),
        LogFormat::Auto | LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
    }
}

/// Says once a minute how many spans were dropped, if any were, until the guard is dropped.
fn report_drops(counts: Arc<Counts>) -> DropGuard {
    let stopped = CancellationToken::new();
    let guard = stopped.clone().drop_guard();
    tokio::spawn(async move {
        let mut reported = 0;
        while stopped
            .run_until_cancelled(tokio::time::sleep(REPORT_EVERY))
            .await
            .is_some()
        {
            let dropped = counts.dropped();
            if dropped > reported {
                tracing::warn!(dropped = dropped - reported, total = dropped, "spans were dropped");
                reported = dropped;
            }
        }
    });
    guard
}

#[cfg(test)]
mod tests;
