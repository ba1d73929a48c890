//! The documentation and defaults of the shared sections, for [`load`](super::load).

/// `[grpc]`, see [`GrpcConfig`](super::GrpcConfig).
pub const GRPC: &str = include_str!("../../defaults/grpc.toml");
/// `[store]`, see [`StoreConfig`](super::StoreConfig).
pub const STORE: &str = include_str!("../../defaults/store.toml");
/// `[bus]`, see [`BusConfig`](super::BusConfig).
pub const BUS: &str = include_str!("../../defaults/bus.toml");
/// `[auth]`, see [`AuthConfig`](super::AuthConfig).
pub const AUTH: &str = include_str!("../../defaults/auth.toml");
/// `[telemetry]`, see [`TelemetryConfig`](super::TelemetryConfig).
pub const TELEMETRY: &str = include_str!("../../defaults/telemetry.toml");
/// `[lifecycle]`, see [`LifecycleConfig`](super::LifecycleConfig).
pub const LIFECYCLE: &str = include_str!("../../defaults/lifecycle.toml");
/// `[smarthost]`, see [`SmarthostConfig`](super::SmarthostConfig); only for services that send mail.
pub const SMARTHOST: &str = include_str!("../../defaults/smarthost.toml");

/// The sections that every service has as a process of its own.
pub(super) const SHARED: [&str; 6] = [GRPC, STORE, BUS, AUTH, TELEMETRY, LIFECYCLE];
