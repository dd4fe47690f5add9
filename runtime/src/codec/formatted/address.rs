//! Addresses of hosts, as std knows them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Format, Node, NodeMut, Value, formatted_text};

formatted_text! {
    /// An IPv4 address, dotted, kept as the text it came as.
    Ipv4, Format::Ipv4, "an IPv4 address such as 192.0.2.1",
    as Ipv4Addr, |text| text.parse().ok(), Ipv4Addr::to_string
}

formatted_text! {
    /// An IPv6 address (RFC 4291), kept as the text it came as: it can be written in several ways.
    Ipv6, Format::Ipv6, "an IPv6 address such as 2001:db8::1",
    as Ipv6Addr, |text| text.parse().ok(), Ipv6Addr::to_string
}
