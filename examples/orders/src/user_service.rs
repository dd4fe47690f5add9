//! user-service: keeps users.

use sqlx::Error as DatabaseError;
use tieline::generated::v1::{Details, async_trait};
use tieline::grpc::health::Health;
use tieline::{Code, Context, Error};

use crate::contracts::user::types::user::{CreateUserResponse, GetUserResponse, ValidateUserResponse};
use crate::contracts::user::{Api, create_user, get_user, service, validate_user};
use crate::store::{NewUser, Users};

/// The service.
#[derive(Debug, Clone)]
pub struct UserService {
    users: Users,
}

impl UserService {
    /// The service over this database.
    pub fn new(users: Users) -> Self {
        Self { users }
    }

    /// Its routes, and those of its health.
    pub fn into_router(self, health: &Health) -> tieline::generated::v1::axum::Router {
        service(self).health(health).into_router()
    }
}

#[async_trait]
impl Api for UserService {
    async fn create_user(
        &self,
        _: Context,
        request: create_user::Request,
    ) -> Result<create_user::Response, Error<Details>> {
        if request.name.trim().is_empty() {
            return Err(Error::new(Code::InvalidArgument, "name is required"));
        }
        if request.email.trim().is_empty() {
            return Err(Error::new(Code::InvalidArgument, "email is required"));
        }
        let new = NewUser {
            name: &request.name,
            email: &request.email,
            phone: &request.phone,
            address: &request.address,
        };
        let user = self.users.create(new).await.map_err(database_error)?;
        Ok(CreateUserResponse {
            user: Some(user),
            message: "User created successfully".to_owned(),
        })
    }

    async fn get_user(
        &self,
        _: Context,
        request: get_user::Request,
    ) -> Result<get_user::Response, Error<Details>> {
        match self.users.find(request.id).await.map_err(database_error)? {
            Some(user) => Ok(GetUserResponse { user: Some(user) }),
            None => Err(Error::new(Code::NotFound, "user not found")),
        }
    }

    async fn validate_user(
        &self,
        _: Context,
        request: validate_user::Request,
    ) -> Result<validate_user::Response, Error<Details>> {
        let user = self.users.find(request.user_id).await.map_err(database_error)?;
        Ok(ValidateUserResponse {
            is_valid: user.is_some(),
            user,
        })
    }
}

/// The caller learns no more than that the database failed; the log has the rest.
pub(crate) fn database_error(error: DatabaseError) -> Error<Details> {
    tracing::error!(%error, "database error");
    Error::new(Code::Internal, "database error")
}
