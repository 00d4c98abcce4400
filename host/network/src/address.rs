//! What kind of address an address is. Everything that is not plainly public is something else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressKind {
    /// Out, into the Internet.
    Public,
    /// To this machine, or into networks that are somebody's own (RFC 1918, RFC 4193, RFC 6598 and others of RFC 6890).
    Private,
    /// To this link, where clouds answer with the machine's own credentials (169.254.169.254 and its like).
    LinkLocal,
    /// Nowhere that one connects to: unspecified, multicast, reserved.
    Never,
}

/// Addresses outside of the link-local ranges at which clouds give out a machine's credentials: Amazon by IPv6, Alibaba,
/// Azure.
const METADATA: [IpAddr; 3] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
];

/// The kind of an address. One that carries another (mapped, translated, tunnelled) is what that one is.
pub fn kind(address: IpAddr) -> AddressKind {
    if METADATA.contains(&address) {
        return AddressKind::LinkLocal;
    }
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

fn kind_v4(address: Ipv4Addr) -> AddressKind {
    match address.octets() {
        [0, ..] | [224..=255, ..] => AddressKind::Never,
        [169, 254, ..] => AddressKind::LinkLocal,
        [10 | 127, ..]
        | [100, 64..=127, ..]
        | [172, 16..=31, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [192, 168, ..]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => AddressKind::Private,
        _ => AddressKind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> AddressKind {
    let parts = address.segments();
    let carried = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        kind(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
    };
    match parts {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressKind::Never,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressKind::Private,
        // Mapped and compatible (RFC 4291), translated (RFC 6052, RFC 2765).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => carried(high, low),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => carried(high, low),
        [0xfe80..=0xfebf, ..] => AddressKind::LinkLocal,
        [0xff00..=0xffff, ..] => AddressKind::Never,
        // Protocols and tunnels, Teredo among them (RFC 2928), and documentation (RFC 3849, RFC 9637).
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => AddressKind::Private,
        // What is assigned as global unicast (RFC 4291) and nothing above.
        [0x2000..=0x3fff, ..] => AddressKind::Public,
        _ => AddressKind::Private,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_plainly_public_is_something_else() {
        let of = |text: &str| kind(text.parse().unwrap());
        for public in
            ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
        {
            assert_eq!(of(public), AddressKind::Public, "{public}");
        }
        for private in [
            "127.0.0.1",
            "127.255.255.255",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.9",
            "203.0.113.9",
            "::1",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:c0a8:101::1",
            "2001:db8::1",
            "2001::1",
            "4000::1",
        ] {
            assert_eq!(of(private), AddressKind::Private, "{private}");
        }
        for link in [
            "169.254.169.254",
            "169.254.0.1",
            "fe80::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "::ffff:168.63.129.16",
        ] {
            assert_eq!(of(link), AddressKind::LinkLocal, "{link}");
        }
        for never in
            ["0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "ff02::1", "::ffff:0.0.0.0"]
        {
            assert_eq!(of(never), AddressKind::Never, "{never}");
        }
    }
}
