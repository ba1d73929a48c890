//! What measures mean, one definition after the other, and the laws that their rows keep.

#![cfg(test)]

mod breaches;
mod definitions;
mod intervals;
mod live;
mod queries;
mod sketches;
mod splits;
mod support;
mod teams;
