//! The public SDK over TLS, by certificate: it gets along with the simulator, and this host says what it says.

use std::path::PathBuf;

use libtest_mimic::Trial;
use sim::scenario::Scenario;
use sim::{Caller, Simulator, Upgrade};
use switchhook_tests::run::real;

use super::{Desk, HOST, assert_serves, without_key, world};
use crate::calls::assert_whole_echo;
use crate::conformance::sdk::{self, SdkClient};

/// What differs from socket to socket.
const OWN: &[&str] = &["host", "sec-websocket-key"];
/// Rows D-25 and D-30: what the SDK says and this host does not.
const SDK_ONLY: &[&str] = &["sec-websocket-extensions", "user-agent"];

pub(crate) fn trials() -> Vec<Trial> {
    let without_sdk = sdk::python().is_none();
    let trial = real("credentials::the_sdk_shows_the_same", |_| the_same());
    let kind = if without_sdk { "needs the SDK: cargo xtask test" } else { "" };
    vec![trial.with_kind(kind).with_ignored_flag(without_sdk)]
}

/// The files of an SDK's TLS.
pub(crate) struct SdkTls {
    /// In `SSL_CERT_FILE`: the SDK cannot be told.
    pub(crate) ca_path: PathBuf,
    pub(crate) cert_path: PathBuf,
    pub(crate) key_path: PathBuf,
}

async fn the_same() {
    let desk = Desk::new();
    let known = desk.known();
    let files = desk.client(&known);
    let identity = files.identity.clone().expect("a certificate");
    let tls =
        SdkTls { ca_path: desk.folder.path("servers.pem"), cert_path: identity.cert_path, key_path: identity.key_path };
    let scenario = Scenario::named("echo").expect("a scenario");
    let sim = Simulator::new(crate::conformance::server(&scenario));
    let address = sim.listen_tls(&format!("{HOST}:0"), desk.good_server(&desk.known_clients())).await;
    let base = format!("wss://{}", address.expect("a free port"));
    let config = crate::conformance::server(&scenario);
    let mut client = SdkClient::start_with(&base, &config, &scenario, 1, Some(&tls)).await;
    let placed = sim.place_call(Caller::echo(300));
    let report = placed.finished().await;
    assert_whole_echo(&report);
    let said = client.report().await;
    assert_eq!(said["ok"], true, "{said}");
    client.end().await;
    let of_sdk = sim.upgrades();
    sim.shutdown().await;

    let mut world = world(without_key(files), desk.good_server(&desk.known_clients())).await;
    assert_serves(&mut world).await;
    let of_host = world.sim.upgrades();
    world.close().await;
    assert_eq!((of_sdk.len(), of_host.len()), (2, 2), "a session manager and a voice socket each");
    for (sdk, host) in of_sdk.iter().zip(&of_host) {
        assert!(SDK_ONLY.iter().all(|name| sdk.has_header(name) && !host.has_header(name)), "{sdk:?} {host:?}");
        assert_eq!(common(sdk), common(host));
    }
    assert_eq!(of_sdk[0].certificate_sha256, Some(known.sha256));
    assert_eq!(of_sdk[1].certificate_sha256, None);
}

/// An upgrade without what may differ.
fn common(upgrade: &Upgrade) -> Upgrade {
    let mut upgrade = upgrade.clone();
    upgrade.headers.retain(|(name, _)| !OWN.contains(&name.as_str()) && !SDK_ONLY.contains(&name.as_str()));
    upgrade.headers.iter_mut().for_each(|(_, value)| *value = value.to_lowercase());
    upgrade
}
