//! orderdb.

use sqlx::any::AnyRow;
use sqlx::{AnyPool, Error, Row};

use super::{now, open, serial};
use crate::contracts::order::types::order::{Order, OrderItem, OrderStatus};

/// The orders.
#[derive(Debug, Clone)]
pub struct Orders(AnyPool);

/// An order to be stored.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// Who orders.
    pub user_id: i32,
    /// Their name at this time.
    pub user_name: String,
    /// Their email address at this time.
    pub user_email: String,
    /// What is ordered.
    pub items: Vec<OrderItem>,
}

impl Orders {
    /// Opens the database at `url`, and makes its tables if it has none.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn open(url: &str) -> Result<Self, Error> {
        let pool = open(url).await?;
        let id = serial(url);
        let orders = format!(
            "CREATE TABLE IF NOT EXISTS orders (
                id {id}, user_id INTEGER NOT NULL, user_name TEXT NOT NULL, user_email TEXT NOT NULL,
                total_amount DOUBLE PRECISION NOT NULL, status INTEGER NOT NULL, created_at TEXT NOT NULL)"
        );
        let items = format!(
            "CREATE TABLE IF NOT EXISTS order_items (
                id {id}, order_id INTEGER NOT NULL REFERENCES orders (id),
                product_name TEXT NOT NULL, quantity INTEGER NOT NULL, price DOUBLE PRECISION NOT NULL)"
        );
        sqlx::query(&orders).execute(&pool).await?;
        sqlx::query(&items).execute(&pool).await?;
        Ok(Self(pool))
    }

    /// Stores an order, all of it or nothing.
    ///
    /// # Errors
    /// The database fails.
    pub async fn create(&self, new: NewOrder) -> Result<Order, Error> {
        let created_at = now();
        let total_amount: f64 = new
            .items
            .iter()
            .map(|item| item.price * f64::from(item.quantity))
            .sum();
        let mut transaction = self.0.begin().await?;
        let row = sqlx::query(
            "INSERT INTO orders (user_id, user_name, user_email, total_amount, status, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        )
        .bind(new.user_id)
        .bind(&new.user_name)
        .bind(&new.user_email)
        .bind(total_amount)
        .bind(OrderStatus::Pending as i32)
        .bind(&created_at)
        .fetch_one(&mut *transaction)
        .await?;
        let id: i32 = row.try_get(0)?;
        for item in &new.items {
            sqlx::query(
                "INSERT INTO order_items (order_id, product_name, quantity, price) VALUES ($1, $2, $3, $4)",
            )
            .bind(id)
            .bind(&item.product_name)
            .bind(item.quantity)
            .bind(item.price)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(Order {
            id,
            user_id: new.user_id,
            user_name: new.user_name,
            user_email: new.user_email,
            items: new.items,
            total_amount,
            status: OrderStatus::Pending as i32,
            created_at,
        })
    }

    /// The order with this id.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find(&self, id: i32) -> Result<Option<Order>, Error> {
        let row = sqlx::query(&format!("{SELECT} WHERE id = $1"))
            .bind(id)
            .fetch_optional(&self.0)
            .await?;
        match row {
            None => Ok(None),
            Some(row) => self.with_items(&row).await.map(Some),
        }
    }

    /// The newest `limit` orders of a user.
    ///
    /// # Errors
    /// The database fails.
    pub async fn of_user(&self, user_id: i32, limit: i32) -> Result<Vec<Order>, Error> {
        let rows = sqlx::query(&format!("{SELECT} WHERE user_id = $1 ORDER BY id DESC LIMIT $2"))
            .bind(user_id)
            .bind(limit)
            .fetch_all(&self.0)
            .await?;
        let mut orders = Vec::with_capacity(rows.len());
        for row in &rows {
            orders.push(self.with_items(row).await?);
        }
        Ok(orders)
    }

    async fn with_items(&self, row: &AnyRow) -> Result<Order, Error> {
        let id: i32 = row.try_get(0)?;
        let items = sqlx::query(
            "SELECT product_name, quantity, price FROM order_items WHERE order_id = $1 ORDER BY id",
        )
        .bind(id)
        .fetch_all(&self.0)
        .await?;
        let item = |row: &AnyRow| {
            Ok(OrderItem {
                product_name: row.try_get(0)?,
                quantity: row.try_get(1)?,
                price: row.try_get(2)?,
            })
        };
        Ok(Order {
            id,
            user_id: row.try_get(1)?,
            user_name: row.try_get(2)?,
            user_email: row.try_get(3)?,
            items: items.iter().map(item).collect::<Result<_, Error>>()?,
            total_amount: row.try_get(4)?,
            status: row.try_get(5)?,
            created_at: row.try_get(6)?,
        })
    }
}

const SELECT: &str =
    "SELECT id, user_id, user_name, user_email, total_amount, status, created_at FROM orders";
