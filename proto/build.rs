//! Compiles the contracts with `protox`, a compiler in Rust: nobody needs `protoc`.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use prost::Message as _;

const FILES: [&str; 13] = [
    "common",
    "ingest",
    "ticket",
    "ticket_handling",
    "agent",
    "desk",
    "sla",
    "escalation",
    "compiled_desk",
    "handling_events",
    "events",
    "escalation_events",
    "metrics",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=tandem");
    let files = FILES.map(|name| format!("tandem/v1/{name}.proto"));
    let descriptors = protox::compile(files, ["."])?;
    let out_dir = env::var("OUT_DIR")?;
    fs::write(Path::new(&out_dir).join("tandem.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().bytes(".").compile_fds(descriptors)?;
    Ok(())
}
