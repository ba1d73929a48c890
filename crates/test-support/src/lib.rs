//! What tests share: real servers on free ports, and a network that fails when told to.

pub mod disk;
pub mod nats;
pub mod port;
pub mod postgres;
pub mod proxy;
