//! The whole platform with one command: creates a user and an order, then lets user-service hang, takes it away and
//! brings it back while orders flow, and shows what deadlines, retries and breaker did.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::{Value, json};
use tieline::client::ClientBuilder;
use tieline::observe::metrics::{AttemptOutcome, Metrics, Rejection, Status};
use tieline::{Client, Code, Error, Reply};
use tieline_orders::platform::{Running, StartError, gateway_router, order_router, stop_signal, user_router};
use tieline_orders::settings::{client, log};
use tokio::sync::mpsc;

/// Runs the order platform on loopback and shows what happens when a service goes away.
#[derive(Debug, Parser)]
struct Arguments {
    /// Keep serving on the usual ports (3000, 50051, 50052) afterwards, for curl.
    #[arg(long)]
    serve: bool,
    /// The user database; a temporary SQLite file unless given.
    #[arg(long, env = "USER_DATABASE_URL")]
    user_database: Option<String>,
    /// The order database; a temporary SQLite file unless given.
    #[arg(long, env = "ORDER_DATABASE_URL")]
    order_database: Option<String>,
}

/// How long an open breaker waits before it probes, 30 s by default, and how long results count, 10 s by default:
/// shorter here, so that a person sees it.
const OPEN_FOR: Duration = Duration::from_secs(1);
/// Orders are sent this far apart.
const PACE: Duration = Duration::from_millis(50);
/// How long the sender of an order waits for it.
const PATIENCE: Duration = Duration::from_millis(400);
/// How long each part of the show lasts.
const ACT: Duration = Duration::from_millis(1500);

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let arguments = Arguments::parse();
    log("off");
    let folder = tempfile::tempdir()?;
    let file = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
    let user_database = arguments
        .user_database
        .clone()
        .unwrap_or_else(|| file("userdb.sqlite"));
    let order_database = arguments
        .order_database
        .clone()
        .unwrap_or_else(|| file("orderdb.sqlite"));
    let port = |usual: u16| SocketAddr::from(([127, 0, 0, 1], if arguments.serve { usual } else { 0 }));

    let (changes, mut heard) = mpsc::unbounded_channel();
    let started = Instant::now();
    let users_at = Running::start(port(50051), user_router(&user_database).await?).await?;
    let users = to("user-service", users_at.address, "order-service")?.breaker(|settings| {
        settings
            .interval(OPEN_FOR)
            .open_for(OPEN_FOR)
            .on_state_change(move |change| {
                // Nobody listens any more once the show is over.
                let _ = changes.send((started.elapsed(), format!("{} -> {}", change.from, change.to)));
            })
    });
    let orders_at = Running::start(port(50052), order_router(&order_database, users).await?).await?;
    // With the breakers further out switched off, what happens between order-service and user-service can be seen.
    let gateway = gateway_router(
        to("user-service", users_at.address, "api-gateway")?,
        to("order-service", orders_at.address, "api-gateway")?.breaker(|settings| settings.enabled(false)),
    )?;
    let gateway_at = Running::start(port(3000), gateway).await?;
    println!("api-gateway   http://{}", gateway_at.address);
    println!(
        "user-service  {} (gRPC)\norder-service {} (gRPC)\n",
        users_at.address, orders_at.address
    );

    let platform = Client::builder("api-gateway").url(&format!("http://{}", gateway_at.address))?;
    let platform = platform
        .caller("demo")
        .breaker(|settings| settings.enabled(false))
        .build()?;
    let user = show(
        &platform,
        "/users",
        &json!({ "name": "John Doe", "email": "john@example.com" }),
    )
    .await?;
    let order = json!({
        "userId": user["user"]["id"],
        "items": [{ "productName": "Laptop", "quantity": 1, "price": 999.99 }]
    });
    show(&platform, "/orders", &order).await?;
    println!("GET /health\n{}\n", pretty(&platform.get("/health").await?)?);

    println!("Now an order every {PACE:?}, each given {PATIENCE:?}, while user-service comes and goes:\n");
    let flow = Flow::start(&platform, order);
    tokio::time::sleep(ACT).await;
    flow.tell("works");
    let address = users_at.address;
    users_at.stop().await;
    let hole = BlackHole::dig(address).await?;
    tokio::time::sleep(ACT).await;
    flow.tell("hangs");
    hole.fill().await;
    tokio::time::sleep(ACT).await;
    flow.tell("is away");
    let users_at = Running::start(address, user_router(&user_database).await?).await?;
    tokio::time::sleep(2 * ACT).await;
    flow.tell("is back");
    flow.stop().await;

    println!(
        "\nThe breaker of order-service towards user-service (open for {OPEN_FOR:?} here, 30 s by default):"
    );
    while let Ok((at, change)) = heard.try_recv() {
        println!("  after {:>4.1} s  {change}", at.as_secs_f64());
    }
    tell_counts();

    if arguments.serve {
        println!(
            "\nServing until Ctrl-C. Try:\n  curl -s http://{}/health",
            gateway_at.address
        );
        println!(
            "  curl -s -X POST http://{}/users -H 'content-type: application/json' \\",
            gateway_at.address
        );
        println!("    -d '{{\"name\": \"Ada Lovelace\", \"email\": \"ada@example.com\"}}'");
        stop_signal().await;
    }
    platform.close();
    for service in [gateway_at, orders_at, users_at] {
        service.stop().await;
    }
    Ok(())
}

/// A client of a service at a loopback address. It fails at once when the service is away, so that its retries show.
fn to(service: &str, address: SocketAddr, caller: &str) -> Result<ClientBuilder, StartError> {
    Ok(client(service, &address.to_string(), caller)?.wait_for_ready(false))
}

/// Posts, and shows what went out and what came back.
async fn show(platform: &Client, path: &str, body: &Value) -> Result<Value, StartError> {
    println!("POST {path}\n{body}");
    let reply = platform.post(path, body).await?;
    println!("{}\n{}\n", reply.status(), pretty(&reply)?);
    Ok(reply.json()?)
}

fn pretty(reply: &Reply<tieline::generated::v1::Bytes>) -> Result<String, StartError> {
    Ok(serde_json::to_string_pretty(&reply.json::<Value>()?)?)
}

/// What the client of user-service counted in order-service; the same numbers as in `Metrics::render`.
fn tell_counts() {
    let metrics = Metrics::global();
    let (calls, service) = (
        metrics.operation("user-service", "ValidateUser", "ValidateUser"),
        metrics.service("user-service"),
    );
    let by = |outcome| calls.attempts(outcome);
    let (well, failed) = (by(AttemptOutcome::Success), by(AttemptOutcome::Failure));
    let (late, cut) = (by(AttemptOutcome::Timeout), by(AttemptOutcome::Cancelled));
    let ended = |code: Code| calls.calls(Status::Code(code as u8));
    let total: u64 = Code::all().iter().map(|code| ended(*code)).sum();
    let turned_away = service.rejections(Rejection::BreakerOpen);
    let attempts = well + failed + late + cut;
    println!("\norder-service -> user-service ValidateUser:");
    println!("  {total:>4} calls ended, {} of them well", ended(Code::Ok));
    println!("  {turned_away:>4} were turned away by the open breaker, at no cost to user-service");
    println!(
        "  {attempts:>4} attempts were made, {} of them retries",
        attempts.saturating_sub(total - turned_away + cut)
    );
    println!(
        "  {:>4} ended by the deadline, and were cancelled on the wire",
        late + cut
    );
}

/// Something that accepts connections and never says a word.
struct BlackHole(tokio::task::JoinHandle<()>);

impl BlackHole {
    async fn dig(address: SocketAddr) -> Result<Self, StartError> {
        let listener = tokio::net::TcpListener::bind(address).await?;
        Ok(Self(tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                held.push(connection);
            }
        })))
    }

    async fn fill(self) {
        self.0.abort();
        // An aborted task ends with an error that says so.
        let _ = self.0.await;
    }
}

/// Orders, one after the other, and how they ended.
struct Flow {
    task: tokio::task::JoinHandle<()>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    outcomes: BTreeMap<String, u32>,
    slowest: Duration,
}

impl Flow {
    fn start(platform: &Client, order: Value) -> Self {
        let (platform, seen) = (platform.clone(), Arc::<Mutex<Seen>>::default());
        let noted = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(PACE);
            loop {
                ticks.tick().await;
                let (platform, order, noted) = (platform.clone(), order.clone(), Arc::clone(&noted));
                tokio::spawn(async move {
                    let sent = Instant::now();
                    let outcome = outcome(platform.post("/orders", &order).timeout(PATIENCE).await);
                    let mut seen = noted.lock().unwrap_or_else(PoisonError::into_inner);
                    *seen.outcomes.entry(outcome).or_default() += 1;
                    seen.slowest = seen.slowest.max(sent.elapsed());
                });
            }
        });
        Self { task, seen }
    }

    /// Prints what was seen since the last time.
    fn tell(&self, act: &str) {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        let outcomes: Vec<_> = seen
            .outcomes
            .iter()
            .map(|(outcome, count)| format!("{count} x {outcome}"))
            .collect();
        println!(
            "  user-service {act:<8} {}; slowest {:.0?}",
            outcomes.join(", "),
            seen.slowest
        );
    }

    async fn stop(self) {
        self.task.abort();
        // An aborted task ends with an error that says so.
        let _ = self.task.await;
    }
}

fn outcome(result: Result<Reply<tieline::generated::v1::Bytes>, Error>) -> String {
    match result {
        Ok(reply) => reply.status().to_string(),
        Err(error) => match error.status() {
            Some(status) => status.to_string(),
            None => format!("{:?}", error.kind()),
        },
    }
}
