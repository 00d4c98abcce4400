//! Grants: what may be reached, and the secrets that go there.

use super::{Desk, Sheet};

const GOOD: Sheet = Sheet::GOOD;
const PLUGIN: &str = "tenant[0].plugin[0].grants";

fn sheet(tenant: &str, grants: &str) -> String {
    let (tenant, plugin) = (tenant.to_owned().leak(), format!("grants = {{ {grants} }}").leak());
    Sheet { tenant, plugin, ..GOOD }.text()
}

#[test]
fn hosts_and_secrets_that_fit_are_taken() {
    let grants = "recording = true, key_value = true, hosts = [\"api.example.com:443\", \"*.example.org\"], \
        private_hosts = [\"127.0.0.1:8080\"], \
        secrets = [{ name = \"KEY\", header = \"authorization\", prefix = \"Bearer \", hosts = [\"api.example.com\"] }]";
    let desk = Desk::new().env("ACME_KEY", "hunter2");
    let config = desk.resolve(&sheet("secrets = { KEY = { env = \"ACME_KEY\" } }", grants)).expect("a good file");
    let grants = &config.tenants[0].plugins[0].grants;
    let names: Vec<_> = grants.names().into_iter().collect();
    assert_eq!(names, ["hosts", "key_value", "recording"]);
    let hosts: Vec<_> = grants.network.hosts.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["api.example.com:443", "*.example.org:443"]);
    assert_eq!(grants.network.private_hosts[0].to_string(), "127.0.0.1:8080");
    assert_eq!(grants.network.secrets[0].header.name(), "authorization");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn each_mistake_has_its_words() {
    let secrets = "secrets = { KEY = \"hunter2\" }";
    let one =
        |more: &str| format!("hosts = [\"api.example.com\"], secrets = [{{ name = \"KEY\", header = \"x\", {more} }}]");
    for (tenant, grants, place, words) in [
        ("", "hosts = [\"10.0.0.1\"]".to_owned(), "hosts[0]", "\"10.0.0.1\" is no public address: if it is meant, name it in `private_hosts`"),
        ("", "hosts = [\"*.com\"]".to_owned(), "hosts[0]", "\"*.com\": `*` stands for what is before a domain of two parts at least"),
        ("", "hosts = [\"a.com:0\"]".to_owned(), "hosts[0]", "\"a.com:0\": the port is not between 1 and 65535"),
        ("", "private_hosts = [\"*.internal.net\"]".to_owned(), "private_hosts[0]", "\"*.internal.net\" stands for many hosts"),
        ("", "private_hosts = [\"0.0.0.0:80\"]".to_owned(), "private_hosts[0]", "\"0.0.0.0:80\" is no address that one connects to"),
        (secrets, one("hosts = [\"other.com\"]"), "secrets[0].hosts[0]", "\"other.com\" is not granted"),
        (secrets, one("hosts = []"), "secrets[0].hosts", "the secret is for no host"),
        (secrets, one("hosts = [\"*.example.com\"]"), "secrets[0].hosts[0]", "\"*.example.com\" stands for many hosts"),
        (secrets, one("colour = 1, hosts = [\"api.example.com\"]"), "secrets[0].colour", "there is no key `colour` here"),
        ("secrets = { KEYS = \"hunter2\" }", one("hosts = [\"api.example.com\"]"), "secrets[0].name", "this tenant has no secret \"KEY\": did you mean \"KEYS\"?"),
        (
            secrets,
            "hosts = [\"a.com\"], secrets = [{ name = \"KEY\", header = \"host\", hosts = [\"a.com\"] }]".to_owned(),
            "secrets[0].header",
            "no secret can stand in this header",
        ),
        (
            secrets,
            "hosts = [\"a.com\"], secrets = [{ name = \"KEY\", header = \"x\", hosts = [\"a.com\"] }, { name = \"KEY\", header = \"X\", hosts = [\"a.com\"] }]".to_owned(),
            "secrets[1]",
            "another secret stands in the header x for the same host",
        ),
    ] {
        let problems = Desk::new().problems(&sheet(tenant, &grants));
        let expected = format!("{PLUGIN}.{place}: {words}");
        assert!(problems.contains(&expected), "{grants}\n{problems}\n{expected}");
        assert_eq!(problems.lines().count(), 1, "{problems}");
        assert!(!problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn a_secret_that_is_not_there_is_told_once() {
    let grants = "hosts = [\"a.com\"], secrets = [{ name = \"KEY\", header = \"x\", hosts = [\"a.com\"] }]";
    let problems = Desk::new().problems(&sheet("secrets = { KEY = { env = \"NO_SUCH\" } }", grants));
    assert!(problems.contains("tenant[0].secrets.KEY") && problems.contains("NO_SUCH"), "{problems}");
    assert_eq!(problems.lines().count(), 1, "{problems}");
}

#[test]
fn a_private_hosts_ca_is_read() {
    let key = rcgen::KeyPair::generate().expect("a key");
    let ca = rcgen::CertificateParams::new(Vec::new()).expect("names").self_signed(&key).expect("a certificate");
    let desk = Desk::new();
    desk.put("ca.pem", ca.pem().as_bytes());
    desk.put("text.pem", b"no certificate");
    let grants = |file: &str| format!("private_hosts = [\"model.internal\"], private_ca_path = \"{file}\"");
    let config = desk.resolve(&sheet("", &grants("ca.pem"))).expect("a good file");
    assert!(config.tenants[0].plugins[0].grants.network.private_ca.is_some());
    for file in ["text.pem", "absent.pem"] {
        let problems = desk.resolve(&sheet("", &grants(file))).expect_err("a bad one").to_string();
        assert!(problems.contains(&format!("{PLUGIN}.private_ca_path")), "{problems}");
    }
}

#[test]
fn traces_go_to_a_collector_and_nowhere_else() {
    let desk = Desk::new().env("KEY", "Bearer hunter2");
    let sheet = |traces: &str| format!("[traces]\n{traces}\n{}", GOOD.text());
    let good = "endpoint = \"https://collector.example.com:4318\"\nheaders = { x-key = { env = \"KEY\" } }";
    let config = desk.resolve(&sheet(good)).expect("a good file");
    let traces = config.traces.as_ref().expect("they are asked for");
    assert_eq!(traces.endpoint.as_str(), "https://collector.example.com:4318/");
    assert_eq!((traces.headers[0].0.as_str(), traces.headers[0].1.expose()), ("x-key", "Bearer hunter2"));
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(desk.resolve(&GOOD.text()).expect("a good file").traces.is_none(), "off by default");
    for (traces, words) in [
        ("", "traces.endpoint: missing"),
        ("endpoint = \"collector:4318\"", "traces.endpoint: it is not the address of a collector"),
        ("endpoint = \"http://user:hunter2@c\"", "traces.endpoint: it is not the address of a collector"),
        (
            "endpoint = \"http://c\"\nheaders = { \"a b\" = \"x\" }",
            "traces.headers.a b: it is not the name of a header",
        ),
        (
            "endpoint = \"http://c\"\nheaders = { k = \"a\\nb\" }",
            "traces.headers.k: the secret has a space or a character in it",
        ),
        ("endpoint = \"http://c\"\nheaders = { k = { env = \"NONE\" } }", "\"NONE\" is not set"),
        ("endpoint = \"http://c\"\nratio = 1", "there is no key `ratio` here"),
    ] {
        let problems = desk.resolve(&sheet(traces)).expect_err("a bad one").to_string();
        assert!(problems.contains(words) && !problems.contains("hunter2"), "{words} in {problems}");
    }
}
