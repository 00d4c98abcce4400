//! Which hosts a plugin may reach, and what the host adds to what it sends there.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Host;

use crate::address::{AddressKind, kind};
use crate::headers::SecretHeader;
use crate::tls::PrivateCa;

/// What one plugin may reach. Nothing, unless the operator says so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    /// Hosts out in the Internet, encrypted.
    pub hosts: Vec<HostRule>,
    /// Hosts that may be private ones too, and need not be encrypted.
    pub private_hosts: Vec<HostRule>,
    /// Who vouches for these, instead of whom the host trusts. For no other host.
    pub private_ca: Option<PrivateCa>,
    /// What is put into requests to some of these.
    pub secrets: Vec<SecretRule>,
}

/// A secret that the handler never sees.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecretRule {
    /// The header with its value.
    pub header: SecretHeader,
    /// Whom it is for. Names and addresses, no patterns.
    pub hosts: Vec<HostRule>,
}

/// A host and a port as the operator writes them: `api.example.com:443`, `*.example.com`, `10.0.0.7:8080`, `[fd12::1]:80`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostRule {
    name: Name,
    port: u16,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Name {
    Exact(String),
    /// Everything that ends with this, which begins with a dot.
    Under(String),
    Address(IpAddr),
}

/// A text that names no host.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HostRuleError {
    /// It is no name and no address.
    #[error("it is no host: write `api.example.com:443`, `*.example.com` or an address")]
    Host,
    /// `*` is for whole parts at the start.
    #[error("`*` stands for what is before a domain of two parts at least: `*.example.com`")]
    Pattern,
    /// The port is none.
    #[error("the port is not between 1 and 65535")]
    Port,
}

/// What a host's addresses may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    /// Public ones.
    Public,
    /// Private ones too.
    Private,
    /// This one, whatever it is.
    Literal(IpAddr),
}

impl Policy {
    /// Whether nothing may be reached.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.private_hosts.is_empty()
    }

    /// What the addresses of this host may be; `None`: it is not granted.
    pub(crate) fn scope(&self, host: &Host<String>, port: u16) -> Option<Scope> {
        if let Some(rule) = self.private_hosts.iter().find(|rule| rule.covers(host, port)) {
            return Some(match rule.name {
                Name::Address(address) => Scope::Literal(address),
                Name::Exact(_) | Name::Under(_) => Scope::Private,
            });
        }
        self.hosts.iter().any(|rule| rule.covers(host, port)).then_some(Scope::Public)
    }

    /// Whom to trust about a host of such a scope, if that is said.
    pub(crate) fn ca(&self, scope: Scope) -> Option<&PrivateCa> {
        self.private_ca.as_ref().filter(|_| scope != Scope::Public)
    }

    /// What is put into a request to this host.
    pub(crate) fn secrets(&self, host: &Host<String>, port: u16) -> impl Iterator<Item = &SecretHeader> {
        let meant = move |rule: &&SecretRule| rule.hosts.iter().any(|allowed| allowed.covers(host, port));
        self.secrets.iter().filter(meant).map(|rule| &rule.header)
    }
}

impl Scope {
    /// Whether such a host may have this address.
    pub(crate) fn admits(self, address: IpAddr) -> bool {
        match (self, kind(address)) {
            (_, AddressKind::Never) => false,
            (Self::Literal(named), _) => named == address,
            (_, AddressKind::Public) | (Self::Private, AddressKind::Private) => true,
            (Self::Public, AddressKind::Private) | (_, AddressKind::LinkLocal) => false,
        }
    }

    /// Whether such a host may be spoken to without encryption.
    pub(crate) fn admits_plain(self) -> bool {
        self != Self::Public
    }
}

impl HostRule {
    /// Whether this is the host.
    pub(crate) fn covers(&self, host: &Host<String>, port: u16) -> bool {
        self.port == port
            && match (&self.name, host) {
                (Name::Exact(name), Host::Domain(domain)) => name == domain,
                (Name::Under(end), Host::Domain(domain)) => domain.len() > end.len() && domain.ends_with(end.as_str()),
                (Name::Address(address), Host::Ipv4(other)) => *address == IpAddr::V4(*other),
                (Name::Address(address), Host::Ipv6(other)) => *address == IpAddr::V6(*other),
                _ => false,
            }
    }

    /// Whether it stands for more than one host.
    pub fn is_pattern(&self) -> bool {
        matches!(self.name, Name::Under(_))
    }

    /// The kind of the address that it is, if it is one.
    pub fn address_kind(&self) -> Option<AddressKind> {
        match self.name {
            Name::Address(address) => Some(kind(address)),
            Name::Exact(_) | Name::Under(_) => None,
        }
    }

    /// Whether everything that `other` stands for is also meant by this.
    pub fn includes(&self, other: &HostRule) -> bool {
        self.port == other.port
            && match (&self.name, &other.name) {
                (Name::Under(end), Name::Exact(name) | Name::Under(name)) => name.ends_with(end.as_str()),
                (name, other) => name == other,
            }
    }
}

/// `HOST` or `HOST:PORT`; the port is 443 if it is not given.
impl FromStr for HostRule {
    type Err = HostRuleError;

    fn from_str(text: &str) -> Result<Self, HostRuleError> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') && (!host.contains(':') || host.ends_with(']')) => {
                let port = port.parse().ok().filter(|port| *port > 0).ok_or(HostRuleError::Port)?;
                (host, port)
            }
            _ => (text, 443),
        };
        let name = match host.strip_prefix('*') {
            Some(end) => {
                let domain = end.strip_prefix('.').ok_or(HostRuleError::Pattern)?;
                match Host::parse(domain) {
                    Ok(Host::Domain(domain)) if domain.contains('.') && !domain.contains('*') => {
                        Name::Under(format!(".{domain}"))
                    }
                    _ => return Err(HostRuleError::Pattern),
                }
            }
            None => match Host::parse(host).map_err(|_| HostRuleError::Host)? {
                Host::Domain(domain) if domain.contains('*') => return Err(HostRuleError::Pattern),
                Host::Domain(domain) => Name::Exact(domain),
                Host::Ipv4(address) => Name::Address(IpAddr::V4(address)),
                Host::Ipv6(address) => Name::Address(IpAddr::V6(address)),
            },
        };
        Ok(Self { name, port })
    }
}

/// As an operator would write it.
impl fmt::Display for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Name::Exact(name) => write!(f, "{name}:{}", self.port),
            Name::Under(end) => write!(f, "*{end}:{}", self.port),
            Name::Address(IpAddr::V4(address)) => write!(f, "{address}:{}", self.port),
            Name::Address(IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> HostRule {
        text.parse().unwrap()
    }

    fn covers(text: &str, host: &str, port: u16) -> bool {
        rule(text).covers(&Host::parse(host).unwrap(), port)
    }

    #[test]
    fn names_are_whole_and_ports_are_equal() {
        assert!(covers("API.example.com:443", "api.EXAMPLE.com", 443));
        assert!(covers("api.example.com", "api.example.com", 443));
        for (host, port) in [
            ("api.example.com", 80),
            ("example.com", 443),
            ("evil-api.example.com", 443),
            ("api.example.com.evil.net", 443),
            ("api.example.com.", 443),
        ] {
            assert!(!covers("api.example.com", host, port), "{host}");
        }
        assert!(covers("*.example.com:8443", "a.b.example.com", 8443));
        for host in ["example.com", "evilexample.com", "a.example.com.net"] {
            assert!(!covers("*.example.com", host, 443), "{host}");
        }
        assert!(covers("[fd12::1]:80", "[fd12:0::1]", 80) && covers("10.0.0.7:80", "0x0a000007", 80));
        assert!(!covers("10.0.0.7:80", "10.0.0.8", 80));
    }

    #[test]
    fn bad_rules_say_why() {
        for (text, why) in [
            ("", HostRuleError::Host),
            ("a b", HostRuleError::Host),
            ("https://example.com", HostRuleError::Port),
            ("example.com:0", HostRuleError::Port),
            ("example.com:99999", HostRuleError::Port),
            ("*", HostRuleError::Pattern),
            ("*.com", HostRuleError::Pattern),
            ("*example.com", HostRuleError::Pattern),
            ("a.*.com", HostRuleError::Pattern),
            ("*.10.0.0.1", HostRuleError::Pattern),
        ] {
            assert_eq!(text.parse::<HostRule>(), Err(why), "{text}");
        }
    }

    #[test]
    fn a_name_must_be_private_by_name_to_lead_to_a_private_address() {
        let policy = Policy {
            hosts: vec![rule("api.example.com"), rule("both.example.com"), rule("10.0.0.9:443")],
            private_hosts: vec![rule("both.example.com"), rule("169.254.169.254:80"), rule("10.0.0.7:80")],
            ..Policy::default()
        };
        let admits = |host: &str, port, address: &str| {
            let scope = policy.scope(&Host::parse(host).unwrap(), port);
            scope.is_some_and(|scope| scope.admits(address.parse().unwrap()))
        };
        assert!(admits("api.example.com", 443, "93.184.216.34"));
        for address in ["127.0.0.1", "::ffff:10.0.0.1", "169.254.169.254", "0.0.0.0", "fe80::1"] {
            assert!(!admits("api.example.com", 443, address), "{address}");
        }
        assert!(admits("both.example.com", 443, "127.0.0.1") && admits("both.example.com", 443, "1.1.1.1"));
        assert!(!admits("both.example.com", 443, "169.254.169.254"), "only where it is named itself");
        assert!(admits("169.254.169.254", 80, "169.254.169.254"));
        assert!(!admits("10.0.0.9", 443, "10.0.0.9"), "an address of the public list is checked too");
        assert!(policy.scope(&Host::parse("other.example.com").unwrap(), 443).is_none());
    }

    #[test]
    fn what_a_secret_is_for_is_on_the_list() {
        assert!(rule("*.example.com").includes(&rule("api.example.com")));
        assert!(rule("api.example.com").includes(&rule("api.example.com:443")));
        assert!(!rule("api.example.com").includes(&rule("*.example.com")));
        assert!(!rule("*.example.com").includes(&rule("example.com")));
        assert!(!rule("*.example.com").includes(&rule("api.example.com:80")));
    }
}
