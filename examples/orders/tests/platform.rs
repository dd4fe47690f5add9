//! The order platform from end to end, over real connections: on SQLite, and on PostgreSQL where
//! `TIELINE_TEST_USER_DATABASE_URL` and `TIELINE_TEST_ORDER_DATABASE_URL` name two databases.
//!
//! Ids are taken from replies, never assumed: a PostgreSQL database may hold the rows of earlier runs.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tieline::client::ClientBuilder;
use tieline::generated::v1::Method;
use tieline::grpc::health::{Serving, check};
use tieline::http::{InProcess, Line};
use tieline::testing::{ScriptedLine, Step};
use tieline::{Client, Code};
use tieline_orders::contracts::{order, user};
use tieline_orders::platform::{Running, gateway_router, order_router, user_router};
use tieline_orders::settings::{ORDER_SERVICE_URL, USER_SERVICE_URL, address, client};

/// The two databases, and what keeps them.
struct Databases {
    users: String,
    orders: String,
    /// Removes the files of SQLite when it is dropped.
    _folder: Option<tempfile::TempDir>,
}

impl Databases {
    fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
        Self {
            users: file("userdb.sqlite"),
            orders: file("orderdb.sqlite"),
            _folder: Some(folder),
        }
    }

    fn postgres() -> Option<Self> {
        let url = |name: &str| std::env::var(name).ok().filter(|url| !url.is_empty());
        Some(Self {
            users: url("TIELINE_TEST_USER_DATABASE_URL")?,
            orders: url("TIELINE_TEST_ORDER_DATABASE_URL")?,
            _folder: None,
        })
    }
}

/// The three services, on loopback.
struct Platform {
    users: Running,
    orders: Running,
    gateway: Running,
    outside: Outside,
}

impl Platform {
    async fn start(databases: &Databases) -> Self {
        let users = serve(free(), user_router(&databases.users).await.expect("userdb")).await;
        let asked = to("user-service", users.address, "order-service");
        let orders = order_router(&databases.orders, asked).await.expect("orderdb");
        let orders = serve(free(), orders).await;
        let gateway = gateway_router(
            to("user-service", users.address, "api-gateway"),
            to("order-service", orders.address, "api-gateway"),
        );
        let gateway = serve(free(), gateway.expect("both have an address")).await;
        let outside = Outside::of(gateway.address);
        Self {
            users,
            orders,
            gateway,
            outside,
        }
    }

    async fn stop(self) {
        for service in [self.gateway, self.orders, self.users] {
            service.stop().await;
        }
    }
}

fn free() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn serve(address: SocketAddr, router: tieline::generated::v1::axum::Router) -> Running {
    Running::start(address, router)
        .await
        .expect("the address is free")
}

fn to(service: &str, address: SocketAddr, caller: &str) -> ClientBuilder {
    client(service, &address.to_string(), caller).expect("an address")
}

/// Who uses the platform. Sees replies as they come: repeats nothing, and has no breaker.
struct Outside(Client);

impl Outside {
    fn of(gateway: SocketAddr) -> Self {
        let builder = Client::builder("api-gateway").url(&format!("http://{gateway}"));
        let builder = builder
            .expect("an address")
            .breaker(|settings| settings.enabled(false));
        Self(builder.build().expect("an address is set"))
    }

    async fn ada(&self) -> Value {
        let new = json!({"name": "Ada Lovelace", "email": "ada@example.com"});
        let (status, body) = ask(&self.0, Method::POST, "/users", Some(&new)).await;
        assert_eq!(status, 201, "{body}");
        body["user"].clone()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        ask(&self.0, Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        ask(&self.0, Method::POST, path, Some(body)).await
    }
}

/// Status and body, whether the status is a success or not.
async fn ask(client: &Client, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let request = client.request(method, path).repeatable(false);
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    match request.await {
        Ok(reply) => (reply.status().as_u16(), reply.json().expect("JSON")),
        Err(error) => {
            let status = error.status().unwrap_or_else(|| panic!("no reply: {error}"));
            let reply = error.reply().unwrap_or_else(|| panic!("no body: {error}"));
            let body = serde_json::from_slice(&reply.body);
            (status.as_u16(), body.expect("errors are JSON"))
        }
    }
}

fn laptop(user: &Value) -> Value {
    json!({"userId": user["id"], "items": [{"productName": "Laptop", "quantity": 1, "price": 999.99}]})
}

/// The value without its time of creation, which is judged by itself.
fn without_time(mut value: Value) -> Value {
    let created = value
        .as_object_mut()
        .and_then(|object| object.remove("createdAt"));
    let created = created.expect("a time of creation");
    let time: jiff::Timestamp = created.as_str().expect("text").parse().expect("RFC 3339");
    // In whole seconds, rounded: it may be half a second ahead.
    let latest = jiff::Timestamp::now() + Duration::from_secs(1);
    assert!(
        time <= latest && created.as_str().is_some_and(|text| text.ends_with('Z')),
        "{created}"
    );
    value
}

async fn a_user_is_created_and_found(databases: &Databases) {
    let platform = Platform::start(databases).await;
    let john = json!({"name": "John Doe", "email": "john@example.com"});
    let (status, body) = platform.outside.post("/users", &john).await;
    assert_eq!(
        (status, &body["message"]),
        (201, &json!("User created successfully"))
    );
    let id = body["user"]["id"].clone();
    let expected = json!({"id": id, "name": "John Doe", "email": "john@example.com"});
    assert_eq!(without_time(body["user"].clone()), expected);

    let whole = json!({"name": "Jane", "email": "j@example.com", "phone": "+44 20", "address": "1 Way"});
    let (_, jane) = platform.outside.post("/users", &whole).await;
    assert_eq!(
        (&jane["user"]["phone"], &jane["user"]["address"]),
        (&json!("+44 20"), &json!("1 Way"))
    );
    assert_ne!(jane["user"]["id"], id);

    let (status, found) = platform.outside.get(&format!("/users/{id}")).await;
    assert_eq!((status, &found["user"]), (200, &body["user"]));
    platform.stop().await;
}

async fn an_order_is_created_for_a_user_that_exists(databases: &Databases) {
    let platform = Platform::start(databases).await;
    let ada = platform.outside.ada().await;
    let (status, body) = platform.outside.post("/orders", &laptop(&ada)).await;
    assert_eq!(
        (status, &body["message"]),
        (201, &json!("Order created successfully"))
    );
    let id = body["order"]["id"].clone();
    let expected = json!({
        "id": id,
        "userId": ada["id"],
        "userName": "Ada Lovelace",
        "userEmail": "ada@example.com",
        "items": [{"productName": "Laptop", "quantity": 1, "price": 999.99}],
        "totalAmount": 999.99,
        "status": "PENDING",
    });
    assert_eq!(without_time(body["order"].clone()), expected);
    let (status, found) = platform.outside.get(&format!("/orders/{id}")).await;
    assert_eq!((status, &found["order"]), (200, &body["order"]));
    platform.stop().await;
}

async fn the_total_is_the_sum_over_all_items_and_the_newest_order_comes_first(databases: &Databases) {
    let platform = Platform::start(databases).await;
    let ada = platform.outside.ada().await;
    let items = json!([
        {"productName": "Pen", "quantity": 4, "price": 0.25},
        {"productName": "Desk", "quantity": 2, "price": 150.5},
    ]);
    let (_, first) = platform
        .outside
        .post("/orders", &json!({"userId": ada["id"], "items": items}))
        .await;
    assert_eq!(first["order"]["totalAmount"], json!(302.0));
    let (_, second) = platform.outside.post("/orders", &laptop(&ada)).await;
    let path = format!("/users/{}/orders", ada["id"]);
    let (status, list) = platform.outside.get(&path).await;
    assert_eq!(
        (status, &list["orders"]),
        (200, &json!([second["order"], first["order"]]))
    );
    let (_, list) = platform.outside.get(&format!("{path}?limit=1")).await;
    assert_eq!(list["orders"], json!([second["order"]]));
    platform.stop().await;
}

async fn who_and_what_does_not_exist_is_404(databases: &Databases) {
    let platform = Platform::start(databases).await;
    let nobody = json!({"id": i32::MAX});
    assert_eq!(
        platform.outside.post("/orders", &laptop(&nobody)).await,
        (404, json!({"error": "user not found"}))
    );
    assert_eq!(
        platform.outside.get(&format!("/users/{}", i32::MAX)).await,
        (404, json!({"error": "user not found"}))
    );
    assert_eq!(
        platform.outside.get(&format!("/orders/{}", i32::MAX)).await,
        (404, json!({"error": "order not found"}))
    );
    platform.stop().await;
}

async fn what_is_invalid_is_400_and_says_why(databases: &Databases) {
    let platform = Platform::start(databases).await;
    let ada = platform.outside.ada().await;
    let cases = [
        // Judged by the REST contract.
        ("/users", json!({"name": "Ada"})),
        ("/users", json!({"name": "", "email": "ada@example.com"})),
        ("/users", json!(["no object"])),
        ("/orders", json!({"userId": ada["id"], "items": []})),
        ("/orders", json!({"userId": "seven", "items": []})),
        (
            "/orders",
            json!({"userId": ada["id"], "items": [{"productName": "Pen", "quantity": 0, "price": 1}]}),
        ),
        // Judged by user-service: INVALID_ARGUMENT.
        ("/users", json!({"name": "   ", "email": "ada@example.com"})),
    ];
    for (path, body) in cases {
        let (status, reply) = platform.outside.post(path, &body).await;
        assert_eq!(status, 400, "{body} gave {reply}");
        let keys: Vec<_> = reply.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["error"], "{body}");
        assert!(
            reply["error"].as_str().is_some_and(|text| !text.is_empty()),
            "{reply}"
        );
    }
    let blank = json!({"name": "   ", "email": "ada@example.com"});
    assert_eq!(
        platform.outside.post("/users", &blank).await.1,
        json!({"error": "name is required"})
    );
    platform.stop().await;
}

async fn health_tells_which_service_is_away_and_a_restart_keeps_the_data(databases: &Databases) {
    let Platform {
        users,
        orders,
        gateway,
        outside,
    } = Platform::start(databases).await;
    let ada = outside.ada().await;
    let healthy = (
        200,
        json!({"status": "ok", "services": {"userService": "connected", "orderService": "connected"}}),
    );
    assert_eq!(outside.get("/health").await, healthy);

    let users_at = users.address;
    users.stop().await;
    let (status, body) = outside.get("/health").await;
    assert_eq!(
        (status, &body["services"]),
        (
            503,
            &json!({"userService": "disconnected", "orderService": "connected"})
        )
    );
    let path = format!("/users/{}", ada["id"]);
    let (status, body) = outside.get(&path).await;
    assert_eq!(status, 500, "any other code of gRPC: {body}");
    assert!(body["error"].is_string(), "{body}");

    let users = user_router(&databases.users).await.expect("userdb");
    let users = serve(users_at, users).await;
    assert_eq!(outside.get("/health").await, healthy);
    let (status, found) = outside.get(&path).await;
    assert_eq!((status, &found["user"]), (200, &ada));
    let (status, body) = outside.post("/orders", &laptop(&ada)).await;
    assert_eq!(status, 201, "order-service finds it again, too: {body}");
    for service in [gateway, orders, users] {
        service.stop().await;
    }
}

async fn both_services_answer_the_health_service_of_grpc(databases: &Databases) {
    let platform = Platform::start(databases).await;
    for (address, name) in [
        (platform.users.address, "user.UserService"),
        (platform.orders.address, "order.OrderService"),
    ] {
        // A generated client knows that the address speaks HTTP/2.
        let asked = user::Client::new(to(name, address, "probe").build().expect("an address"));
        let health = |service: &'static str| {
            let client = asked.inner();
            check(client.line(), client.endpoint(), service, Default::default())
        };
        assert_eq!(health("").await.expect("an answer"), Serving::Serving);
        assert_eq!(health(name).await.expect("an answer"), Serving::Serving);
        assert!(health("no.Such").await.is_err());
    }
    platform.stop().await;
}

/// Each of them on a SQLite database of its own, and all of them, in turn, on PostgreSQL.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(&super::Databases::sqlite()).await;
                }
            )*
        }

        #[tokio::test]
        async fn postgres() {
            let Some(databases) = Databases::postgres() else {
                eprintln!(
                    "SKIPPED: TIELINE_TEST_USER_DATABASE_URL and TIELINE_TEST_ORDER_DATABASE_URL name no databases"
                );
                return;
            };
            $(
                eprintln!("{}", stringify!($name));
                $name(&databases).await;
            )*
        }
    };
}

scenarios!(
    a_user_is_created_and_found,
    an_order_is_created_for_a_user_that_exists,
    the_total_is_the_sum_over_all_items_and_the_newest_order_comes_first,
    who_and_what_does_not_exist_is_404,
    what_is_invalid_is_400_and_says_why,
    health_tells_which_service_is_away_and_a_restart_keeps_the_data,
    both_services_answer_the_health_service_of_grpc,
);

/// The gateway in this process, over services that follow a script.
fn scripted(users: &ScriptedLine, orders: &ScriptedLine) -> Client {
    let over = |service: &str, line: &ScriptedLine| {
        client(service, "dns:///service.local:50051", "api-gateway")
            .expect("a target as gRPC writes it")
            .line(line.clone())
    };
    let router = gateway_router(over("user-service", users), over("order-service", orders));
    let line = Line::over(InProcess::new(router.expect("both have an address")));
    Client::builder("api-gateway")
        .line(line)
        .build()
        .expect("a line is all that it needs")
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_costs_three_seconds_and_gives_500() {
    let hanging = ScriptedLine::always(Step::hang());
    let gateway = scripted(&hanging, &hanging);
    let started = tokio::time::Instant::now();
    let (status, body) = ask(&gateway, Method::GET, "/users/1", None).await;
    assert_eq!(started.elapsed(), Duration::from_secs(3));
    assert_eq!(status, 500);
    assert!(body["error"].is_string(), "{body}");
    let asked = hanging.requests();
    assert_eq!(asked[0].path, "/user.UserService/GetUser");
    assert_eq!(
        (asked[0].header("grpc-timeout"), asked[0].header("x-service-name")),
        (Some("3000000u"), Some("api-gateway"))
    );
}

#[tokio::test]
async fn codes_of_grpc_become_400_404_and_500() {
    for (code, status) in [
        (Code::NotFound, 404),
        (Code::InvalidArgument, 400),
        (Code::AlreadyExists, 500),
        (Code::Internal, 500),
        (Code::PermissionDenied, 500),
    ] {
        let line = ScriptedLine::always(
            Step::status(200)
                .header("content-type", "application/grpc")
                .header("grpc-status", &(code as u8).to_string())
                .header("grpc-message", "so it is"),
        );
        let gateway = scripted(&line, &line);
        assert_eq!(
            ask(&gateway, Method::GET, "/orders/1", None).await,
            (status, json!({"error": "so it is"})),
            "{code:?}"
        );
    }
}

#[test]
fn services_are_looked_for_where_the_environment_says_or_on_loopback() {
    assert_eq!(
        (USER_SERVICE_URL, ORDER_SERVICE_URL),
        ("localhost:50051", "localhost:50052")
    );
    assert_eq!(
        address("TIELINE_TEST_NO_SUCH_VARIABLE", ORDER_SERVICE_URL),
        ORDER_SERVICE_URL
    );
    for url in [
        USER_SERVICE_URL,
        "user-service:50051",
        "user-service.local:50051",
        "dns:///user-service.local:50051",
    ] {
        let built = client("user-service", url, "api-gateway").map(ClientBuilder::build);
        let reached = order::Client::new(built.expect("an address").expect("an address"));
        assert_eq!(reached.inner().endpoint().port(), 50051, "{url}");
    }
}
