//! Who calls: by the security that a contract asks for, or by a key that services share.

mod jwt;
mod keys;
mod schemes;
mod security;

pub use jwt::{Claims, JWT_AUDIENCE, JWT_ISSUER, JWT_JWKS_URL, JWT_SECRET, Jwt, JwtError};
pub use keys::{ApiKeys, NoApiKey, SERVICE_API_KEY, ServiceIdentity};
pub use schemes::Schemes;
pub use security::{Authenticate, Demand, PeerCertificate, Presented, Shown};
pub(super) use security::{Denied, admit};
