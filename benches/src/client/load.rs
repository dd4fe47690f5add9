//! Calls in rows: so many at once, so many in all.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::Kind;
use crate::Failure;
use crate::cost::{self, Cost};
use crate::report::quantile;

/// Who makes calls, one after another.
pub(super) trait Caller: Send + 'static {
    /// What it sends with a POST. Made beforehand: making it is no part of a call.
    type Order: Clone + Send + 'static;

    /// `GET /pets/7`.
    fn get(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;

    /// `POST /orders`.
    fn post(&mut self, order: Self::Order) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// How much to call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) kind: Kind,
    pub(super) concurrency: usize,
    pub(super) calls: usize,
    /// Whether allocations are counted, which takes a little time of its own.
    pub(super) counted: bool,
}

/// What a call cost in a round, on average, and how long calls took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sample {
    pub(super) cpu_us: f64,
    pub(super) allocations: f64,
    pub(super) bytes: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

/// A peer, whatever its types are.
pub(super) trait Lane {
    fn name(&self) -> &'static str;

    /// Makes the calls and says what they cost.
    fn run(&mut self, runtime: &Runtime, load: Load) -> Result<Sample, Failure>;
}

/// The callers of a peer.
pub(super) struct Lanes<C: Caller> {
    pub(super) name: &'static str,
    pub(super) callers: Vec<C>,
    pub(super) order: C::Order,
}

/// A caller with what it needs for its share of a round.
struct Shift<C: Caller> {
    caller: C,
    orders: Vec<C::Order>,
    took: Vec<Duration>,
    calls: usize,
}

impl<C: Caller> Shift<C> {
    async fn work(mut self, kind: Kind) -> Result<Self, Failure> {
        for _ in 0..self.calls {
            let started = Instant::now();
            match kind {
                Kind::Get => self.caller.get().await?,
                Kind::Post => match self.orders.pop() {
                    Some(order) => self.caller.post(order).await?,
                    None => return Err("there are fewer orders than calls".into()),
                },
            }
            self.took.push(started.elapsed());
        }
        Ok(self)
    }
}

impl<C: Caller> Lanes<C> {
    /// The shifts of a round: all that is allocated before the measurement begins.
    fn shifts(&mut self, load: Load) -> Vec<Shift<C>> {
        let share = load.calls / load.concurrency;
        let orders = match load.kind {
            Kind::Get => 0,
            Kind::Post => share,
        };
        let shift = |caller| Shift {
            caller,
            orders: vec![self.order.clone(); orders],
            took: Vec::with_capacity(share),
            calls: share,
        };
        self.callers
            .drain(..load.concurrency.min(self.callers.len()))
            .map(shift)
            .collect()
    }
}

impl<C: Caller> Lane for Lanes<C> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&mut self, runtime: &Runtime, load: Load) -> Result<Sample, Failure> {
        let shifts = self.shifts(load);
        let mut done = Vec::with_capacity(shifts.len());
        let mut tasks = Vec::with_capacity(shifts.len());
        let work = || {
            runtime.block_on(async {
                for shift in shifts {
                    tasks.push(tokio::spawn(shift.work(load.kind)));
                }
                for task in tasks {
                    done.push(task.await??);
                }
                Ok::<(), Failure>(())
            })
        };
        let (outcome, cost) = if load.counted {
            cost::of(work)?
        } else {
            let (outcome, cpu) = cost::cpu_of(work)?;
            let cost = Cost {
                cpu,
                ..Cost::default()
            };
            (outcome, cost)
        };
        outcome?;
        let calls: usize = done.iter().map(|shift| shift.took.len()).sum();
        let each = |total: f64| total / calls.max(1) as f64;
        let took = || {
            done.iter()
                .flat_map(|shift| &shift.took)
                .map(|took| micros(*took))
        };
        let sample = Sample {
            cpu_us: each(micros(cost.cpu)),
            allocations: each(cost.allocations as f64),
            bytes: each(cost.bytes as f64),
            p50_us: quantile(took(), 0.5),
            p99_us: quantile(took(), 0.99),
        };
        self.callers.extend(done.into_iter().map(|shift| shift.caller));
        Ok(sample)
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
