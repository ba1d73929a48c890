//! Reflection: the contracts, for clients that were built without them.

use tonic::service::RoutesBuilder;
use tonic_reflection::server::{Builder, Error};

const HEALTH: &str = "grpc.health.v1.Health";

/// What a process shows of itself.
#[derive(Clone, Copy, Debug)]
pub struct Contracts<'a> {
    /// An encoded `FileDescriptorSet`; it may hold more than the process serves.
    pub descriptors: &'a [u8],
    /// The services that the process serves, such as `tandem.v1.TicketService`.
    pub services: &'a [&'a str],
}

/// Adds reflection of `contracts` and of `grpc.health.v1`, in both versions of its protocol: Python's and Go's usual
/// clients still speak `v1alpha`.
///
/// # Errors
/// If the descriptors are none.
pub fn add_reflection(services: &mut RoutesBuilder, contracts: Contracts<'_>) -> Result<(), Error> {
    services.add_service(builder(contracts).build_v1()?);
    services.add_service(builder(contracts).build_v1alpha()?);
    Ok(())
}

fn builder(contracts: Contracts<'_>) -> Builder<'_> {
    let builder = Builder::configure()
        .register_encoded_file_descriptor_set(contracts.descriptors)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .with_service_name(HEALTH);
    let served = contracts.services.iter();
    served.fold(builder, |builder, service| builder.with_service_name(*service))
}
