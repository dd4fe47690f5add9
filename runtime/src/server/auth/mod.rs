//! Who calls: by the security that a contract asks for, or by a key that services share.

mod keys;
mod security;

pub use keys::{ApiKeys, NoApiKey, SERVICE_API_KEY, ServiceIdentity};
pub use security::{Authenticate, Demand, PeerCertificate, Presented, Shown};
pub(super) use security::{Denied, admit};
