//! The endpoints of the service, where it is many.

use std::sync::Arc;

use super::ClientBuilder;
use crate::endpoints::{self, Balance, Discover, Dns, Endpoints, Member};

impl ClientBuilder {
    /// Where the service is: at several endpoints, over which attempts are balanced.
    ///
    /// ```
    /// # use tieline::endpoints::{Balance, Member};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let users = tieline::Client::builder("users")
    ///     .endpoints(["http://10.0.0.1:8080".parse::<Member>()?, "http://10.0.0.2:8080;weight=2".parse()?])
    ///     .balance(Balance::LeastRequest)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn endpoints<M: Into<Member>>(mut self, members: impl IntoIterator<Item = M>) -> Self {
        self.members = members.into_iter().map(Into::into).collect();
        self
    }

    /// What says where the service is, again whenever that changes. [`url`](Self::url) is then what the service is called, such as
    /// in URLs that lead on to a next page.
    pub fn discover(mut self, discover: impl Discover) -> Self {
        self.discover = Some(Box::new(discover));
        self
    }

    /// Which endpoint an attempt goes to, where the service has several.
    pub fn balance(self, balance: Balance) -> Self {
        self.balancing(|settings| settings.balance(balance))
    }

    /// Changes how endpoints are chosen and judged: zones, outlier ejection, slow start, subsets.
    pub fn balancing(mut self, change: impl FnOnce(endpoints::Settings) -> endpoints::Settings) -> Self {
        self.balancing = change(self.balancing);
        self
    }

    /// Uses endpoints that others use too.
    pub fn shared_endpoints(mut self, endpoints: Arc<Endpoints>) -> Self {
        self.shared_endpoints = Some(endpoints);
        self
    }

    /// Looks the addresses of the service's host up so. Where they go by a proxy or a line of one's own, nobody looks them
    /// up.
    pub fn dns(mut self, dns: Dns) -> Self {
        self.dns = Some(dns);
        self
    }

    /// Leaves the endpoints open when the client is closed: others use them, too.
    pub(crate) fn outlived_by_endpoints(mut self) -> Self {
        self.owns_endpoints = false;
        self
    }
}
