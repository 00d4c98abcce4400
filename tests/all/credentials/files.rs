//! What is wrong with certificates before any server is asked: told with the line and key of the configuration.

use libtest_mimic::Trial;
use switchhook::config::{self, Problems};
use switchhook_tests::certificates::Valid;
use switchhook_tests::run::real;

use super::Desk;

const GOOD: &str = "cert_path = \"client.pem\"\nkey_path = \"client.key\"\nca_path = \"servers.pem\"";
const DECRYPTED: &str = "decrypt it (`openssl pkey`), and keep the file from others";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("credentials::files_that_can_be_used", |_| async { good() }),
        real("credentials::files_that_cannot_be_used", |_| async { bad() }),
        real("credentials::files_that_do_not_fit", |_| async { misfits() }),
        real("credentials::pairs_are_whole_and_over_wss", |_| async { pairs() }),
        real("credentials::nothing_shows_what_is_in_a_file", |_| async { hidden() }),
    ]
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.client(&desk.known());
    desk.folder.put("echo.wasm", "\0asm");
    desk
}

/// A connector with these lines, the first of which is line 6.
fn resolve(desk: &Desk, lines: &str) -> Result<config::Config, Problems> {
    let text = format!(
        "[[tenant]]\nname = \"acme\"\n[[tenant.telcoflow]]\nname = \"main\"\n\n{lines}\n\
         [[tenant.plugin]]\nname = \"echo\"\nsource = \"echo.wasm\"\n[[tenant.route]]\nplugin = \"echo\"\n"
    );
    config::resolve(&desk.folder.path("t.toml"), &text, &|_| None)
}

/// The problems without the folder's name and what they all begin with.
fn problems(desk: &Desk, lines: &str) -> Vec<String> {
    let problems = resolve(desk, lines).expect_err("the file has problems");
    let folder = format!("{}/", desk.folder.root().display());
    let text = problems.to_string().replace(&folder, "");
    text.lines().map(|line| line.replace("t.toml:", "").replace("tenant[0].telcoflow[0].", "")).collect()
}

fn good() {
    let desk = desk();
    let config = resolve(&desk, GOOD).expect("a good file");
    let connector = &config.tenants[0].connectors[0];
    assert!(connector.credentials.key().is_none());
    let files = connector.tls_files();
    assert_eq!(files.ca_path, Some(desk.folder.path("servers.pem")));
    assert_eq!(files, desk.client(&desk.known()));
    let both = format!("{GOOD}\napi_key = \"k\"\nconnector_uuid = \"c\"");
    let config = resolve(&desk, &both).expect("a good file");
    let credentials = &config.tenants[0].connectors[0].credentials;
    assert!(credentials.key().is_some() && credentials.certificate().is_some());
}

/// Each of the three files with each fault that it can have.
fn bad() {
    let desk = desk();
    let known = desk.known();
    let folder = &desk.folder;
    folder.put("word.pem", "a word\n");
    folder.put("cut.pem", &known.cert_pem[..known.cert_pem.len() / 2]);
    folder.put("no-der.pem", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n");
    folder.put("no-key.pem", "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n");
    folder.put("two.pem", &(known.key_pem.clone() + &desk.known().key_pem));
    folder.put("locked.pem", &known.key_pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
    folder.put("long.pem", &"x".repeat((1 << 20) + 1));
    std::fs::create_dir(folder.path("folder")).expect("the temporary folder is writable");
    let missing = "does not exist: correct the path (a relative one starts at the folder of the configuration)";
    let not_pem = "holds no PEM: convert it to PEM, text that begins with `-----BEGIN`";
    let broken =
        "holds PEM that is broken or not complete: write it anew, best to another name first, and then rename it";
    let bad_der = "holds a certificate that cannot be read: have it issued anew: X.509 in PEM";
    let everywhere = [("none.pem", missing), ("word.pem", not_pem), ("cut.pem", broken)];
    let directory = "cannot be read: Is a directory (os error 21): correct the path, or the permissions of the file";
    let long = "is longer than 1048576 bytes: is it the right file?";
    let mut cases: Vec<(&str, &str, &str, String)> = Vec::new();
    for (key, place, good) in
        [("cert_path", "6:13", "client.pem"), ("key_path", "7:12", "client.key"), ("ca_path", "8:11", "servers.pem")]
    {
        let all = everywhere.into_iter().chain([("folder", directory), ("long.pem", long)]);
        cases.extend(all.map(|(file, report)| (key, good, file, format!("{place}: {key}: `{file}` {report}"))));
    }
    let more = [
        ("cert_path", "client.pem", "client.key", "6:13: cert_path: `client.key` holds no certificate, but a private key: name the right file".to_owned()),
        ("cert_path", "client.pem", "no-der.pem", format!("6:13: cert_path: `no-der.pem` {bad_der}")),
        ("key_path", "client.key", "client.pem", "7:12: key_path: `client.pem` holds no private key, but a certificate: name the right file".to_owned()),
        ("key_path", "client.key", "two.pem", "7:12: key_path: `two.pem` holds 2 private keys: leave the one that belongs to the certificate".to_owned()),
        ("key_path", "client.key", "locked.pem", format!("7:12: key_path: `locked.pem` holds an encrypted private key: {DECRYPTED}")),
        ("key_path", "client.key", "no-key.pem", "7:12: key_path: `no-key.pem` holds a private key that cannot be used: use an RSA key of 2048 to 8192 bits, ECDSA on P-256 or P-384, or Ed25519".to_owned()),
        ("ca_path", "servers.pem", "client.key", "8:11: ca_path: `client.key` holds no certificate, but a private key: name the right file".to_owned()),
        ("ca_path", "servers.pem", "no-der.pem", format!("8:11: ca_path: `no-der.pem` {bad_der}")),
    ];
    cases.extend(more);
    for (key, good, file, report) in cases {
        let lines = GOOD.replace(&format!("{key} = \"{good}\""), &format!("{key} = \"{file}\""));
        assert_eq!(problems(&desk, &lines), [report], "{key} = {file}");
    }
    let all = "cert_path = \"none.pem\"\nkey_path = \"word.pem\"\nca_path = \"cut.pem\"";
    assert_eq!(problems(&desk, all).len(), 3, "all at once");
}

fn misfits() {
    let desk = desk();
    desk.folder.put("other.key", &desk.known().key_pem);
    let lines = GOOD.replace("client.key", "other.key");
    let report = "7:12: key_path: `other.key` is not the private key of the certificate in `client.pem`: \
                  put the certificate and the key of one pair there";
    assert_eq!(problems(&desk, &lines), [report]);
    // What only a server judges is no mistake of the file: it may be renewed while the host runs.
    desk.client(&desk.clients.issue("connector", &[], Valid::Past));
    assert!(resolve(&desk, GOOD).is_ok());
}

fn pairs() {
    let desk = desk();
    let together = "missing: `cert_path` and `key_path` go together: add it";
    assert_eq!(problems(&desk, "cert_path = \"client.pem\""), [format!("3:1: key_path: {together}")]);
    assert_eq!(problems(&desk, "key_path = \"client.key\""), [format!("3:1: cert_path: {together}")]);
    let half = format!("{GOOD}\napi_key = \"k\"");
    let report = "3:1: connector_uuid: missing: `api_key` and `connector_uuid` go together: add it";
    assert_eq!(problems(&desk, &half), [report]);
    let nobody = "3:1: api_key: missing: a connector shows who it is by `api_key` and `connector_uuid`, \
                  or by `cert_path` and `key_path`: add one pair, or both";
    assert_eq!(problems(&desk, ""), [nobody]);
    assert_eq!(problems(&desk, "ca_path = \"servers.pem\""), [nobody]);
    let plain = "`base_url` is `ws`, which has no certificates: \
                 write `wss` in `base_url`, or remove `cert_path`, `key_path` and `ca_path`";
    let lines = format!("{GOOD}\nbase_url = \"ws://127.0.0.1:1\"");
    assert_eq!(problems(&desk, &lines), [format!("6:13: cert_path: {plain}")]);
    let lines = "ca_path = \"servers.pem\"\nbase_url = \"ws://127.0.0.1:1\"\napi_key = \"k\"\nconnector_uuid = \"c\"";
    assert_eq!(problems(&desk, lines), [format!("6:11: ca_path: {plain}")]);
}

/// Neither what is shown of a configuration, nor what is said of a file.
fn hidden() {
    let desk = desk();
    let key = std::fs::read_to_string(desk.folder.path("client.key")).expect("it is there");
    let body: Vec<&str> = key.lines().filter(|line| !line.starts_with("-----")).collect();
    let config = resolve(&desk, GOOD).expect("a good file");
    let dialers = carriers::Dialers::new(config.tenants[0].connectors[0].tls_files()).expect("files of ours");
    let misfit = GOOD.replace("ca_path = \"servers.pem\"", "ca_path = \"client.key\"");
    let said = [format!("{config:?}"), format!("{dialers:?}"), problems(&desk, &misfit).join("\n")];
    for text in said {
        assert!(!body.iter().any(|line| text.contains(line)), "{text}");
    }
}
