//! order-service: keeps orders, and asks user-service whether who orders exists.

use tieline::generated::v1::{Details, async_trait};
use tieline::grpc::health::Health;
use tieline::{Code, Context, Error};

use crate::contracts::order::types::order::{CreateOrderResponse, GetOrderResponse, ListOrdersResponse};
use crate::contracts::order::{Api, create_order, get_order, list_orders, service};
use crate::contracts::user;
use crate::contracts::user::types::user::ValidateUserRequest;
use crate::store::{NewOrder, Orders};
use crate::user_service::database_error;

/// The service.
#[derive(Debug, Clone)]
pub struct OrderService {
    orders: Orders,
    users: user::Client,
}

impl OrderService {
    /// The service over this database, which asks `users`.
    pub fn new(orders: Orders, users: user::Client) -> Self {
        Self { orders, users }
    }

    /// Its routes, and those of its health.
    pub fn into_router(self, health: &Health) -> tieline::generated::v1::axum::Router {
        service(self).health(health).into_router()
    }
}

#[async_trait]
impl Api for OrderService {
    async fn create_order(
        &self,
        cx: Context,
        request: create_order::Request,
    ) -> Result<create_order::Response, Error<Details>> {
        if request.items.is_empty() {
            return Err(Error::new(
                Code::InvalidArgument,
                "an order needs at least one item",
            ));
        }
        if request
            .items
            .iter()
            .any(|item| item.quantity < 1 || !item.price.is_finite() || item.price < 0.0)
        {
            return Err(Error::new(
                Code::InvalidArgument,
                "quantities start at 1 and prices at 0",
            ));
        }
        let asked = ValidateUserRequest {
            user_id: request.user_id,
        };
        let reply = self
            .users
            .validate_user(asked)
            .context(&cx)
            .await
            .map_err(|error| {
                tracing::warn!(%error, "user-service could not be asked");
                Error::new(Code::Internal, "failed to validate user")
            })?;
        let user = reply.user.filter(|_| reply.is_valid);
        let user = user.ok_or_else(|| Error::new(Code::NotFound, "user not found"))?;
        let new = NewOrder {
            user_id: request.user_id,
            user_name: user.name,
            user_email: user.email,
            items: request.items,
        };
        let order = self.orders.create(new).await.map_err(database_error)?;
        Ok(CreateOrderResponse {
            order: Some(order),
            message: "Order created successfully".to_owned(),
        })
    }

    async fn get_order(
        &self,
        _: Context,
        request: get_order::Request,
    ) -> Result<get_order::Response, Error<Details>> {
        match self.orders.find(request.id).await.map_err(database_error)? {
            Some(order) => Ok(GetOrderResponse { order: Some(order) }),
            None => Err(Error::new(Code::NotFound, "order not found")),
        }
    }

    async fn list_orders(
        &self,
        _: Context,
        request: list_orders::Request,
    ) -> Result<list_orders::Response, Error<Details>> {
        let limit = if request.limit > 0 {
            request.limit.min(100)
        } else {
            20
        };
        let orders = self
            .orders
            .of_user(request.user_id, limit)
            .await
            .map_err(database_error)?;
        Ok(ListOrdersResponse { orders })
    }
}
