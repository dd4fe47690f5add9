//! userdb.

use sqlx::{AnyPool, Error, Row};

use super::{now, open, serial};
use crate::contracts::user::types::user::User;

/// The users.
#[derive(Debug, Clone)]
pub struct Users(AnyPool);

/// A user to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewUser<'a> {
    /// Full name.
    pub name: &'a str,
    /// Email address.
    pub email: &'a str,
    /// Phone number, or empty.
    pub phone: &'a str,
    /// Postal address, or empty.
    pub address: &'a str,
}

impl Users {
    /// Opens the database at `url`, and makes its table if it has none.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn open(url: &str) -> Result<Self, Error> {
        let pool = open(url).await?;
        let table = format!(
            "CREATE TABLE IF NOT EXISTS users (
                id {}, name TEXT NOT NULL, email TEXT NOT NULL,
                phone TEXT NOT NULL, address TEXT NOT NULL, created_at TEXT NOT NULL)",
            serial(url)
        );
        sqlx::query(&table).execute(&pool).await?;
        Ok(Self(pool))
    }

    /// Stores a user.
    ///
    /// # Errors
    /// The database fails.
    pub async fn create(&self, new: NewUser<'_>) -> Result<User, Error> {
        let created_at = now();
        let row = sqlx::query(
            "INSERT INTO users (name, email, phone, address, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        )
        .bind(new.name)
        .bind(new.email)
        .bind(new.phone)
        .bind(new.address)
        .bind(&created_at)
        .fetch_one(&self.0)
        .await?;
        Ok(User {
            id: row.try_get(0)?,
            name: new.name.to_owned(),
            email: new.email.to_owned(),
            phone: new.phone.to_owned(),
            address: new.address.to_owned(),
            created_at,
        })
    }

    /// The user with this id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find(&self, id: i32) -> Result<Option<User>, Error> {
        let row = sqlx::query("SELECT id, name, email, phone, address, created_at FROM users WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.0)
            .await?;
        row.map(|row| {
            Ok(User {
                id: row.try_get(0)?,
                name: row.try_get(1)?,
                email: row.try_get(2)?,
                phone: row.try_get(3)?,
                address: row.try_get(4)?,
                created_at: row.try_get(5)?,
            })
        })
        .transpose()
    }
}
