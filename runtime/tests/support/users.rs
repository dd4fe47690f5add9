//! A gRPC service of all four shapes, as the generator would write it.

use std::sync::Arc;

use tieline::generated::v1;
use v1::{CallShape, Details, Streaming, prost};

pub mod types {
    use super::prost;

    #[derive(Clone, PartialEq, Eq, prost::Message)]
    pub struct User {
        #[prost(string, tag = "1")]
        pub name: String,
        #[prost(int32, tag = "2")]
        pub age: i32,
    }
}

macro_rules! method {
    ($module:ident, $index:literal, $id:literal, $path:literal, $shape:ident) => {
        pub mod $module {
            use super::{types, v1};

            #[derive(Debug)]
            pub enum Method {}
            impl v1::GrpcMethod for Method {
                type Request = types::User;
                type Response = types::User;
                const OPERATION: &'static v1::Operation = &OPERATION;
            }
            pub static OPERATION: v1::Operation = v1::Operation {
                service: "demo.Users",
                id: $id,
                index: $index,
                shape: v1::CallShape::$shape,
                safety: v1::Safety::Unsafe,
                idempotency_key: None,
                timeout: None,
                security: &[],
                extras: tieline::operation::Extras::NONE,
                binding: v1::Binding::Grpc($path),
            };
        }
    };
}

method!(create_user, 0, "CreateUser", "/demo.Users/CreateUser", Unary);
method!(
    list_users,
    1,
    "ListUsers",
    "/demo.Users/ListUsers",
    ServerStreaming
);
method!(add_users, 2, "AddUsers", "/demo.Users/AddUsers", ClientStreaming);
method!(chat, 3, "Chat", "/demo.Users/Chat", Bidirectional);

pub const SHAPES: [CallShape; 4] = [
    CallShape::Unary,
    CallShape::ServerStreaming,
    CallShape::ClientStreaming,
    CallShape::Bidirectional,
];

type Outcome<T> = Result<T, tieline::Error<Details>>;

#[v1::async_trait]
pub trait Api: Send + Sync {
    async fn create_user(&self, cx: tieline::Context, request: types::User) -> Outcome<types::User>;
    async fn list_users(&self, cx: tieline::Context, request: types::User)
    -> Outcome<Streaming<types::User>>;
    async fn add_users(&self, cx: tieline::Context, request: Streaming<types::User>) -> Outcome<types::User>;
    async fn chat(
        &self,
        cx: tieline::Context,
        request: Streaming<types::User>,
    ) -> Outcome<Streaming<types::User>>;
}

#[derive(Debug, Default)]
pub struct Mock {
    pub create_user: v1::mock::Method<v1::Unary<create_user::Method>>,
    pub list_users: v1::mock::Method<v1::ServerStreaming<list_users::Method>>,
    pub add_users: v1::mock::Method<v1::ClientStreaming<add_users::Method>>,
    pub chat: v1::mock::Method<v1::Bidirectional<chat::Method>>,
}

#[v1::async_trait]
impl Api for Mock {
    async fn create_user(&self, cx: tieline::Context, request: types::User) -> Outcome<types::User> {
        self.create_user.call(cx, v1::Unary(request)).await
    }
    async fn list_users(
        &self,
        cx: tieline::Context,
        request: types::User,
    ) -> Outcome<Streaming<types::User>> {
        self.list_users.call(cx, v1::ServerStreaming(request)).await
    }
    async fn add_users(&self, cx: tieline::Context, request: Streaming<types::User>) -> Outcome<types::User> {
        self.add_users.call(cx, v1::ClientStreaming(request)).await
    }
    async fn chat(
        &self,
        cx: tieline::Context,
        request: Streaming<types::User>,
    ) -> Outcome<Streaming<types::User>> {
        self.chat.call(cx, v1::Bidirectional(request)).await
    }
}

pub fn service(api: Arc<dyn Api>) -> tieline::server::grpc::Service {
    tieline::server::grpc::Service::new()
        .unary::<create_user::Method, _>(&api, |api, cx, request| api.create_user(cx, request))
        .server_streaming::<list_users::Method, _>(&api, |api, cx, request| api.list_users(cx, request))
        .client_streaming::<add_users::Method, _>(&api, |api, cx, request| api.add_users(cx, request))
        .bidirectional::<chat::Method, _>(&api, |api, cx, request| api.chat(cx, request))
}

pub fn user(name: &str, age: i32) -> types::User {
    types::User {
        name: name.to_owned(),
        age,
    }
}
