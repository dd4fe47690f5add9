//! A call of a generated client with every policy on, against raw hyper, hyper-util's pool and reqwest.
//!
//! ```text
//! server (a process of its own) <- every peer calls the same one
//! per kind of call and concurrency, in rounds: hyper, hyper-util, reqwest, tieline, and again from another start
//! ```
//!
//! One thread makes the calls, so that its CPU time and its allocations are all that a call costs, the connection's task
//! included. Allocations are counted in a round of their own, before the clock runs. The rounds interleave the peers: whatever else the machine does hits all alike. Ratios are taken round by
//! round, and their median is shown.

mod load;
mod peers;
mod server;
mod wire;

use clap::Args;

use self::load::{Lane, Load, Sample};
pub(crate) use self::server::serve;
use crate::Failure;
use crate::report::{Figure, Goal, median};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Calls in a round, for each peer, kind of call and concurrency.
    #[arg(long, default_value_t = 1_500)]
    calls: usize,
    /// Rounds.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

const HYPER: &str = "hyper";
const TIELINE: &str = "tieline";

/// How many calls are under way at once.
const CONCURRENCY: [usize; 2] = [1, 32];

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let server = server::Running::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let most = CONCURRENCY.into_iter().max().unwrap_or(1);
    let mut lanes = runtime.block_on(peers::lanes(server.address(), most))?;
    for kind in [Kind::Get, Kind::Post] {
        for concurrency in CONCURRENCY {
            let load = Load {
                kind,
                concurrency,
                calls: options.calls.max(concurrency),
                counted: false,
            };
            let rounds = measure(&runtime, &mut lanes, load, options.rounds.max(1))?;
            print(load, &lanes, &rounds);
        }
    }
    Ok(())
}

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `GET /pets/7`: a reply of some 200 octets.
    Get,
    /// `POST /orders`: some 1,000 octets each way.
    Post,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }

    /// The goal for the allocations of a call.
    fn allocations(self) -> f64 {
        match self {
            Self::Get => 18.0,
            Self::Post => 41.0,
        }
    }
}

/// The samples of all lanes, in their order, round by round.
fn measure(
    runtime: &tokio::runtime::Runtime,
    lanes: &mut [Box<dyn Lane>],
    load: Load,
    rounds: usize,
) -> Result<Vec<Vec<Sample>>, Failure> {
    let warm_up = Load {
        calls: (load.calls / 4).max(load.concurrency),
        ..load
    };
    let mut counted = Vec::with_capacity(lanes.len());
    for lane in lanes.iter_mut() {
        lane.run(runtime, warm_up)?;
        counted.push(lane.run(
            runtime,
            Load {
                counted: true,
                ..load
            },
        )?);
    }
    let mut all = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let mut samples = vec![Sample::default(); lanes.len()];
        for step in 0..lanes.len() {
            // Another peer begins each round, so that none always follows the same one.
            let index = (round + step) % lanes.len();
            samples[index] = Sample {
                allocations: counted[index].allocations,
                bytes: counted[index].bytes,
                ..lanes[index].run(runtime, load)?
            };
        }
        all.push(samples);
    }
    Ok(all)
}

/// A figure of a sample.
struct Measure {
    name: &'static str,
    unit: &'static str,
    of: fn(&Sample) -> f64,
    goal: fn(Load) -> Option<Goal>,
}

/// All figures of a call.
const MEASURES: [Measure; 5] = [
    Measure {
        name: "cpu",
        unit: "us",
        of: |sample| sample.cpu_us,
        goal: |_| Some(Goal::Times(1.25, HYPER)),
    },
    Measure {
        name: "allocations",
        unit: "count",
        of: |sample| sample.allocations,
        // Concurrency spawns tasks of the benchmark's own; the goal is for a call alone.
        goal: |load| (load.concurrency == 1).then(|| Goal::AtMost(load.kind.allocations())),
    },
    Measure {
        name: "bytes",
        unit: "octets",
        of: |sample| sample.bytes,
        goal: |_| None,
    },
    Measure {
        name: "latency-p50",
        unit: "us",
        of: |sample| sample.p50_us,
        goal: |_| None,
    },
    Measure {
        name: "latency-p99",
        unit: "us",
        of: |sample| sample.p99_us,
        goal: |_| None,
    },
];

/// Prints each peer's medians, and Tieline's with their ratios to the others.
fn print(load: Load, lanes: &[Box<dyn Lane>], rounds: &[Vec<Sample>]) {
    for measure in &MEASURES {
        for (index, lane) in lanes.iter().enumerate() {
            let name = format!(
                "client/{}/c{}/{}/{}",
                load.kind.name(),
                load.concurrency,
                lane.name(),
                measure.name
            );
            let value = median(rounds.iter().map(|round| (measure.of)(&round[index])));
            let mut figure = Figure::new(name, value, measure.unit);
            if lane.name() == TIELINE {
                figure = figure.goal((measure.goal)(load));
                for (other, peer) in lanes.iter().enumerate().filter(|(other, _)| *other != index) {
                    let ratio = median(
                        rounds
                            .iter()
                            .map(|round| (measure.of)(&round[index]) / (measure.of)(&round[other])),
                    );
                    figure = figure.ratio(peer.name(), ratio);
                }
            }
            figure.print();
        }
    }
}
