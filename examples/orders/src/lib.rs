//! The order platform: a REST gateway over two gRPC services, each with a database of its own.
//!
//! ```text
//! client -> api-gateway (REST) -+-> user-service (gRPC) -> userdb
//!                               |        ^
//!                               '-> order-service (gRPC) -> orderdb
//! ```
//!
//! Contracts stand in `contracts/`; `build.rs` makes clients and servers of them. Run by itself, the crate starts
//! everything on loopback and shows what happens when a service goes away.

pub mod gateway;
pub mod order_service;
pub mod platform;
pub mod settings;
pub mod store;
pub mod user_service;

/// What `build.rs` made of the contracts.
pub mod contracts {
    /// The REST face (`contracts/gateway.yaml`).
    pub mod gateway {
        tieline::include_contract!("gateway");
    }

    /// The user service (`contracts/user.proto`).
    pub mod user {
        tieline::include_contract!("user");
    }

    /// The order service (`contracts/order.proto`).
    pub mod order {
        tieline::include_contract!("order");
    }
}
