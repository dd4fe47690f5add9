//! What goes over the wire, and the types that the peers read it into: what their users write by hand.

use serde::{Deserialize, Serialize};

/// The reply to `GET /pets/7`.
pub(super) const PET: &str = concat!(
    r#"{"id":7,"name":"Rex of the Lower Meadow","species":"dog","owner":"u-4711-0815","weight":31.5,"#,
    r#""vaccinated":true,"note":"Afraid of thunder, fond of cheese, and not to be left alone with the post."}"#
);

/// The reply to `POST /orders`.
pub(super) const ORDER: &str = concat!(
    r#"{"id":900142,"customer":"u-4711-0815","address":"7 Lower Meadow Lane, Second Door, Upper Hill, 12345","#,
    r#""note":"Leave it with the neighbour at number 9, who is in most days from ten to four, or behind the green gate on the left, where the red letter box is; the dog is friendly, but do not let it out on the road, please.","total":251.6,"items":["#,
    r#"{"sku":"FOOD-0001","name":"Dry food, beef, large bag","quantity":2,"price":48.9},"#,
    r#"{"sku":"FOOD-0002","name":"Wet food, poultry, 12 tins","quantity":3,"price":19.95},"#,
    r#"{"sku":"TOYS-0117","name":"Rope with two knots, blue","quantity":1,"price":7.5},"#,
    r#"{"sku":"TOYS-0203","name":"Ball, hard rubber, 8 cm","quantity":4,"price":3.25},"#,
    r#"{"sku":"BEDS-0031","name":"Bed, washable, 90 x 70 cm","quantity":1,"price":54.0},"#,
    r#"{"sku":"CARE-0008","name":"Brush for short coats","quantity":1,"price":11.9},"#,
    r#"{"sku":"CARE-0010","name":"Shampoo without scent","quantity":2,"price":6.45},"#,
    r#"{"sku":"WALK-0055","name":"Lead, two metres, leather","quantity":1,"price":24.6}]}"#
);

#[derive(Debug, Clone, Deserialize)]
#[allow(dead_code, reason = "what is read is not looked at, as in the other peers")]
pub(super) struct Pet {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) species: String,
    pub(super) owner: String,
    pub(super) weight: f64,
    pub(super) vaccinated: bool,
    pub(super) note: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) quantity: i32,
    pub(super) price: f64,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct NewOrder {
    pub(super) customer: String,
    pub(super) address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    pub(super) items: Vec<Item>,
}

#[derive(Debug, Clone, Deserialize)]
#[allow(dead_code, reason = "what is read is not looked at, as in the other peers")]
pub(super) struct Order {
    pub(super) id: i64,
    pub(super) customer: String,
    pub(super) address: String,
    pub(super) note: Option<String>,
    pub(super) total: f64,
    pub(super) items: Vec<Item>,
}

impl Order {
    /// The order that a customer sends to get this one.
    pub(super) fn request(self) -> NewOrder {
        NewOrder {
            customer: self.customer,
            address: self.address,
            note: self.note,
            items: self.items,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_of_the_sizes_that_the_goals_are_for() {
        assert!((180..=230).contains(&PET.len()), "{}", PET.len());
        assert!((950..=1_150).contains(&ORDER.len()), "{}", ORDER.len());
        let order: Order = serde_json::from_str(ORDER).unwrap();
        assert_eq!(order.items.len(), 8);
        let sent = serde_json::to_vec(&order.request()).unwrap();
        assert!((950..=1_150).contains(&sent.len()), "{}", sent.len());
    }
}
