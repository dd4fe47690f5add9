//! A service is many endpoints: who they are, which of them an attempt goes to, and which of them to leave alone.
//!
//! ```text
//! Discover (list | DNS | Kubernetes) ── set ──> nodes ── health, ejection, subset ──> view: levels by priority and zone
//!                                                                                    │
//!                              attempt ── pick (balance, not those tried) ───────────┘
//!                                 └── how it went ──> pending, latency, outlier ejection, breaker of the endpoint
//! ```
//!
//! The picture that picks are made from is computed when something changes, and swapped whole: a pick takes no lock and
//! allocates nothing. A client of a single endpoint has none of this.
//!
//! | what | by default | source of the rule |
//! |---|---|---|
//! | [`Balance`] | the better of two by peak-EWMA; round robin for `dns:///` targets | Mitzenmacher 2001; Finagle |
//! | [`outlier`] | 5 consecutive failures, a success rate below mean - 1.9σ; 30 s times the ejections, at most 10 % | Envoy |
//! | [`health`] | no active checks | Envoy, gRPC's `grpc.health.v1` |
//! | zones and priorities | none; a level takes 1.4 times its healthy share, the rest goes on to the next | Envoy |
//! | panic | below half healthy everywhere, all are picked | Envoy |
//! | slow start | none | Envoy |
//! | [`Subset`] | all endpoints | Finagle's deterministic aperture |
//!
//! | | cancelled | clock jumps | under contention | disabled |
//! |---|---|---|---|---|
//! | pick | counts as nothing, unless its deadline has passed; a time that is longer than the known latency is learnt | latency decays early, ramps end early | atomic adds; one thread sweeps, nobody waits for it | one endpoint |
//! | ejection | – | forwards: it ends early; backwards: it lasts until the old time comes again | whoever counts the last failure ejects, under a lock that picks do not take | [`Outlier::disabled`](outlier::Outlier::disabled) |

mod balance;
mod discover;
mod dns;
mod event;
mod fleet;
mod hash;
pub mod health;
#[cfg(feature = "kubernetes")]
mod kubernetes;
mod load;
mod member;
mod node;
pub mod outlier;
mod pick;
mod settings;
mod subset;
mod view;

pub use self::balance::Balance;
pub use self::discover::{Discover, DiscoverError, Discovering, List};
#[cfg(feature = "dns")]
pub use self::dns::DnsResolver;
pub use self::dns::{Dns, Resolve, Resolved, Resolving, SystemResolver};
pub use self::event::Event;
pub use self::fleet::Endpoints;
#[cfg(feature = "kubernetes")]
pub use self::kubernetes::Kubernetes;
pub use self::member::{Member, MemberError};
pub use self::settings::Settings;
pub use self::subset::Subset;

pub(crate) use self::hash::hash;
pub(crate) use self::pick::{Ask, NotReady, Picked, Tried};
