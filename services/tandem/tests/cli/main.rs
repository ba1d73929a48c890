//! The command line as its users meet it: the program itself, its output and its exit codes.

mod answering;
mod applying;
mod auditing;
mod crashing;
mod demo;
mod escalating;
mod measuring;
mod past;
mod reading;
mod running;
mod support;
mod tokens;
mod upgrading;
mod working;
