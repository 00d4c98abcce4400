//! A connector by certificate: calls over mTLS, and servers that do not take it.

use std::sync::Arc;

use carriers::{TcpDialer, TlsFiles};
use exchange::Exchange;
use libtest_mimic::Trial;
use sim::{Caller, Clients, Plane, SimConfig, Simulator, TlsServer, Upgrade};
use switchhook::plugins::Plugins;
use switchhook::services::Services;
use switchhook::{config, running};
use switchhook_tests::certificates::{Authority, Valid};
use switchhook_tests::components::{root, sandbox};
use switchhook_tests::logs::{API_KEY, TestLog};
use switchhook_tests::run::real;
use switchhook_tests::world::{CONNECTOR, WorldConfig};
use tracing::Level;

use super::{Desk, HOST, assert_serves, with_key, without_key, world};
use crate::calls::assert_whole_echo;

const REFUSED: &str = "the session manager refuses the client certificate";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("credentials::a_call_by_key_over_tls", |_| by_key()),
        real("credentials::a_call_by_certificate_alone", |_| by_certificate()),
        real("credentials::a_call_by_key_and_certificate", |_| by_both()),
        real("credentials::a_configuration_with_a_certificate_takes_calls", |_| by_configuration()),
        real("credentials::a_certificate_is_demanded_and_there_is_none", |log| async move {
            let desk = Desk::new();
            let server = desk.good_server(&Clients::EveryoneOf(desk.folder.path("clients.pem")));
            let words = "it demands a client certificate and got none: configure `cert_path` and `key_path`";
            refused(&log, with_key(desk.trust()), server, words).await;
        }),
        real("credentials::a_certificate_of_an_unknown_ca", |log| async move {
            let desk = Desk::new();
            let client = desk.client(&Authority::new("nobody").issue("connector", &[], Valid::Now));
            let words = "it refuses the client certificate (it does not know its issuer): check `cert_path`";
            refused(&log, without_key(client), desk.good_server(&desk.known_clients()), words).await;
        }),
        real("credentials::an_expired_certificate", |log| async move {
            let desk = Desk::new();
            let client = desk.client(&desk.clients.issue("connector", &[], Valid::Past));
            let words = "it refuses the client certificate (it is expired, or not valid yet)";
            refused(&log, without_key(client), desk.good_server(&desk.known_clients()), words).await;
        }),
        real("credentials::a_certificate_is_missed_after_the_handshake", |log| async move { missed(&log).await }),
        real("credentials::a_server_that_does_not_ask_needs_the_key", |log| async move { not_asked(&log).await }),
    ]
}

/// The last upgrade of each plane.
fn upgrades(sim: &Simulator) -> [Upgrade; 2] {
    let last = |plane| sim.upgrades().into_iter().rfind(|upgrade| upgrade.plane == plane).expect("an upgrade");
    [last(Plane::SessionManager), last(Plane::Voice)]
}

/// Whatever the session manager is shown, a voice socket carries its token alone.
fn assert_voice(voice: &Upgrade) {
    assert!(voice.tls && voice.certificate_sha256.is_none(), "{voice:?}");
    assert!(voice.has_header("authorization") && voice.has_header("x-sdk-version"), "{voice:?}");
    assert!(!voice.has_header("x-api-key") && !voice.has_header("x-connector-uuid"), "{voice:?}");
}

async fn by_key() {
    let desk = Desk::new();
    let mut world = world(with_key(desk.trust()), desk.good_server(&Clients::Anyone)).await;
    assert_serves(&mut world).await;
    let [manager, voice] = upgrades(&world.sim);
    assert!(manager.tls && manager.certificate_sha256.is_none() && manager.has_header("x-api-key"), "{manager:?}");
    assert_voice(&voice);
    world.close().await;
}

async fn by_certificate() {
    let desk = Desk::new();
    let known = desk.known();
    let mut world = world(without_key(desk.client(&known)), desk.good_server(&desk.known_clients())).await;
    for _ in 0..3 {
        assert_serves(&mut world).await;
        let [manager, voice] = upgrades(&world.sim);
        assert_eq!(manager.certificate_sha256.as_ref(), Some(&known.sha256));
        assert!(!manager.has_header("x-api-key") && !manager.has_header("x-connector-uuid"), "{manager:?}");
        assert_voice(&voice);
    }
    world.close().await;
}

async fn by_both() {
    let desk = Desk::new();
    let known = desk.known();
    let mut world = world(with_key(desk.client(&known)), desk.good_server(&desk.known_clients())).await;
    assert_serves(&mut world).await;
    let [manager, voice] = upgrades(&world.sim);
    assert_eq!(manager.certificate_sha256.as_ref(), Some(&known.sha256));
    assert!(manager.has_header("x-api-key") && manager.has_header("x-connector-uuid"), "{manager:?}");
    assert_voice(&voice);
    world.close().await;
}

/// From the text of a file to a call, as `switchhook run` does it.
async fn by_configuration() {
    let desk = Desk::new();
    let known = desk.known();
    desk.client(&known);
    let sim =
        Simulator::new(SimConfig { api_key: API_KEY.into(), connector_uuid: CONNECTOR.into(), ..SimConfig::default() });
    let address = sim.listen_tls(&format!("{HOST}:0"), desk.good_server(&desk.known_clients())).await;
    let text = format!(
        "[[tenant]]\nname = \"acme\"\n[[tenant.telcoflow]]\nname = \"main\"\nbase_url = \"wss://{}\"\n\
         cert_path = \"client.pem\"\nkey_path = \"client.key\"\nca_path = \"servers.pem\"\n\
         [[tenant.plugin]]\nname = \"echo\"\nsource = {:?}\nlimits = {{ calls_max = 2 }}\n\
         [[tenant.route]]\nplugin = \"echo\"\n",
        address.expect("a free port"),
        root().join("plugins/echo.wasm"),
    );
    let config = config::resolve(&desk.folder.path("t.toml"), &text, &|_| None).expect("a good file");
    let sandbox = sandbox().clone();
    let dialer = Arc::new(TcpDialer::new().expect("TLS can be set up"));
    let services = Services::open(&config).expect("nothing is granted");
    let (plugins, unusable) = Plugins::load(&config, &sandbox, None, &services).await;
    assert!(unusable.is_empty(), "{unusable:?}");
    let exchange = running::exchange_config(&config, plugins, &services, dialer, Arc::new(())).expect("files of ours");
    let mut exchange = Exchange::start(exchange);
    sim.session_managers(1).await;
    assert_whole_echo(&sim.place_call(Caller::echo(200)).finished().await);
    let [manager, voice] = upgrades(&sim);
    assert_eq!(manager.certificate_sha256, Some(known.sha256));
    assert_voice(&voice);
    exchange.drain(std::time::Duration::from_secs(30)).await;
    sim.shutdown().await;
}

/// A refused credential: one ERROR, and the long pause.
async fn refused(log: &TestLog, config: WorldConfig, server: TlsServer, words: &str) {
    let world = world(config, server).await;
    let lines = log.until(Level::ERROR, REFUSED, 1).await;
    assert!(lines[0].contains(words), "{lines:?}");
    assert!(retry_ms(&lines[0]) >= 30_000, "{lines:?}");
    assert_eq!(log.expect_errors(REFUSED), 1);
    assert_eq!(world.sim.upgrades(), [], "the server reads nothing");
    world.close().await;
}

fn retry_ms(line: &str) -> u64 {
    let digits = line.split("retry_ms=").nth(1).and_then(|rest| rest.split_whitespace().next());
    digits.and_then(|digits| digits.parse().ok()).expect("a pause")
}

/// Servers may also ask without insisting, and refuse the upgrade.
async fn missed(log: &TestLog) {
    let desk = Desk::new();
    let world = world(with_key(desk.trust()), desk.good_server(&desk.known_clients())).await;
    let lines = log.until(Level::ERROR, "the session manager refuses the credentials", 1).await;
    assert!(lines[0].contains("a client certificate is required"), "{lines:?}");
    assert_eq!(log.expect_errors("the session manager refuses the credentials"), 1);
    world.close().await;
}

/// A certificate is shown to whom asks for it; this server wants a key.
async fn not_asked(log: &TestLog) {
    let desk = Desk::new();
    let client: TlsFiles = desk.client(&desk.known());
    let world = world(without_key(client), desk.good_server(&Clients::Anyone)).await;
    let words = "the session manager refuses the credentials: check cert_path and key_path";
    log.until(Level::ERROR, words, 1).await;
    assert_eq!(log.expect_errors(words), 1);
    world.close().await;
}
