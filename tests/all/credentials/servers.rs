//! Servers that cannot be trusted: one ERROR with the reason and what to do, and nothing is sent to them.

use ::call::EndReason;
use carriers::TlsFiles;
use libtest_mimic::Trial;
use sim::{Caller, Clients, Simulator, TlsServer};
use switchhook_tests::certificates::{Authority, Valid};
use switchhook_tests::logs::TestLog;
use switchhook_tests::run::real;
use switchhook_tests::world::{World, WorldConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tracing::Level;

use super::{Desk, HOST, assert_serves, start, with_key, world};

const DISTRUST: &str = "the session manager cannot be trusted";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        real("credentials::an_expired_server", |log| async move {
            let desk = Desk::new();
            let shown = desk.servers.issue("server", &[HOST], Valid::Past);
            let words = "its certificate expired on Wed, 01 Jan 2020 00:00:00 GMT: whoever runs it must renew it";
            distrusted(&log, with_key(desk.trust()), desk.server(&shown, &Clients::Anyone), words).await;
        }),
        real("credentials::a_server_that_is_not_valid_yet", |log| async move {
            let desk = Desk::new();
            let shown = desk.servers.issue("server", &[HOST], Valid::Future);
            let words = "its certificate is not valid yet before Fri, 01 Jan 2100 00:00:00 GMT";
            distrusted(&log, with_key(desk.trust()), desk.server(&shown, &Clients::Anyone), words).await;
        }),
        real("credentials::a_server_with_the_name_of_another", |log| async move {
            let desk = Desk::new();
            let shown = desk.servers.issue("server", &["elsewhere.test"], Valid::Now);
            let words = "its certificate is not for this host, but for elsewhere.test: correct the host";
            distrusted(&log, with_key(desk.trust()), desk.server(&shown, &Clients::Anyone), words).await;
        }),
        real("credentials::a_server_of_another_ca", |log| async move {
            let desk = Desk::new();
            let shown = Authority::new("nobody").issue("server", &[HOST], Valid::Now);
            let words = "of an issuer that is not trusted: put its CA into the file of `ca_path`";
            distrusted(&log, with_key(desk.trust()), desk.server(&shown, &Clients::Anyone), words).await;
        }),
        real("credentials::a_server_that_the_platform_does_not_know", |log| async move {
            let desk = Desk::new();
            let words = "of an issuer that is not trusted: name its CA in `ca_path`";
            distrusted(&log, with_key(TlsFiles::default()), desk.good_server(&Clients::Anyone), words).await;
        }),
        real("credentials::a_server_without_tls", |log| async move { plaintext(&log).await }),
        real("credentials::a_server_that_breaks_off", |log| async move { breaks_off(&log).await }),
        real("credentials::a_voice_server_that_is_not_trusted", |log| async move { voice(&log).await }),
        real("credentials::ws_under_wss_is_a_downgrade", |log| async move { downgrade(&log).await }),
    ]
}

/// The first dial is an ERROR, the next one is quiet, and no server reads a word of ours.
async fn distrusted(log: &TestLog, config: WorldConfig, server: TlsServer, words: &str) {
    let world = world(config, server).await;
    let lines = log.until(Level::ERROR, DISTRUST, 1).await;
    let address = world.sim.public_base().replace("wss://", "no TLS with ");
    assert!(lines[0].contains(words) && lines[0].contains(&address), "{lines:?}");
    log.until(Level::DEBUG, DISTRUST, 1).await;
    assert_eq!(log.expect_errors(DISTRUST), 1);
    assert_eq!(world.sim.upgrades(), []);
    world.close().await;
}

/// A server that answers each connection with these bytes when it was spoken to.
async fn answering(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind((HOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut hello = [0; 1_024];
            let read = client.read(&mut hello).await.expect("the client speaks first");
            assert!(read > 0);
            // A client that has seen enough may be gone; one that reads on sees the end, not a reset.
            let _ = client.write_all(bytes).await;
            let _ = client.shutdown().await;
            let _ = client.read_to_end(&mut Vec::new()).await;
        }
    });
    format!("wss://{address}")
}

async fn plaintext(log: &TestLog) {
    let desk = Desk::new();
    let config = with_key(desk.trust());
    let sim = Simulator::new(config.sim.clone());
    let world = start(config, sim, &answering(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
    let lines = log.until(Level::ERROR, DISTRUST, 1).await;
    assert!(lines[0].contains("it answers, but not in TLS: correct the port"), "{lines:?}");
    log.until(Level::DEBUG, DISTRUST, 1).await;
    assert_eq!(log.expect_errors(DISTRUST), 1);
    world.close().await;
}

/// The network may be to blame, so this is no ERROR.
async fn breaks_off(log: &TestLog) {
    let desk = Desk::new();
    let config = with_key(desk.trust());
    let sim = Simulator::new(config.sim.clone());
    let world = start(config, sim, &answering(b"").await);
    let lines = log.until(Level::WARN, "the session manager is unreachable", 1).await;
    assert!(lines[0].contains("broke off the TLS handshake"), "{lines:?}");
    log.until(Level::DEBUG, "the session manager is unreachable", 1).await;
    assert_eq!(log.lines_at(Level::WARN, ""), [lines[0].clone()]);
    world.close().await;
}

/// The token is not shown to it; the next call, whose voice is where it should be, is served.
async fn voice(log: &TestLog) {
    let desk = Desk::new();
    let mut world = world(with_key(desk.trust()), desk.good_server(&Clients::Anyone)).await;
    world.sim.session_managers(1).await;
    let good = world.sim.public_base();
    let shown = Authority::new("nobody").issue("server", &[HOST], Valid::Now);
    let bad = world.sim.listen_tls(&format!("{HOST}:0"), desk.server(&shown, &Clients::Anyone)).await;
    world.sim.set_public_base(&format!("wss://{}", bad.expect("a free port")));
    let report = world.sim.place_call(Caller { ring_ms: 500, ..Caller::echo(200) }).finished().await;
    assert_eq!((report.voice_sockets, report.voice_refusals), (0, 0));
    let record = world.record().await;
    let trouble = record.trouble.expect("the call had no voice");
    assert!(trouble.contains("the voice server is not talked to: no TLS with"), "{trouble}");
    assert!(trouble.contains("of an issuer that is not trusted"), "{trouble}");
    assert_eq!(log.lines_at(Level::WARN, &trouble).len(), 1);
    world.sim.set_public_base(&good);
    assert_serves(&mut world).await;
    world.close().await;
}

async fn downgrade(log: &TestLog) {
    let desk = Desk::new();
    for allowed in [false, true] {
        let config = WorldConfig { allow_ws_voice_url: allowed, ..with_key(desk.trust()) };
        let mut world: World = world(config, desk.good_server(&Clients::Anyone)).await;
        world.sim.session_managers(1).await;
        let plain = world.sim.listen(&format!("{HOST}:0")).await.expect("a free port");
        world.sim.set_public_base(&format!("ws://{plain}"));
        if allowed {
            assert_serves(&mut world).await;
        } else {
            let report = world.sim.place_call(Caller { ring_ms: 500, ..Caller::echo(200) }).finished().await;
            assert_eq!((report.voice_sockets, report.voice_refusals), (0, 0), "it is not even dialled");
            assert_eq!(world.record().await.end, EndReason::VoiceUnreachable);
            assert_eq!(log.lines_at(Level::WARN, "refused as a downgrade").len(), 1);
        }
        world.close().await;
    }
}
