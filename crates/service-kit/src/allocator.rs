//! How every process of Tandem gets its memory. What a command brings is allocated by one thread and freed by another,
//! which the C library pays for with locks and consolidation: a third to a half of the durable throughput of a desk.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
