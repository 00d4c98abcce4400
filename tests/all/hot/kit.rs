//! A host whose plugin's versions can be replaced, and components to replace them with.

use std::collections::BTreeSet;
use std::sync::Arc;

use ::sandbox::{CompileChild, CompileLimits, Compiler};
use admin::Watch;
use exchange::PluginSlot;
use loader::{Hosted, LoadObserver, LoadRefused, Loader, Pushed, Receipt, Source, Stock};
use registry::{Registry, RegistryError, RegistryLimits};
use switchhook_tests::components::{self, bytes};
use switchhook_tests::logs::ADMIN_TOKEN;
use switchhook_tests::world::{World, WorldConfig};
use tempfile::TempDir;

use crate::admin::client::{Admin, Desk};
use crate::compile;

/// A data directory, and what makes and keeps versions there.
pub(crate) struct Keep {
    pub(crate) folder: TempDir,
    pub(crate) stock: Stock,
}

impl Keep {
    pub(crate) fn new(limits: CompileLimits) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stock = try_stock(folder.path(), limits).expect("nobody else has it");
        Self { folder, stock }
    }

    /// What a host that starts with this data directory has, once the one before is gone.
    pub(crate) async fn restarted(self, limits: CompileLimits) -> Self {
        let Self { folder, stock } = self;
        drop(stock);
        loop {
            match try_stock(folder.path(), limits) {
                Ok(stock) => return Self { folder, stock },
                Err(RegistryError::InUse { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn try_stock(folder: &std::path::Path, limits: CompileLimits) -> Result<Stock, RegistryError> {
    let child =
        CompileChild::new(std::env::current_exe().expect("the path of this program"), vec![compile::CHILD.into()]);
    let compiler = Compiler::open(components::sandbox().clone(), folder, child, limits).expect("a folder of ours");
    let registry = Registry::open(folder, RegistryLimits::default())?;
    Ok(Stock::new(registry, Arc::new(compiler)))
}

/// A simulator, a host with an admin interface, and a loader for its plugin `first` of `acme`.
pub(crate) struct Hot {
    pub(crate) desk: Desk,
    pub(crate) loader: Loader,
    pub(crate) slot: Arc<PluginSlot>,
    pub(crate) keep: Keep,
}

impl Hot {
    pub(crate) async fn new(config: WorldConfig, limits: CompileLimits) -> Self {
        let watch = Arc::new(Watch::default());
        let world = World::real(WorldConfig { observer: watch.clone(), ..config }).await;
        let keep = Keep::new(limits);
        let slot = slot(&world);
        let loader = loader(&keep.stock, &slot, watch.clone());
        watch.tell_versions(loader.news());
        let admin = Admin::start(&world, watch, Some(ADMIN_TOKEN), Some(loader.clone())).await;
        let desk = Desk { world, admin };
        desk.admin.until("/readyz", |reply| reply.status == 200).await;
        Self { desk, loader, slot, keep }
    }

    pub(crate) async fn push(&self, wasm: &[u8]) -> Result<Pushed, LoadRefused> {
        push(&self.loader, wasm).await
    }

    pub(crate) async fn close(self) {
        self.desk.close().await;
    }
}

/// The plugin that every world has.
pub(crate) fn slot(world: &World) -> Arc<PluginSlot> {
    world.exchange.handle().plugin("acme", "first").expect("every world has it")
}

/// What brings versions into that plugin.
pub(crate) fn loader(stock: &Stock, slot: &Arc<PluginSlot>, observer: Arc<dyn LoadObserver>) -> Loader {
    let hosted = hosted("acme", slot, Source::File("/no/such/file".into()));
    Loader::new(stock.clone(), vec![hosted], observer)
}

pub(crate) fn hosted(tenant: &str, slot: &Arc<PluginSlot>, source: Source) -> Hosted {
    Hosted { tenant: tenant.into(), slot: slot.clone(), granted: BTreeSet::new(), source }
}

pub(crate) async fn push(loader: &Loader, wasm: &[u8]) -> Result<Pushed, LoadRefused> {
    let place = loader.place("acme", "first")?;
    loader.push("acme", "first", wasm.into(), "test", place).await
}

/// A component of this name with so many bytes more, that is another for every number.
pub(crate) fn variant(name: &str, number: u32, more_bytes: usize) -> Vec<u8> {
    let mut wasm = bytes(name);
    let mut content = b"\x07version".to_vec();
    content.extend(number.to_le_bytes());
    content.resize(content.len() + more_bytes, 0);
    wasm.push(0);
    let mut size = content.len();
    while size >= 0x80 {
        wasm.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    wasm.push(size as u8);
    wasm.extend(content);
    wasm
}

/// Hands on what becomes live.
pub(crate) struct Told(pub(crate) tokio::sync::mpsc::Sender<Receipt>);

impl LoadObserver for Told {
    fn version_live(&self, receipt: &Receipt) {
        // A test reads what it waits for.
        let _ = self.0.try_send(receipt.clone());
    }
}
