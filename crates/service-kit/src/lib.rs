//! What every service of Tandem shares: configuration, telemetry, lifecycle, health, who asks
//! and what they may, errors as gRPC statuses, and gRPC with its limits.
//!
//! **Architecture invariant:** nothing in here knows a store, a bus, a core or Tandem's own
//! messages. The table of what each role may call ([`auth::table`]) names methods by path.

pub mod auth;
pub mod config;
pub mod error;
pub mod grpc;
pub mod health;
pub mod ids;
pub mod lifecycle;
pub mod page;
pub mod telemetry;
