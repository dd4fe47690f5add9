//! What is seen of calls from outside.

pub mod metrics;
