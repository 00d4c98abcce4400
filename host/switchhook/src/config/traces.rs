//! From the export of traces as written to the resolved one: an address that takes them, and headers that can be sent.

use http::HeaderName;
use url::Url;

use super::problem::Place;
use super::read::At;
use super::resolve::Resolver;
use super::resolved::TracesTo;
use super::written::WrittenTraces;

impl Resolver<'_> {
    pub(super) fn traces(&mut self, At { value: written, place }: At<WrittenTraces>) -> Option<TracesTo> {
        let help = "write `endpoint = \"http://127.0.0.1:4318\"`";
        let endpoint = self.required(written.endpoint, &place, "endpoint", help);
        let endpoint = endpoint.and_then(|at| self.collector(at));
        let headers = self.optional(written.headers, Vec::new(), |_, at| Some(at.value));
        let mut good = true;
        let mut sent = Vec::new();
        for (name, secret) in headers? {
            let named = self.is_header(&place, &name);
            match secret.given().and_then(|at| self.secret_value(at)).filter(|_| named) {
                Some(secret) => sent.push((name, secret)),
                None => good = false,
            }
        }
        Some(TracesTo { endpoint: endpoint.filter(|_| good)?, headers: sent })
    }

    fn collector(&mut self, At { value, place }: At<String>) -> Option<Url> {
        let url = Url::parse(&value).ok().filter(|url| {
            let plain = url.username().is_empty() && url.password().is_none();
            ["http", "https"].contains(&url.scheme()) && url.has_host() && plain && url.query().is_none()
        });
        if url.is_none() {
            let help = "write `http://HOST:PORT` or `https://HOST`; keys belong into `headers`";
            self.reader.bad_value(&place, "it is not the address of a collector", help);
        }
        url
    }

    fn is_header(&mut self, section: &Place, name: &str) -> bool {
        let good = HeaderName::from_bytes(name.as_bytes()).is_ok();
        if !good {
            self.reader.bad_value(
                &section.child("headers").child(name),
                "it is not the name of a header",
                "correct it",
            );
        }
        good
    }
}
