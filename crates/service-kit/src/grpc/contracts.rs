//! Reflection: the contracts, for clients that were built without them.

use tonic::service::RoutesBuilder;
use tonic_reflection::server::{Builder, Error};

/// Adds reflection of `descriptors` (an encoded `FileDescriptorSet`) and of `grpc.health.v1`, in both versions of its
/// protocol: Python's and Go's usual clients still speak `v1alpha`.
///
/// # Errors
/// If the descriptors are none.
pub fn add_reflection(services: &mut RoutesBuilder, descriptors: &[u8]) -> Result<(), Error> {
    services.add_service(builder(descriptors).build_v1()?);
    services.add_service(builder(descriptors).build_v1alpha()?);
    Ok(())
}

fn builder(descriptors: &[u8]) -> Builder<'_> {
    Builder::configure()
        .register_encoded_file_descriptor_set(descriptors)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
