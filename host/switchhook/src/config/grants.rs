//! What a plugin may do beyond its calls: hosts are patterns that can match, and secrets are there and go where they may.

use std::collections::HashMap;

use carriers::TlsFiles;
use network::{AddressKind, HostRule, Policy, PrivateCa, SecretHeader, SecretHeaderError, SecretRule};

use super::credentials::kind_of;
use super::problem::ProblemKind;
use super::read::{At, Field};
use super::resolve::{Resolver, all};
use super::resolved::Grants;
use super::secret::Secret;
use super::suggest::nearest;
use super::written::{WrittenGrants, WrittenSecret, WrittenSecretGrant};

/// A tenant's secrets by name; of one that could not be fetched only the name is known.
pub(super) type Secrets = HashMap<String, Option<Secret>>;

impl Resolver<'_> {
    /// The secrets of a tenant.
    pub(super) fn secrets(&mut self, written: Field<Vec<(String, Field<WrittenSecret>)>>) -> Secrets {
        let list = written.given().map_or(Vec::new(), |at| at.value);
        let fetched = list.into_iter().map(|(name, secret)| (name, secret.given().and_then(|at| self.secret(at))));
        fetched.collect()
    }

    pub(super) fn grants(&mut self, written: WrittenGrants, secrets: &Secrets) -> Option<Grants> {
        let WrittenGrants { recording, calls, key_value, hosts, private_hosts, private_ca_path, secrets: granted } =
            written;
        let recording = self.optional(recording, false, |_, at| Some(at.value));
        let calls = self.optional(calls, false, |_, at| Some(at.value));
        let key_value = self.optional(key_value, false, |_, at| Some(at.value));
        let hosts = self.optional(hosts, Vec::new(), |resolver, at| resolver.hosts(at.value, Resolver::public));
        let private =
            self.optional(private_hosts, Vec::new(), |resolver, at| resolver.hosts(at.value, Resolver::private));
        let granted = self.optional(granted, Vec::new(), |_, at| Some(at.value));
        let ca = self.optional(private_ca_path, None, |resolver, at| resolver.private_ca(at).map(Some));
        let mut network = Policy { hosts: hosts?, private_hosts: private?, private_ca: ca?, secrets: Vec::new() };
        network.secrets = self.secret_rules(granted?, &network, secrets)?;
        Some(Grants { recording: recording?, calls: calls?, key_value: key_value?, network })
    }

    /// Who vouches for the private hosts.
    fn private_ca(&mut self, At { value, place }: At<String>) -> Option<PrivateCa> {
        let path = self.folder.join(value);
        self.files.insert(path.clone());
        let errors = TlsFiles { ca_path: Some(path.clone()), identity: None }.check();
        for error in &errors {
            self.reader.report(kind_of(error), &place, error.what(), error.fault.help());
        }
        let pem = std::fs::read(path).ok().filter(|_| errors.is_empty())?;
        match PrivateCa::from_pem(&pem) {
            Ok(ca) => Some(ca),
            Err(error) => {
                self.reader.bad_value(&place, error.to_string(), "name a PEM file with the CA's certificate");
                None
            }
        }
    }

    fn hosts(
        &mut self,
        texts: Vec<At<String>>,
        check: impl Fn(&HostRule) -> Result<(), (&'static str, &'static str)>,
    ) -> Option<Vec<HostRule>> {
        all(texts.into_iter().map(|At { value, place }| {
            let rule: HostRule = match value.parse() {
                Ok(rule) => rule,
                Err(error) => {
                    self.reader.bad_value(&place, format!("{value:?}: {error}"), "correct it");
                    return None;
                }
            };
            if let Err((what, help)) = check(&rule) {
                self.reader.bad_value(&place, format!("{value:?} {what}"), help);
                return None;
            }
            Some(rule)
        }))
    }

    fn public(rule: &HostRule) -> Result<(), (&'static str, &'static str)> {
        match rule.address_kind() {
            None | Some(AddressKind::Public) => Ok(()),
            Some(_) => Err(("is no public address", "if it is meant, name it in `private_hosts`")),
        }
    }

    fn private(rule: &HostRule) -> Result<(), (&'static str, &'static str)> {
        if rule.is_pattern() {
            return Err(("stands for many hosts", "name each private host"));
        }
        match rule.address_kind() {
            Some(AddressKind::Never) => Err(("is no address that one connects to", "name the host's own")),
            _ => Ok(()),
        }
    }

    fn secret_rules(
        &mut self,
        written: Vec<WrittenSecretGrant>,
        network: &Policy,
        secrets: &Secrets,
    ) -> Option<Vec<SecretRule>> {
        let mut rules: Vec<SecretRule> = Vec::new();
        let mut good = true;
        for grant in written {
            let place = grant.place.clone();
            match self.secret_rule(grant, network, secrets) {
                Some(rule) if rules.iter().any(|other| collide(other, &rule)) => {
                    let header = rule.header.name();
                    let what = format!("another secret stands in the header {header} for the same host");
                    self.reader.bad_value(&place, what, "keep one of them");
                    good = false;
                }
                Some(rule) => rules.push(rule),
                None => good = false,
            }
        }
        good.then_some(rules)
    }

    fn secret_rule(&mut self, written: WrittenSecretGrant, network: &Policy, secrets: &Secrets) -> Option<SecretRule> {
        let WrittenSecretGrant { place, name, hosts, header, prefix } = written;
        let name = self.required(name, &place, "name", "name one of the tenant's `secrets`");
        let header = self.required(header, &place, "header", "name the header that it stands in");
        let hosts = self.required(hosts, &place, "hosts", "name the hosts that it is for");
        let prefix = self.optional(prefix, String::new(), |_, at| Some(at.value));
        let secret = name.and_then(|name| self.known_secret(&name, secrets));
        let hosts = hosts.and_then(|hosts| self.secret_hosts(hosts, network));
        let (secret, header, hosts) = (secret?, header?, hosts?);
        match SecretHeader::new(&header.value, &prefix?, secret.expose()) {
            Ok(header) => Some(SecretRule { header, hosts }),
            Err(error @ SecretHeaderError::Name) => {
                self.reader.bad_value(&header.place, error.to_string(), "name another, such as `authorization`");
                None
            }
            Err(error @ SecretHeaderError::Value) => {
                self.reader.report(
                    ProblemKind::Secret,
                    &place,
                    error.to_string(),
                    "put the key there, and nothing else",
                );
                None
            }
        }
    }

    fn known_secret(&mut self, name: &At<String>, secrets: &Secrets) -> Option<Secret> {
        if let Some(secret) = secrets.get(&name.value) {
            return secret.clone();
        }
        let what = format!("this tenant has no secret {:?}", name.value);
        let help = match nearest(&name.value, secrets.keys().map(String::as_str)) {
            Some(known) => format!("did you mean {known:?}?"),
            None => "add it to the tenant's `secrets`".to_owned(),
        };
        self.reader.bad_value(&name.place, what, help);
        None
    }

    fn secret_hosts(&mut self, hosts: At<Vec<At<String>>>, network: &Policy) -> Option<Vec<HostRule>> {
        if hosts.value.is_empty() {
            self.reader.bad_value(&hosts.place, "the secret is for no host", "name the hosts that it is for");
            return None;
        }
        self.hosts(hosts.value, |rule| {
            if rule.is_pattern() {
                return Err(("stands for many hosts", "name each host that may have the secret"));
            }
            let mut granted = network.hosts.iter().chain(&network.private_hosts);
            match granted.any(|other| other.includes(rule)) {
                true => Ok(()),
                false => Err(("is not granted", "add it to `hosts`, or correct it")),
            }
        })
    }
}

/// Whether two secrets would stand in the same place.
fn collide(one: &SecretRule, other: &SecretRule) -> bool {
    one.header.name() == other.header.name() && one.hosts.iter().any(|host| other.hosts.contains(host))
}
