//! The atomics of the policies' words: std's, or loom's where their interleavings are explored (`--cfg tieline_loom`).

pub(crate) mod atomic {
    #[cfg(tieline_loom)]
    pub(crate) use loom::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering, fence};
    #[cfg(not(tieline_loom))]
    pub(crate) use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering, fence};
}
