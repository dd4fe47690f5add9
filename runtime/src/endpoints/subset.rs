//! Subsets: each client of a large service connects to a part of its endpoints.
//!
//! Finagle's deterministic aperture: clients and endpoints stand on a ring, and a client knows the endpoints that begin at its
//! own place. Clients that know their number among their peers stand evenly, so that every endpoint gets the same share;
//! others stand where the hash of their name puts them. An endpoint more or less moves a client's part by two at most.

use super::hash::{hash, mix};

/// A part of the endpoints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subset {
    size: usize,
    /// On a ring of length 1.
    place: f64,
}

impl Subset {
    /// So many endpoints (at least 1) for the client of this name, such as its host's: the same ones whenever it is
    /// asked.
    pub fn of(size: usize, client: &str) -> Self {
        Self {
            size: size.max(1),
            place: (mix(hash(client.as_bytes())) >> 11) as f64 / (1_u64 << 53) as f64,
        }
    }

    /// So many endpoints (at least 1) for the client with this number, from 0, of so many that are alike.
    pub fn of_peer(size: usize, peer: u32, peers: u32) -> Self {
        let peers = peers.max(1);
        Self {
            size: size.max(1),
            place: f64::from(peer % peers) / f64::from(peers),
        }
    }

    /// The places of the chosen ones of `keys`, which name the endpoints.
    pub(super) fn choose(&self, keys: &[String]) -> Vec<usize> {
        let mut ring: Vec<(u64, usize)> = keys
            .iter()
            .enumerate()
            .map(|(at, key)| (hash(key.as_bytes()), at))
            .collect();
        ring.sort_unstable();
        let start = (self.place * ring.len() as f64) as usize;
        let chosen = (0..self.size.min(ring.len())).map(|step| ring[(start + step) % ring.len()].1);
        let mut chosen: Vec<usize> = chosen.collect();
        chosen.sort_unstable();
        chosen
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(number: usize) -> Vec<String> {
        (0..number)
            .map(|at| format!("10.0.{}.{}:80", at / 250, at % 250))
            .collect()
    }

    fn named(subset: Subset, keys: &[String]) -> BTreeSet<String> {
        subset
            .choose(keys)
            .into_iter()
            .map(|at| keys[at].clone())
            .collect()
    }

    #[test]
    fn a_client_has_the_same_part_whatever_the_order_of_the_endpoints() {
        let (all, subset) = (keys(100), Subset::of(20, "orders-7"));
        let mut turned = all.clone();
        turned.reverse();
        assert_eq!(named(subset, &all), named(subset, &turned));
        assert_eq!(named(subset, &all).len(), 20);
        assert_ne!(named(subset, &all), named(Subset::of(20, "orders-8"), &all));
    }

    #[test]
    fn a_part_that_is_larger_than_the_whole_is_the_whole() {
        assert_eq!(Subset::of(20, "a").choose(&keys(3)), [0, 1, 2]);
        assert!(Subset::of(20, "a").choose(&[]).is_empty());
        assert_eq!(Subset::of(0, "a").choose(&keys(3)).len(), 1);
    }

    #[test]
    fn numbered_peers_load_all_endpoints_alike() {
        let all = keys(60);
        let mut clients = vec![0; 60];
        for peer in 0..30 {
            for at in Subset::of_peer(10, peer, 30).choose(&all) {
                clients[at] += 1;
            }
        }
        assert_eq!(clients, [5; 60]);
    }

    #[test]
    fn an_endpoint_more_or_less_moves_a_part_by_two_at_most() {
        let all = keys(101);
        for client in 0..50 {
            let subset = Subset::of(20, &format!("client-{client}"));
            let (before, after) = (named(subset, &all[..100]), named(subset, &all));
            assert!(before.difference(&after).count() <= 2, "client {client}");
            let without: Vec<String> = all[1..100].to_vec();
            let gone = named(subset, &without);
            assert!(before.difference(&gone).count() <= 2, "client {client}");
        }
    }
}
