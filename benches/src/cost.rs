//! What work costs: CPU time and allocations of this thread.
//!
//! CPU time, not the time on the wall: other processes of the machine disturb it least.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// What work on this thread cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// CPU time of the thread.
    pub(crate) cpu: Duration,
    /// Calls of the allocator, reallocations among them.
    pub(crate) allocations: u64,
    /// Octets asked of the allocator in all.
    pub(crate) bytes: u64,
}

/// Runs `work` and says what it cost this thread.
pub(crate) fn of<T>(work: impl FnOnce() -> T) -> Result<(T, Cost), nix::Error> {
    let mut result = None;
    let started = thread_cpu()?;
    let counted = allocation_counter::measure(|| result = Some(work()));
    let cpu = thread_cpu()?.saturating_sub(started);
    let cost = Cost {
        cpu,
        allocations: counted.count_total,
        bytes: counted.bytes_total,
    };
    // `measure` has called the closure: it returns nothing of its own.
    result.map(|result| (result, cost)).ok_or(nix::Error::EINVAL)
}

/// Runs `work` and says how much CPU time of this thread it took; allocations are not counted, which would cost time.
pub(crate) fn cpu_of<T>(work: impl FnOnce() -> T) -> Result<(T, Duration), nix::Error> {
    let started = thread_cpu()?;
    let result = work();
    Ok((result, thread_cpu()?.saturating_sub(started)))
}

/// CPU time of this thread so far.
fn thread_cpu() -> Result<Duration, nix::Error> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}
