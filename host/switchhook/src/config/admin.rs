//! From the admin interface as written to the resolved one: where it listens, and who may use it.

use std::net::SocketAddr;

use super::problem::Place;
use super::read::{At, Field};
use super::resolve::Resolver;
use super::resolved::Admin;
use super::written::WrittenAdmin;

impl Resolver<'_> {
    pub(super) fn admin(&mut self, At { value: written, place }: At<WrittenAdmin>) -> Option<Admin> {
        let listen = self.required(written.listen, &place, "listen", "write `listen = \"127.0.0.1:9600\"`");
        let listen = listen.and_then(|at| self.address(at));
        let (listen, at) = listen?;
        let token = match written.token {
            Field::Absent => None,
            token => Some(token.given().and_then(|at| self.secret(at))?),
        };
        let access = admin::Access::new(listen, token.as_ref().map(|token| admin::Token::new(token.expose())));
        let access = access.map_err(|_| {
            let what = format!("{listen} can be reached from other machines, and there is no token");
            self.reader.bad_value(&at, what, "add `token`, or listen on a loopback address");
        });
        Some(Admin { listen, access: access.ok()?, token })
    }

    fn address(&mut self, At { value, place }: At<String>) -> Option<(SocketAddr, Place)> {
        match value.parse() {
            Ok(address) => Some((address, place)),
            Err(_) => {
                let help = "write an IP address and a port, as in `127.0.0.1:9600` or `[::1]:9600`";
                self.reader.bad_value(&place, format!("{value:?} is not an address to listen on"), help);
                None
            }
        }
    }
}
