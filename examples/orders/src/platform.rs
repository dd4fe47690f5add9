//! The three services as tasks of one process, on loopback: each can be taken away and brought back.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use tieline::client::ClientBuilder;
use tieline::generated::v1::axum::Router;
use tieline::grpc::health::Health;
use tieline::server::serve::serve;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::contracts::{order, user};
use crate::gateway::Gateway;
use crate::order_service::OrderService;
use crate::settings::{ORDER_SERVICE_URL, USER_SERVICE_URL, address, client};
use crate::store::{Orders, Users};
use crate::user_service::UserService;

/// How long calls in flight may take to end when a service stops.
pub const DRAIN: Duration = Duration::from_secs(5);

/// What can go wrong when a service starts.
pub type StartError = Box<dyn Error + Send + Sync>;

/// A service that runs. Dropping it stops it at once; [`Running::stop`] lets its calls end.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// Serves `router` at `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn start(address: SocketAddr, router: Router) -> Result<Self, StartError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("cannot listen on {address}: {error}; is it running already?"))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let until = async {
                // A dropped sender stops the service, too.
                let _ = stopped.await;
            };
            serve(listener, router, until, DRAIN).await;
        });
        Ok(Self { address, stop, task })
    }

    /// Stops it: no new calls, and those in flight may end.
    pub async fn stop(self) {
        // A service that has ended already needs no word.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// user-service over the database at `database`.
///
/// # Errors
/// The database cannot be opened.
pub async fn user_router(database: &str) -> Result<Router, StartError> {
    let users = Users::open(database)
        .await
        .map_err(|error| format!("userdb at its URL: {error}"))?;
    Ok(UserService::new(users).into_router(&Health::new()))
}

/// order-service over the database at `database`, asking user-service by `users`.
///
/// # Errors
/// The database cannot be opened.
pub async fn order_router(database: &str, users: ClientBuilder) -> Result<Router, StartError> {
    let orders = Orders::open(database)
        .await
        .map_err(|error| format!("orderdb at its URL: {error}"))?;
    Ok(OrderService::new(orders, user::Client::new(users.build()?)).into_router(&Health::new()))
}

/// api-gateway to the services that these clients reach.
///
/// # Errors
/// A client has no address.
pub fn gateway_router(users: ClientBuilder, orders: ClientBuilder) -> Result<Router, StartError> {
    let (users, orders) = (
        user::Client::new(users.build()?),
        order::Client::new(orders.build()?),
    );
    Ok(Gateway::new(users, orders).into_router())
}

/// A client of user-service, where `USER_SERVICE_URL` says.
///
/// # Errors
/// It says what is no address.
pub fn users_from_env(caller: &str) -> Result<ClientBuilder, StartError> {
    Ok(client(
        "user-service",
        &address("USER_SERVICE_URL", USER_SERVICE_URL),
        caller,
    )?)
}

/// A client of order-service, where `ORDER_SERVICE_URL` says.
///
/// # Errors
/// It says what is no address.
pub fn orders_from_env(caller: &str) -> Result<ClientBuilder, StartError> {
    Ok(client(
        "order-service",
        &address("ORDER_SERVICE_URL", ORDER_SERVICE_URL),
        caller,
    )?)
}

/// Serves until the process is told to stop, as each service by itself does.
///
/// # Errors
/// The address is taken.
pub async fn run(name: &str, port: u16, router: Router) -> Result<(), StartError> {
    let running = Running::start(SocketAddr::from(([0, 0, 0, 0], port)), router).await?;
    tracing::info!(service = name, address = %running.address, "listening");
    stop_signal().await;
    tracing::info!(service = name, "stopping");
    running.stop().await;
    Ok(())
}

/// Ready when the process is told to stop (SIGINT, SIGTERM).
pub async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler the process ends by the signal's default.
    let _ = tokio::signal::ctrl_c().await;
}

/// The port in the environment variable `PORT`, or `default`.
///
/// # Errors
/// It is no port.
pub fn port(default: u16) -> Result<u16, StartError> {
    match std::env::var("PORT") {
        Ok(text) => text
            .parse()
            .map_err(|_| format!("PORT is {text:?}, which is no port number").into()),
        Err(_) => Ok(default),
    }
}
