//! Logs to standard error and traces to a collector.
//!
//! Telemetry never slows a service down and never stops it: a collector that is slow, wrong or
//! gone costs spans, which are counted, and nothing else.
//!
//! **Invariant:** neither logs nor traces hold anybody's words, addresses or subjects; ids only.

mod bounded;
mod panics;
mod propagation;
mod traces;

pub use propagation::{inject, set_parent, trace_of};

use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::{LogFormat, TelemetryConfig};
use bounded::Counts;
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
    #[error("traces cannot be exported")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
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
    shutdown_timeout: Duration,
    _reports: Option<DropGuard>,
}

impl Telemetry {
    /// Starts logs and traces for the whole process, and has panics logged. Must be called inside a runtime of at least two threads,
    /// since sending spans needs one.
    ///
    /// # Errors
    /// If the settings are wrong, or it was started before.
    pub fn start(config: &TelemetryConfig, program: Program) -> Result<Self, TelemetryError> {
        let filter = EnvFilter::try_new(&config.log)?;
        let telemetry = Self::with_traces(config, program)?;
        let logs = logs(config.format).with_filter(filter);
        tracing_subscriber::registry()
            .with(logs)
            .with(telemetry.layer())
            .try_init()?;
        panics::log_places_only();
        Ok(telemetry)
    }

    fn with_traces(config: &TelemetryConfig, program: Program) -> Result<Self, TelemetryError> {
        let traces = Traces::connect(config, program)?;
        let reports = traces.as_ref().map(|traces| report_drops(traces.counts()));
        Ok(Self {
            traces,
            shutdown_timeout: config.shutdown_timeout,
            _reports: reports,
        })
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

    /// Sends the last spans, for as long as `telemetry.shutdown_timeout` at most, and returns how many
    /// were dropped in all.
    pub async fn shutdown(mut self) -> u64 {
        let Some(traces) = self.traces.take() else { return 0 };
        traces.shutdown(self.shutdown_timeout).await
    }
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
