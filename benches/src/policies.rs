//! The policies around work that does nothing: what they cost by themselves.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tieline::observe::metrics::{AttemptOutcome, Metrics, Operation, Status};
use tieline::policy::breaker::{Breaker, Judgement, Settings};
use tieline::policy::bulkhead::Bulkhead;
use tieline::policy::deadline::Deadline;
use tieline::policy::retry::{Retry, Verdict};
use tieline::policy::stack::Policies;
use tokio::runtime::Runtime;
use tracing::Instrument as _;

use crate::report::{Figure, Goal, median};
use crate::{Failure, cost};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Runs of the work in a round.
    #[arg(long, default_value_t = 100_000)]
    calls: u32,
    /// Rounds.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

/// A way to run the work, so many times.
struct Case {
    name: &'static str,
    /// In nanoseconds.
    goal: Option<f64>,
    run: Box<dyn Fn(&Runtime, u32)>,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let cases = cases();
    let calls = options.calls.max(1);
    let mut times = vec![Vec::new(); cases.len()];
    for case in &cases {
        (case.run)(&runtime, calls / 4);
    }
    for _ in 0..options.rounds.max(1) {
        for (case, times) in cases.iter().zip(&mut times) {
            let ((), cpu) = cost::cpu_of(|| (case.run)(&runtime, calls))?;
            times.push(cpu.as_secs_f64() * 1e9 / f64::from(calls));
        }
    }
    for (case, times) in cases.iter().zip(times) {
        let goal = case.goal.map(Goal::AtMost);
        Figure::new(format!("policies/{}/cpu", case.name), median(times), "ns")
            .goal(goal)
            .print();
        let ((), cost) = cost::of(|| (case.run)(&runtime, calls))?;
        // Rounded: the runtime itself allocates a little, once.
        let allocations = (cost.allocations as f64 / f64::from(calls)).round();
        Figure::new(
            format!("policies/{}/allocations", case.name),
            allocations,
            "count",
        )
        .goal(goal.map(|_| Goal::AtMost(0.0)))
        .print();
    }
    Ok(())
}

/// Retry with budget, breaker and bulkhead.
fn stack() -> Policies {
    Policies::none()
        .breaker(Breaker::new(Settings::new("nothing")))
        .bulkhead(Bulkhead::new(64))
        .retry(Retry::default())
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "nothing",
            goal: None,
            run: repeated(Policies::none(), Deadline::NEVER),
        },
        Case {
            name: "breaker",
            goal: None,
            run: repeated(
                Policies::none().breaker(Breaker::new(Settings::new("nothing"))),
                Deadline::NEVER,
            ),
        },
        Case {
            name: "bulkhead",
            goal: None,
            run: repeated(Policies::none().bulkhead(Bulkhead::new(64)), Deadline::NEVER),
        },
        Case {
            name: "retry",
            goal: None,
            run: repeated(Policies::none().retry(Retry::default()), Deadline::NEVER),
        },
        Case {
            name: "deadline",
            goal: None,
            run: repeated(Policies::none().timeout(Duration::from_secs(30)), Deadline::NEVER),
        },
        Case {
            name: "all-but-timer",
            goal: Some(150.0),
            run: repeated(stack(), Deadline::NEVER),
        },
        Case {
            name: "all",
            goal: Some(500.0),
            run: observed(stack().timeout(Duration::from_secs(30))),
        },
    ]
}

/// The work is done at once, so that no timer is registered.
fn repeated(policies: Policies, deadline: Deadline) -> Box<dyn Fn(&Runtime, u32)> {
    Box::new(move |runtime, calls| {
        runtime.block_on(async {
            for call in 0..calls {
                let outcome = policies
                    .run_until(deadline, judge, |_| async move { Ok::<_, Infallible>(call) })
                    .await;
                std::hint::black_box(outcome).ok();
            }
        });
    })
}

/// The work waits once, so that the deadline registers its timer; metrics and a disabled span stand around it.
fn observed(policies: Policies) -> Box<dyn Fn(&Runtime, u32)> {
    let metrics: Arc<Operation> = Metrics::new().operation("nothing", "nothing", "GET");
    Box::new(move |runtime, calls| {
        runtime.block_on(async {
            for call in 0..calls {
                let started = Instant::now();
                let span = tracing::debug_span!("call", call);
                let work = |_| async {
                    tokio::task::yield_now().await;
                    metrics.attempt(AttemptOutcome::Success);
                    Ok::<_, Infallible>(call)
                };
                let outcome = policies
                    .run_until(Deadline::NEVER, judge, work)
                    .instrument(span)
                    .await;
                metrics.call(Status::Http(200), started.elapsed());
                std::hint::black_box(outcome).ok();
            }
        });
    })
}

fn judge(never: &Infallible) -> (Verdict, Judgement) {
    match *never {}
}
