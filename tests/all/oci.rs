//! Components from an OCI registry: Debian's, on this machine; and from one that lies.
//!
//! `cargo xtask test` installs `docker-registry` (`SWITCHHOOK_OCI_REGISTRY`, else one on the `PATH`). Without it the tests
//! that need it are ignored, and say so.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use ::sandbox::CompileLimits;
use libtest_mimic::Trial;
use loader::{LoadRefused, Loader, Source};
use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use registry::Digest;
use registry::source::{OciAuth, OciError, OciReference, Pulled};
use switchhook_tests::components::bytes;
use switchhook_tests::run::real;
use switchhook_tests::world::{World, WorldConfig};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::hot::kit::{self, Keep, Told};

const USER: &str = "ann";
const PASSWORD: &str = "open sesame";
/// That password as the registry keeps it (bcrypt).
const HTPASSWD: &str = "ann:$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n";

pub(crate) fn trials() -> Vec<Trial> {
    let program = program();
    let is_missing = program.is_none();
    let program = program.unwrap_or_default();
    let (open, closed, source) = (program.clone(), program.clone(), program);
    vec![
        real("oci::what_was_pushed_is_pulled", move |_| pushed(open)).with_ignored_flag(is_missing),
        real("oci::a_password_is_asked_for_and_given", move |_| password(closed)).with_ignored_flag(is_missing),
        real("oci::what_a_plugins_source_names_is_live_by_itself", move |_| source_of_a_plugin(source))
            .with_ignored_flag(is_missing),
        real("oci::a_registry_that_lies_is_found_out", |_| lies()),
        real("oci::a_registry_that_is_not_there_is_told", |_| nobody()),
    ]
}

fn program() -> Option<PathBuf> {
    let named = std::env::var_os("SWITCHHOOK_OCI_REGISTRY").unwrap_or_else(|| "docker-registry".into());
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(&named)).find(|path| path.is_file())
}

/// A registry of this test's own. It ends with it.
struct Host {
    address: String,
    _process: Child,
    _folder: TempDir,
}

impl Host {
    async fn start(program: &Path, with_password: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().display();
        let mut config = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {root}}}}}\n\
             http: {{addr: 127.0.0.1:0}}\n"
        );
        if with_password {
            std::fs::write(folder.path().join("htpasswd"), HTPASSWD).expect("writable");
            config += &format!("auth: {{htpasswd: {{realm: test, path: {root}/htpasswd}}}}\n");
        }
        let file = folder.path().join("config.yml");
        std::fs::write(&file, config).expect("writable");
        let mut command = Command::new(program);
        command.arg("serve").arg(&file).env_clear().stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("the registry starts");
        let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines();
        let address = loop {
            let line = lines.next_line().await.expect("text").expect("it says where it listens");
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
            }
        };
        // A pipe that is full would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { address, _process: process, _folder: folder }
    }

    fn reference(&self, name: &str) -> OciReference {
        format!("oci://{}/{name}", self.address).parse().expect("a reference")
    }

    async fn push(&self, name: &str, layers: &[(&str, Vec<u8>)], auth: &RegistryAuth) {
        let config = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
        let client = Client::try_from(config).expect("a client");
        let layer = |(kind, bytes): &(&str, Vec<u8>)| ImageLayer::new(bytes.clone(), (*kind).to_owned(), None);
        let layers: Vec<_> = layers.iter().map(layer).collect();
        let config = Config::new(b"{}".to_vec(), "application/vnd.wasm.config.v0+json".to_owned(), None);
        let reference: Reference = format!("{}/{name}", self.address).parse().expect("a reference");
        client.push(&reference, &layers, config, auth, None).await.expect("it is pushed");
    }
}

const WASM: &str = "application/wasm";

async fn pull(host: &Host, name: &str) -> Result<Pulled, OciError> {
    host.reference(name).pull(&OciAuth::Anonymous).await
}

async fn pushed(program: PathBuf) {
    let host = Host::start(&program, false).await;
    let missing = pull(&host, "acme/echo:1").await;
    assert_eq!(missing, Err(OciError::NotFound { reference: format!("oci://{}/acme/echo:1", host.address) }));
    let echo = bytes("echo");
    host.push("acme/echo:1", &[(WASM, echo.clone())], &RegistryAuth::Anonymous).await;
    let first = pull(&host, "acme/echo:1").await.expect("it is there");
    assert_eq!(first.bytes, echo);
    // The tag moves; what was pinned stays.
    let menu = bytes("keypad-menu");
    let old_kind = "application/vnd.wasm.content.layer.v1+wasm";
    let beside = ("text/plain", b"notes".to_vec());
    host.push("acme/echo:1", &[beside.clone(), (old_kind, menu.clone())], &RegistryAuth::Anonymous).await;
    let second = pull(&host, "acme/echo:1").await.expect("it is there");
    assert_eq!(second.bytes, menu);
    let pinned: OciReference = first.pinned.parse().expect("what was pinned is a reference");
    let again = pinned.pull(&OciAuth::Anonymous).await.expect("it is there for ever");
    assert_eq!(Digest::of(&again.bytes), Digest::of(&echo));
    assert_eq!(again.pinned, first.pinned);
    let other = first.pinned.rsplit_once(':').map(|(start, _)| format!("{start}:{}", "0".repeat(64)));
    let other: OciReference = other.expect("a digest").parse().expect("a reference");
    assert!(matches!(other.pull(&OciAuth::Anonymous).await, Err(OciError::NotFound { .. })));
    for (name, layers) in
        [("acme/notes:1", vec![beside.clone()]), ("acme/two:1", vec![(WASM, echo.clone()), (WASM, menu)])]
    {
        host.push(name, &layers, &RegistryAuth::Anonymous).await;
        let refused = pull(&host, name).await.expect_err("it is not one component");
        assert!(matches!(refused, OciError::NotAComponent { .. }), "{refused}");
    }
}

async fn password(program: PathBuf) {
    let host = Host::start(&program, true).await;
    let auth = |password: &str| OciAuth::Password { user: USER.to_owned(), password: password.to_owned() };
    let echo = bytes("echo");
    // Pulling first also chooses the provider of the pusher's client.
    let reference = host.reference("echo:1");
    for wrong in [OciAuth::Anonymous, auth("open barley")] {
        let refused = reference.pull(&wrong).await.expect_err("it is closed");
        assert!(matches!(refused, OciError::Refused { .. }), "{refused}");
        assert!(!refused.to_string().contains("barley"));
    }
    let basic = RegistryAuth::Basic(USER.to_owned(), PASSWORD.to_owned());
    host.push("echo:1", &[(WASM, echo.clone())], &basic).await;
    assert_eq!(reference.pull(&auth(PASSWORD)).await.expect("it is open").bytes, echo);
}

/// What a reference of the configuration leads to is live by itself.
async fn source_of_a_plugin(program: PathBuf) {
    let host = Host::start(&program, false).await;
    // Pulling first also chooses the provider of the pusher's client.
    assert!(pull(&host, "echo:1").await.is_err());
    let world = World::real(WorldConfig::default()).await;
    let (keep, slot) = (Keep::new(CompileLimits::default()), kit::slot(&world));
    let watching = |name: &str| {
        let (tell, live) = mpsc::channel(16);
        let source = Source::Oci(host.reference(name), OciAuth::Anonymous);
        let loader = Loader::new(keep.stock.clone(), vec![kit::hosted("acme", &slot, source)], Arc::new(Told(tell)));
        (loader.watch().expect("a thread"), loader, live)
    };
    for number in [1, 2] {
        let layers = [(WASM, kit::variant("echo", number, 0))];
        host.push(&format!("echo:{number}"), &layers, &RegistryAuth::Anonymous).await;
    }
    let (sources, _, mut live) = watching("echo:1");
    let first = live.recv().await.expect("it is pulled");
    assert_eq!((first.number, slot.live().and_then(|live| live.number())), (1, Some(1)));
    drop(sources);
    let (sources, loader, mut live) = watching("echo:2");
    assert_eq!(live.recv().await.expect("it is pulled").number, 2);
    let listed = loader.list("acme").await.expect("it can be read");
    let entry = listed[0].entry.clone().expect("there are versions");
    let from: Vec<_> = entry.versions.iter().map(|version| version.provenance.origin.place().to_owned()).collect();
    assert_eq!(from.len(), 2, "{from:?}");
    assert!(from[0].contains("/echo:1@sha256:") && from[1].contains("/echo:2@sha256:"), "{from:?}");
    // A tag that has moved is no news by itself, and is one when somebody says so.
    let moves = async |wasm: Vec<u8>| host.push("echo:2", &[(WASM, wasm)], &RegistryAuth::Anonymous).await;
    moves(kit::variant("echo", 3, 0)).await;
    let (_, third) = loader.pull("acme", "first", false).await.expect("it is there");
    assert_eq!((third.number, slot.live().and_then(|live| live.number())), (3, Some(3)));
    let (again, _) = loader.pull("acme", "first", false).await.expect("it is there");
    assert_eq!((again.known, again.receipt.number), (true, 3), "the same bytes are the same version");
    moves(bytes("voicemail")).await;
    let widens = loader.pull("acme", "first", false).await.map(drop).expect_err("it wants to record");
    assert!(matches!(widens, LoadRefused::Widens(_)), "{widens}");
    assert_eq!(slot.live().and_then(|live| live.number()), Some(3), "nobody agreed");
    let (_, fourth) = loader.pull("acme", "first", true).await.expect("somebody did");
    assert_eq!((fourth.number, slot.live().and_then(|live| live.number())), (4, Some(4)));
    drop(sources);
    world.close().await;
}

/// Answers each request by its path: the manifest's with one text, a layer's with some bytes, anything else with nothing.
async fn liar(manifest: String, layer: Vec<u8>) -> OciReference {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let reference = format!("oci://{}/echo:1", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 4_096];
            let Ok(read @ 1..) = socket.read(&mut request).await else { continue };
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let (kind, body) = match path {
                path if path.contains("/manifests/") => {
                    ("application/vnd.oci.image.manifest.v1+json", manifest.clone().into_bytes())
                }
                path if path.contains("/blobs/") => ("application/octet-stream", layer.clone()),
                _ => ("text/plain", Vec::new()),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            // Who hangs up in the middle has seen enough.
            let _ = socket.write_all(&[head.as_bytes(), &body].concat()).await;
        }
    });
    reference.parse().expect("a reference")
}

fn manifest(digest: &str, size: u64) -> String {
    let config = format!("{{\"mediaType\":\"a/b\",\"digest\":\"{digest}\",\"size\":2}}");
    let layer = format!("{{\"mediaType\":\"{WASM}\",\"digest\":\"{digest}\",\"size\":{size}}}");
    format!("{{\"schemaVersion\":2,\"config\":{config},\"layers\":[{layer}]}}")
}

async fn lies() {
    let good = b"the component".to_vec();
    let size = good.len() as u64;
    let digest = format!("sha256:{}", Digest::of(&good));
    let pull =
        async |manifest: String, layer: &[u8]| liar(manifest, layer.to_vec()).await.pull(&OciAuth::Anonymous).await;
    assert_eq!(pull(manifest(&digest, size), &good).await.expect("this one is honest").bytes, good);
    let longer = [&good[..], &[0; 100_000]].concat();
    for (what, said, sent) in [
        ("other bytes", size, &b"the c0mponent"[..]),
        ("more than it said", size, &longer),
        ("less than it said", size + 5, &good),
        ("nothing", size, b""),
    ] {
        let refused = pull(manifest(&digest, said), sent).await.expect_err(what);
        assert!(matches!(refused, OciError::Forged { .. }), "{what}: {refused}");
    }
    let large = ::registry::limits::COMPONENT_BYTES_MAX + 1;
    let refused = pull(manifest(&digest, large), &good).await.expect_err("too large");
    assert!(matches!(refused, OciError::TooLarge { bytes, .. } if bytes == large), "{refused}");
    for bad in ["", "[]", "{\"schemaVersion\":1}", "<html>password</html>"] {
        let refused = pull(bad.to_owned(), &good).await.expect_err("no manifest");
        assert!(!refused.to_string().contains("password"), "{refused}");
    }
    let negative = manifest(&digest, size).replace(&format!("\"size\":{size}"), "\"size\":-5");
    assert!(matches!(pull(negative, &good).await, Err(OciError::TooLarge { .. })));
}

async fn nobody() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("bound")
    };
    let reference: OciReference = format!("oci://{address}/echo:1").parse().expect("a reference");
    let refused = reference.pull(&OciAuth::Anonymous).await.expect_err("nobody listens");
    assert!(
        matches!(&refused, OciError::Unreachable { registry, .. } if *registry == address.to_string()),
        "{refused}"
    );
}
