//! Who connects, and to whom: TLS on real sockets, with certificates of a CA of the test's making.

mod clients;
mod files;
mod renewal;
mod sdk;
mod servers;

pub(crate) use self::sdk::SdkTls;

use std::sync::Arc;

use carriers::{Dialers, IdentityFiles, TlsFiles};
use libtest_mimic::Trial;
use sim::{CallReport, Caller, Clients, Simulator, TlsServer};
use switchhook_tests::certificates::{Authority, Folder, Issued, Valid};
use switchhook_tests::world::{PipeDialer, World, WorldConfig};

use crate::calls::assert_whole_echo;

pub(crate) fn trials() -> Vec<Trial> {
    [clients::trials(), files::trials(), renewal::trials(), sdk::trials(), servers::trials()]
        .into_iter()
        .flatten()
        .collect()
}

/// Where every simulator of these tests listens.
const HOST: &str = "127.0.0.1";

/// A CA for servers, one for clients, and a folder with all files.
struct Desk {
    folder: Folder,
    servers: Authority,
    clients: Authority,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            folder: Folder::default(),
            servers: Authority::new("the servers' CA"),
            clients: Authority::new("the clients' CA"),
        };
        desk.folder.put("servers.pem", &desk.servers.pem());
        desk.folder.put("clients.pem", &desk.clients.pem());
        desk
    }

    /// What a server shows.
    fn server(&self, shown: &Issued, clients: &Clients) -> TlsServer {
        let (cert, key) = self.folder.put_pair("server", shown);
        TlsServer::new(&cert, &key, clients).expect("a pair of ours")
    }

    /// A server without a fault.
    fn good_server(&self, clients: &Clients) -> TlsServer {
        self.server(&self.servers.issue("server", &[HOST], Valid::Now), clients)
    }

    /// Session managers of the clients' CA.
    fn known_clients(&self) -> Clients {
        Clients::SessionManagersOf(self.folder.path("clients.pem"))
    }

    /// A connector's certificate in files, which are `client.pem` and `client.key`, and whom it trusts.
    fn client(&self, issued: &Issued) -> TlsFiles {
        let (cert_path, key_path) = self.folder.put_pair("client", issued);
        TlsFiles { identity: Some(IdentityFiles { cert_path, key_path }), ..self.trust() }
    }

    /// A certificate that the server knows.
    fn known(&self) -> Issued {
        self.clients.issue("connector", &[], Valid::Now)
    }

    /// Trusts the servers' CA, and shows nothing.
    fn trust(&self) -> TlsFiles {
        TlsFiles { ca_path: Some(self.folder.path("servers.pem")), identity: None }
    }
}

/// A host that shows its key, and what is in these files.
fn with_key(files: TlsFiles) -> WorldConfig {
    WorldConfig { dialers: Some(Dialers::new(files).expect("files of ours")), ..WorldConfig::default() }
}

/// A host that shows what is in these files, and nothing else.
fn without_key(files: TlsFiles) -> WorldConfig {
    WorldConfig { shows_key: false, ..with_key(files) }
}

/// A host and a server that listens with TLS.
async fn world(config: WorldConfig, server: TlsServer) -> World {
    let sim = Simulator::new(config.sim.clone());
    let address = sim.listen_tls(&format!("{HOST}:0"), server).await.expect("a free port");
    start(config, sim, &format!("wss://{address}"))
}

/// The host alone. Its connector has dialers of its own, and the one for all is not used.
fn start(config: WorldConfig, sim: Simulator, base: &str) -> World {
    World::start_unready(config, sim.clone(), Arc::new(PipeDialer(sim)), base)
}

/// A call that comes back whole.
async fn assert_serves(world: &mut World) -> CallReport {
    world.sim.session_managers(1).await;
    let report = world.sim.place_call(Caller::echo(200)).finished().await;
    assert_whole_echo(&report);
    let record = world.record().await;
    assert_eq!((record.end.as_str(), record.trouble), ("terminated", None));
    report
}
