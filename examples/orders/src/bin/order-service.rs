//! order-service by itself: `PORT` (50052), `DATABASE_URL` (a file `orderdb.sqlite` here), `USER_SERVICE_URL`.

use tieline_orders::platform::{StartError, order_router, port, run, users_from_env};
use tieline_orders::settings::{address, log};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    log("info");
    let users = users_from_env("order-service")?;
    let router = order_router(&address("DATABASE_URL", "sqlite://orderdb.sqlite"), users).await?;
    run("order-service", port(50052)?, router).await
}
