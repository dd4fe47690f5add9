//! user-service by itself: `PORT` (50051), `DATABASE_URL` (a file `userdb.sqlite` here).

use tieline_orders::platform::{StartError, port, run, user_router};
use tieline_orders::settings::{address, log};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    log("info");
    let router = user_router(&address("DATABASE_URL", "sqlite://userdb.sqlite")).await?;
    run("user-service", port(50051)?, router).await
}
