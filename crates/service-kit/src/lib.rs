//! What every service of Tandem shares: configuration, telemetry, lifecycle, health, who asks
//! and what they may, errors as gRPC statuses, and gRPC with its limits.
//!
//! **Architecture invariant:** nothing in here knows a core, only `desk_files` calls one of Tandem's own methods, and only
//! `deployment`, which opens them, knows which stores and buses there are. The table of what each role may call ([`auth::table`]) names
//! methods by path.

mod allocator;
pub mod auth;
pub mod config;
pub mod deployment;
pub mod desk_files;
pub mod error;
pub mod fields;
pub mod grpc;
pub mod health;
pub mod ids;
pub mod lifecycle;
pub mod page;
pub mod process;
pub mod readiness;
pub mod smarthost;
pub mod telemetry;
