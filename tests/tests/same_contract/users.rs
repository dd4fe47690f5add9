//! The users service as a trait.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tieline::{Error, service_client};

/// Whether a user may log in.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserStatus {
    Active,
    Suspended,
}

/// A postal address.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    pub city: String,
    pub lines: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewUser {
    /// Full name.
    pub name: String,
    pub nickname: Option<String>,
    pub address: Address,
}

/// A user.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: i64,
    /// Full name.
    pub name: String,
    pub nickname: Option<String>,
    pub status: UserStatus,
    pub tags: Vec<String>,
    pub labels: BTreeMap<String, String>,
    pub address: Address,
    pub manager: Option<Box<User>>,
    pub score: f64,
    #[schemars(extend("deprecated" = true))]
    pub is_admin: bool,
    #[schemars(extend("format" = "date-time"))]
    pub created_at: String,
}

/// Some users.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct UserPage {
    pub users: Vec<User>,
    /// Where the next page begins.
    pub next: Option<String>,
}

#[service_client(name = "users")]
pub trait Users {
    /// Lists users, page by page.
    #[get("/users")]
    async fn list_users(
        &self,
        /// The most to give.
        limit: Option<i32>,
        status: Option<UserStatus>,
    ) -> Result<UserPage, Error>;

    /// Creates a user.
    #[post("/users", status = 201)]
    async fn create_user(&self, user: NewUser) -> Result<User, Error>;

    /// Gets a user.
    #[get("/users/{id}")]
    async fn get_user(&self, id: i64) -> Result<User, Error>;

    /// Replaces a user.
    #[put("/users/{id}")]
    async fn replace_user(&self, id: i64, user: NewUser) -> Result<User, Error>;

    /// Deletes a user.
    ///
    /// What the user owns stays.
    #[delete("/users/{id}")]
    #[deprecated]
    async fn delete_user(&self, id: i64) -> Result<(), Error>;
}
