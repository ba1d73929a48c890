//! The contracts of Tandem as Rust types, generated from `proto/tandem/v1`.
//!
//! **Architecture invariant:** these types stop at the services' edge and at the journal's codec.

/// Version 1 of the contracts.
#[expect(
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::large_enum_variant,
    reason = "generated; the contracts themselves are linted by buf"
)]
pub mod v1 {
    tonic::include_proto!("tandem.v1");
}

/// All contracts with their comments, as an encoded `FileDescriptorSet`, for reflection and checks.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/tandem.bin"));
