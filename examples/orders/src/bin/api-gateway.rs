//! api-gateway by itself: `PORT` (3000), `USER_SERVICE_URL`, `ORDER_SERVICE_URL`.

use tieline_orders::platform::{StartError, gateway_router, orders_from_env, port, run, users_from_env};
use tieline_orders::settings::log;

#[tokio::main]
async fn main() -> Result<(), StartError> {
    log("info");
    let router = gateway_router(users_from_env("api-gateway")?, orders_from_env("api-gateway")?)?;
    run("api-gateway", port(3000)?, router).await
}
