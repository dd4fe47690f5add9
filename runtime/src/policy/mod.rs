//! The resilience policies: plain structs, each of use alone around any async closure.
//!
//! | policy | alone | what it bounds |
//! |---|---|---|
//! | [`deadline`] | [`deadline.run(work)`](deadline::Deadline::run) | the time that work takes |
//! | [`retry`] | [`retry.run(\|attempt\| work)`](retry::Retry::run) | the failures that reach the caller |
//! | [`hedge`] | [`hedge.run(\|attempt\| work)`](hedge::Hedge::run) | the latency of the slowest calls |
//! | [`cache`] | [`cache.run(key, work)`](cache::Cache::run) | the failures that reach the caller, by values that were kept |
//! | [`retry::Budget`] | [`deposit`](retry::Budget::deposit), [`try_withdraw`](retry::Budget::try_withdraw) | the load that retries add |
//! | [`breaker`] | [`breaker.run(work)`](breaker::Breaker::run) | the calls to a service that fails |
//! | [`rate_limit`] | [`rate_limit.run(work)`](rate_limit::RateLimit::run) | the calls in a second |
//! | [`throttle`] | [`throttle.run(accepts, work)`](throttle::Throttle::run) | the calls that a service does not accept |
//! | [`adaptive`] | [`adaptive.run(overloads, work)`](adaptive::Adaptive::run) | the calls under way, by how long they take |
//! | [`bulkhead`] | [`bulkhead.run(work)`](bulkhead::Bulkhead::run) | the calls under way |
//!
//! [`stack::Policies`] puts all of them but the cache, in order, around one closure. None decides for another; common ground
//! are the [clock](crate::clock), the deadline, which retry and rate limit ask whether a wait is worth its while, the budget
//! that retries and hedges are paid from, and what a failure says of the service and of another attempt. The adaptive limit
//! is a bulkhead whose size changes.
//!
//! # The sheet
//!
//! What each policy does when something other than success or failure happens.
//!
//! | | cancelled (its future dropped) | permit dropped | clock jumps | under contention | disabled |
//! |---|---|---|---|---|---|
//! | deadline | the work is dropped with it; the timer goes | – | monotonic, so the wall clock cannot touch it; a machine that slept may find it passed | no shared state | [`NEVER`](deadline::Deadline::NEVER): awaits the work, no clock, no timer |
//! | retry | no further attempt; a withdrawal already made stays made | – | a wait ends late or early by the jump, the count of attempts holds | the jitter source is one atomic add | [`Retry::never`](retry::Retry::never): one attempt |
//! | budget | never refunds | – | forwards: the window is forgotten and the reserve is whole; backwards: the newest slot goes on counting | compare-and-swap on the balance, never overdrawn; no lock | [`without_budget`](retry::Retry::without_budget) |
//! | breaker | the permit drops: nothing counted, a probe's slot is free | as cancelled | forwards: intervals, open times and leases end early; backwards: the state holds until the old time comes again | one state word and one tally, each by compare-and-swap; exactly one thread makes a change and tells the listener | [`Breaker::disabled`](breaker::Breaker::disabled): admits all, counts nothing |
//! | bulkhead | leaves the queue, or frees the place | the place goes to who waits longest | a wait in the queue ends late or early | first come, first served; one atomic step where there is room | [`Bulkhead::unlimited`](bulkhead::Bulkhead::unlimited) |
//! | adaptive limit | its place is free, and its time does not count | as cancelled | forwards: a window ends early; backwards: it lasts until the old time comes again | atomic adds; whoever ends a window computes, nobody waits for that | equal [`bounds`](adaptive::Adaptive::bounds) |
//! | cache | the turn goes to the next in line | – | forwards: values are too old early; backwards: they are usable for longer | one lock for the maps, never held across a call; one call at a time for a key | [`new(Duration::ZERO)`](cache::Cache::new): nothing stands in |
//! | hedge | all attempts are dropped with it; what was paid stays paid | – | a delay ends late or early by the jump; a window of latency is forgotten early | latency is recorded by one atomic add | [`max_attempts(1)`](hedge::Hedge::max_attempts) |
//! | rate limit | a turn that was taken stays taken | – | forwards: a full burst is there again; backwards: calls wait until the old time comes again | one word by compare-and-swap; turns in the order of the calls | [`RateLimit::unlimited`](rate_limit::RateLimit::unlimited) |
//! | throttle | counts as not accepted | as cancelled | forwards: the window is forgotten; backwards: slots of the time to come do not count | one word a slot, by compare-and-swap | [`cap(0.0)`](throttle::Throttle::cap) |
//!
//! A policy's own rejection (an open breaker, a full bulkhead, a spent budget) is never a failure of the service: no
//! breaker counts it.

pub mod adaptive;
pub mod breaker;
pub mod bulkhead;
pub mod cache;
pub mod deadline;
pub mod hedge;
pub mod rate_limit;
pub mod retry;
pub mod stack;
pub mod throttle;
