//! A fleet under virtual time: servers that fail as they are told to, clients that call at random moments. All of it
//! follows from a seed, to the nanosecond.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use tieline::client::ClientBuilder;
use tieline::clock::Clock;
use tieline::http::{
    Body, ConnectCause, Endpoint, Exchange, ExchangeFuture, Line, ResponseBody, TransportError,
    TransportErrorKind,
};
use tieline::observe::metrics::Metrics;
use tieline::policy::retry::{Budget, Retry};
use tieline::random::Random;
use tieline::{Client, Error};
use tokio::time::Instant;

/// How many calls a simulation makes: `TIELINE_FLEET_CALLS`, or as many as are made in CI.
pub(crate) fn calls(in_ci: u64) -> u64 {
    let set = std::env::var("TIELINE_FLEET_CALLS").ok();
    set.map_or(in_ci, |calls| {
        calls.parse().expect("TIELINE_FLEET_CALLS is a number")
    })
}

/// Runs a simulation on one thread, under paused time.
pub(crate) fn simulate<T>(simulation: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(simulation)
}

/// What a server does with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It answers.
    Well,
    /// It answers with 503.
    Failing,
    /// It answers well, and this much later.
    Slow(Duration),
    /// It never answers.
    Silent,
    /// Nobody listens.
    Gone,
}

/// A service: what it does, what it was asked. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Service(Arc<Mutex<State>>);

struct State {
    random: Random,
    clock: Clock,
    mood: Mood,
    began: Instant,
    /// Requests by the tenth of a second that they came in.
    arrivals: BTreeMap<u64, u64>,
    attempts: u64,
    digest: DefaultHasher,
}

impl Service {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: Random::seeded(seed),
            clock: Clock::from_now(),
            mood: Mood::Well,
            began: Instant::now(),
            arrivals: BTreeMap::new(),
            attempts: 0,
            digest: DefaultHasher::new(),
        })))
    }

    pub(crate) fn be(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// How often it was asked.
    pub(crate) fn attempts(&self) -> u64 {
        self.state().attempts
    }

    /// The most requests of a tenth of a second between two times.
    pub(crate) fn peak(&self, from: Duration, to: Duration) -> u64 {
        let tenths = |time: Duration| (time.as_millis() / 100) as u64;
        let state = self.state();
        let within = state.arrivals.range(tenths(from)..tenths(to));
        within.map(|(_, requests)| *requests).max().unwrap_or(0)
    }

    /// What tells one course of events from another: what was asked, and when.
    pub(crate) fn digest(&self) -> u64 {
        self.state().digest.finish()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic before")
    }

    /// A client of it, with every policy at its default.
    pub(crate) fn client(&self, seed: u64) -> ClientBuilder {
        client(Line::over(self.clone()), self.state().clock, seed)
    }
}

fn client(line: Line, clock: Clock, seed: u64) -> ClientBuilder {
    let budget = Budget::on(clock, Budget::RATIO, Budget::RESERVE_PER_SECOND, Budget::WINDOW);
    Client::builder("fleet")
        .line(line)
        .clock(clock)
        .retry(Retry::default().budget(Arc::new(budget)))
        .random(Arc::new(Random::seeded(seed)))
        .metrics(Arc::new(Metrics::new()))
}

/// Three replicas of a service.
#[derive(Clone)]
pub(crate) struct Replicas([Service; 3]);

impl Replicas {
    const HOSTS: [&str; 3] = ["a", "b", "c"];

    pub(crate) fn new(seed: u64) -> Self {
        let clock = Clock::from_now();
        Self([0, 1, 2].map(|number| {
            let service = Service::new(seed + number);
            service.state().clock = clock;
            service
        }))
    }

    pub(crate) fn all(&self) -> &[Service; 3] {
        &self.0
    }

    /// A client of all three, with every policy at its default.
    pub(crate) fn client(&self, seed: u64) -> ClientBuilder {
        let clock = self.0[0].state().clock;
        let endpoints =
            Self::HOSTS.map(|host| Endpoint::parse(&format!("http://{host}")).expect("an address"));
        client(Line::over(self.clone()), clock, seed).endpoints(endpoints)
    }
}

impl Exchange for Replicas {
    fn exchange<'a>(&'a self, endpoint: &'a Endpoint, request: Request<Body>) -> ExchangeFuture<'a> {
        let replica = Self::HOSTS.iter().position(|host| *host == endpoint.host());
        self.0[replica.expect("one of the three")].exchange(endpoint, request)
    }
}

/// Makes calls, so many at a time, one after the other; gives what came of them and how long each took, sorted.
pub(crate) async fn crowd(client: &Client, at_a_time: u64, each: u64) -> (Outcomes, Vec<Duration>) {
    let all = (0..at_a_time).map(|worker| {
        let client = client.clone();
        async move {
            let (mut outcomes, mut times) = (Outcomes::default(), Vec::new());
            for call in 0..each {
                let began = Instant::now();
                let outcome = client.get(&format!("calls/{worker}/{call}")).await.map(drop);
                outcomes.note(&outcome);
                times.push(began.elapsed());
            }
            (outcomes, times)
        }
    });
    let (mut outcomes, mut times) = (Outcomes::default(), Vec::new());
    for (own, took) in futures_util::future::join_all(all).await {
        outcomes.well += own.well;
        outcomes.failed += own.failed;
        outcomes.rejected += own.rejected;
        times.extend(took);
    }
    times.sort();
    (outcomes, times)
}

impl Exchange for Service {
    /// Takes 5 to 15 ms.
    fn exchange<'a>(&'a self, _: &'a Endpoint, request: Request<Body>) -> ExchangeFuture<'a> {
        let (took, mood) = {
            let mut state = self.state();
            let at = state.began.elapsed();
            state.attempts += 1;
            *state.arrivals.entry((at.as_millis() / 100) as u64).or_default() += 1;
            (at, request.uri().path()).hash(&mut state.digest);
            let took = state
                .random
                .between(Duration::from_millis(5), Duration::from_millis(15));
            (took, state.mood)
        };
        Box::pin(async move {
            match mood {
                Mood::Well | Mood::Failing => tokio::time::sleep(took).await,
                Mood::Slow(more) => tokio::time::sleep(took + more).await,
                Mood::Silent => std::future::pending().await,
                Mood::Gone => {
                    let refused = TransportErrorKind::Connect(ConnectCause::Refused);
                    return Err(TransportError::custom(refused, "nobody listens", "gone"));
                }
            }
            let mut response = Response::new(ResponseBody::empty());
            if mood == Mood::Failing {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            Ok(response)
        })
    }
}

/// What came of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub(crate) well: u64,
    pub(crate) failed: u64,
    /// Not sent: a policy of the client's own refused them.
    pub(crate) rejected: u64,
}

impl Outcomes {
    fn note(&mut self, outcome: &Result<(), Error>) {
        match outcome {
            Ok(()) => self.well += 1,
            Err(error) if error.is_rejected() => self.rejected += 1,
            Err(_) => self.failed += 1,
        }
    }
}

/// Makes calls by all of the clients in turn, so many a second on average, at random moments, and waits for the last.
pub(crate) async fn load(clients: &[Client], calls: u64, per_second: f64, seed: u64) -> Outcomes {
    let random = Random::seeded(seed);
    let outcomes = Arc::new(Mutex::new(Outcomes::default()));
    let mut under_way = tokio::task::JoinSet::new();
    for (number, client) in (0..calls).zip(clients.iter().cycle()) {
        // Poisson arrivals: exponential gaps.
        let gap = -(1.0 - random.unit()).ln() / per_second;
        tokio::time::sleep(Duration::from_secs_f64(gap)).await;
        let (client, outcomes) = (client.clone(), Arc::clone(&outcomes));
        under_way.spawn(async move {
            let outcome = client.get(&format!("calls/{number}")).await.map(drop);
            outcomes.lock().expect("no panic before").note(&outcome);
        });
        while under_way.try_join_next().is_some() {}
    }
    under_way.join_all().await;
    *outcomes.lock().expect("no panic before")
}
