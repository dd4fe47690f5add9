//! api-gateway: the REST face. It translates requests to gRPC calls, and gRPC codes to HTTP statuses.

use std::collections::BTreeMap;
use std::time::Duration;

use tieline::generated::v1::{DateTime, Details, StatusCode, async_trait, axum};
use tieline::grpc::CallOptions;
use tieline::grpc::health::{Serving, check};
use tieline::server::{ErrorStyle, not_found};
use tieline::{Code, Context, Error};

use crate::contracts::gateway::{
    Api, create_order, create_user, get_order, get_user, health, list_orders, service, types,
};
use crate::contracts::order::types::order as orders;
use crate::contracts::user::types::user as users;
use crate::contracts::{order, user};

/// How long the health of a service is waited for.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);

/// The gateway.
#[derive(Debug, Clone)]
pub struct Gateway {
    users: user::Client,
    orders: order::Client,
}

impl Gateway {
    /// A gateway to these services.
    pub fn new(users: user::Client, orders: order::Client) -> Self {
        Self { users, orders }
    }

    /// Its routes. Errors are `{ "error": message }`.
    pub fn into_router(self) -> axum::Router {
        service(self)
            .render_errors_with(ErrorStyle::Message)
            .into_router()
            .fallback(not_found)
    }
}

#[async_trait]
impl Api for Gateway {
    async fn create_user(
        &self,
        cx: Context,
        request: create_user::Request,
    ) -> Result<create_user::Response, Error<create_user::Failure>> {
        let new = request.body;
        let asked = users::CreateUserRequest {
            name: new.name,
            email: new.email,
            phone: new.phone.unwrap_or_default(),
            address: new.address.unwrap_or_default(),
        };
        let reply = self.users.create_user(asked).context(&cx).await.map_err(failed)?;
        Ok(create_user::Response::Created(user_reply(
            reply.user,
            Some(reply.message),
        )?))
    }

    async fn get_user(
        &self,
        cx: Context,
        request: get_user::Request,
    ) -> Result<get_user::Response, Error<get_user::Failure>> {
        let asked = users::GetUserRequest { id: request.id };
        let reply = self.users.get_user(asked).context(&cx).await.map_err(failed)?;
        Ok(get_user::Response::Ok(user_reply(reply.user, None)?))
    }

    async fn list_orders(
        &self,
        cx: Context,
        request: list_orders::Request,
    ) -> Result<list_orders::Response, Error<list_orders::Failure>> {
        let asked = orders::ListOrdersRequest {
            user_id: request.id,
            limit: request.limit.unwrap_or(20),
        };
        let reply = self
            .orders
            .list_orders(asked)
            .context(&cx)
            .await
            .map_err(failed)?;
        let orders = reply.orders.into_iter().map(order).collect();
        Ok(list_orders::Response::Ok(types::OrderList::new(orders)))
    }

    async fn create_order(
        &self,
        cx: Context,
        request: create_order::Request,
    ) -> Result<create_order::Response, Error<create_order::Failure>> {
        let items = request.body.items.into_iter().map(|item| orders::OrderItem {
            product_name: item.product_name,
            quantity: item.quantity,
            price: item.price,
        });
        let asked = orders::CreateOrderRequest {
            user_id: request.body.user_id,
            items: items.collect(),
        };
        let reply = self
            .orders
            .create_order(asked)
            .context(&cx)
            .await
            .map_err(failed)?;
        Ok(create_order::Response::Created(order_reply(
            reply.order,
            Some(reply.message),
        )?))
    }

    async fn get_order(
        &self,
        cx: Context,
        request: get_order::Request,
    ) -> Result<get_order::Response, Error<get_order::Failure>> {
        let asked = orders::GetOrderRequest { id: request.id };
        let reply = self.orders.get_order(asked).context(&cx).await.map_err(failed)?;
        Ok(get_order::Response::Ok(order_reply(reply.order, None)?))
    }

    async fn health(
        &self,
        _: Context,
        _: health::Request,
    ) -> Result<health::Response, Error<health::Failure>> {
        let (users, orders) = tokio::join!(is_serving(self.users.inner()), is_serving(self.orders.inner()));
        let shown = |serving| if serving { "connected" } else { "disconnected" }.to_owned();
        let services = BTreeMap::from([
            ("userService".to_owned(), shown(users)),
            ("orderService".to_owned(), shown(orders)),
        ]);
        Ok(if users && orders {
            health::Response::Ok(types::Health::new("ok", services))
        } else {
            let degraded = types::Health::new("degraded", services);
            return Err(health::Failure::ServiceUnavailable(degraded).into());
        })
    }
}

async fn is_serving(client: &tieline::Client) -> bool {
    let asked = check(client.line(), client.endpoint(), "", CallOptions::default());
    matches!(
        tokio::time::timeout(HEALTH_TIMEOUT, asked).await,
        Ok(Ok(Serving::Serving))
    )
}

/// A gRPC failure as the gateway's: NOT_FOUND is 404, INVALID_ARGUMENT 400, all else 500.
fn failed(error: Error<Details>) -> Error<create_user::Failure> {
    let status = match error.code() {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    create_user::Failure::Default(status, types::Failure::new(error.message())).into()
}

/// A reply without what it must carry.
fn incomplete() -> Error<create_user::Failure> {
    let failure = types::Failure::new("the service sent an incomplete reply");
    create_user::Failure::Default(StatusCode::INTERNAL_SERVER_ERROR, failure).into()
}

fn user_reply(
    user: Option<users::User>,
    message: Option<String>,
) -> Result<types::UserReply, Error<create_user::Failure>> {
    let user = user.ok_or_else(incomplete)?;
    let given = |text: String| (!text.is_empty()).then_some(text);
    let created_at = DateTime::from_text(user.created_at);
    let user = types::User {
        phone: given(user.phone),
        address: given(user.address),
        ..types::User::new(user.id, user.name, user.email, created_at)
    };
    Ok(types::UserReply {
        message,
        ..types::UserReply::new(user)
    })
}

fn order_reply(
    found: Option<orders::Order>,
    message: Option<String>,
) -> Result<types::OrderReply, Error<create_user::Failure>> {
    let order = order(found.ok_or_else(incomplete)?);
    Ok(types::OrderReply {
        message,
        ..types::OrderReply::new(order)
    })
}

fn order(order: orders::Order) -> types::Order {
    let status = order.status().as_str_name().into();
    let item = |item: orders::OrderItem| types::Item::new(item.product_name, item.quantity, item.price);
    let items = order.items.into_iter().map(item);
    types::Order {
        id: order.id,
        user_id: order.user_id,
        user_name: order.user_name,
        user_email: order.user_email,
        items: items.collect(),
        total_amount: order.total_amount,
        status,
        created_at: DateTime::from_text(order.created_at),
        additional_properties: <_>::default(),
    }
}
