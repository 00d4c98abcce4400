//! From bytes to a guest: a component is checked and compiled once, instantiated once for each call.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use call::{CallPlacer, KeyValueStore, Network, RecordingStore};
use sha2::{Digest, Sha256};
use wasmtime::component::Component;
use wasmtime::error::Context as _;
use wasmtime::{Store, UpdateDeadline};

use crate::account::MemoryAccount;
use crate::bindings::{awaiting, chatting, plain, types};
use crate::clock::GuestClock;
use crate::code::CompileCost;
use crate::engine::Sandbox;
use crate::guest::{Guest, GuestEnd, GuestLimits, Served};
use crate::imports::{call_info, chat_info};
use crate::inspect::{INTERFACE, InspectError, Inspection, World, inspect};
use crate::limits::HOSTCALL_BYTES_MAX;
use crate::shared::SharedCall;
use crate::shared_chat::SharedChat;
use crate::state::GuestState;
use crate::ticker::{Attendance, Running};

/// A component that cannot become a plugin. The host is unharmed, whatever the bytes were.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is not a component that handles calls.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The engine refuses it.
    #[error("the component does not compile: {0}")]
    Compile(String),
    /// It takes too much to compile it.
    #[error("the component needs more {0} than it may have while it is compiled: make it smaller")]
    Costs(CompileCost),
    /// Not the component's fault: the compiling process could not do its work.
    #[error("the component could not be compiled: {0}")]
    Compiler(String),
    /// Not the component's fault: too many are being compiled.
    #[error("{compiles_max} components wait to be compiled: try again later")]
    Busy {
        /// How many may.
        compiles_max: usize,
    },
    /// It imports what the host does not have, or has otherwise.
    #[error("the component asks for what this host, which serves {INTERFACE}, does not offer: {0}")]
    Link(String),
}

/// A guest that could not be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// All slots are taken, the kernel has no more mappings, or the tenant no more memory: not the guest's fault.
    #[error("no slot for another guest: {0}")]
    Full(String),
    /// It trapped while it was instantiated.
    #[error("the handler failed while it was instantiated: {0}")]
    Failed(String),
    /// It took longer than it may.
    #[error("the handler was not instantiated within {0} ms")]
    TooSlow(u64),
    /// It does not handle these.
    #[error("the plugin handles no {0}")]
    Unfit(&'static str),
}

/// A compiled component, shared by all its calls. The last call out drops it.
#[derive(Clone)]
pub struct Plugin(Arc<Compiled>);

struct Compiled {
    sandbox: Arc<Sandbox>,
    name: String,
    digest: String,
    inspection: Inspection,
    /// What handles its calls.
    entry: Option<Entry>,
    /// What handles its chats.
    chat: Option<chatting::MessageHandlerPre<GuestState>>,
}

/// A handler that is part of the host itself. It waits in [`SharedCall::next`] and nowhere else, since it is polled when
/// there is something for it; what it logs belongs into the call's [span](SharedCall::span).
pub type NativeHandler = fn(SharedCall) -> Pin<Box<dyn Future<Output = GuestEnd> + Send>>;

enum Entry {
    Native(NativeHandler),
    Plain(plain::CallHandlerPre<GuestState>),
    Awaiting(awaiting::CallHandlerAsyncPre<GuestState>),
}

/// What a guest is started with.
#[derive(Clone, Debug, Default)]
pub struct GuestSetup {
    /// What `config` answers.
    pub config: Arc<[(String, String)]>,
    /// What it may use.
    pub limits: GuestLimits,
    /// Where its recordings go: the grant `recording`. Without it that interface answers `NOT_GRANTED`.
    pub recordings: Option<Arc<dyn RecordingStore>>,
    /// What its plugin remembers: the grant `key_value`. Without it that interface answers `NOT_GRANTED`.
    pub key_value: Option<Arc<dyn KeyValueStore>>,
    /// The hosts that it may reach: the grant `hosts`. Without it `websocket` and `http` answer `NOT_GRANTED`.
    pub network: Option<Arc<dyn Network>>,
    /// The grant `calls`: whoever prepares the guest is to give it a placer of its own.
    pub may_place: bool,
    /// Places its calls and chats. Without it that interface answers `NOT_GRANTED`.
    pub placer: Option<Arc<dyn CallPlacer>>,
    /// What it takes for the time.
    pub clock: GuestClock,
    /// Whose memory it uses; `None`: nobody's, it is not counted.
    pub memory: Option<MemoryAccount>,
}

impl StartError {
    /// The reason for programs and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Full(_) => "NO_SLOT",
            Self::Failed(_) => "START_FAILED",
            Self::TooSlow(_) => "START_LIMIT",
            Self::Unfit(_) => "UNFIT",
        }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("name", &self.name()).field("version", &self.version()).finish()
    }
}

impl Plugin {
    /// Checks and compiles a component. It takes from milliseconds (Rust, C) to seconds (Python) of one core.
    pub fn load(sandbox: &Arc<Sandbox>, name: &str, wasm: &[u8]) -> Result<Self, LoadError> {
        let inspection = inspect(wasm)?;
        let side = sandbox.side(inspection.world);
        let component = Component::new(&side.engine, wasm).map_err(|error| LoadError::Compile(format!("{error:#}")))?;
        Self::link(sandbox, name, &Sha256::digest(wasm).into(), inspection, &component)
    }

    /// Checks that a compiled component gets what it imports.
    pub(crate) fn link(
        sandbox: &Arc<Sandbox>,
        name: &str,
        digest: &[u8; 32],
        inspection: Inspection,
        component: &Component,
    ) -> Result<Self, LoadError> {
        let linked = sandbox.side(inspection.world).linker.instantiate_pre(component);
        let linked = linked.map_err(|error| LoadError::Link(format!("{error:#}")))?;
        let unfit = |error: wasmtime::Error| LoadError::Link(format!("{error:#}"));
        let chat = inspection.chats.then(|| chatting::MessageHandlerPre::new(linked.clone())).transpose();
        let chat = chat.map_err(unfit)?;
        let entry = match inspection.world {
            World::CallHandler => Some(plain::CallHandlerPre::new(linked).map(Entry::Plain)),
            World::CallHandlerAsync => Some(awaiting::CallHandlerAsyncPre::new(linked).map(Entry::Awaiting)),
            World::MessageHandler => None,
        };
        let entry = entry.transpose().map_err(unfit)?;
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(Arc::new(Compiled {
            sandbox: sandbox.clone(),
            name: name.to_string(),
            digest,
            inspection,
            entry,
            chat,
        })))
    }

    /// A handler in native code, outside of any sandbox: to measure what the sandbox costs, and for handlers that are the
    /// operator's own. Its faults are the host's; a panic still ends its call only.
    pub fn native(sandbox: &Arc<Sandbox>, name: &str, handler: NativeHandler) -> Self {
        let inspection = Inspection {
            world: World::CallHandler,
            chats: false,
            imports: Vec::new(),
            languages: Vec::new(),
            toolchains: Vec::new(),
            size_bytes: 0,
        };
        let digest = "native-code-".to_string();
        let (entry, chat) = (Some(Entry::Native(handler)), None);
        Self(Arc::new(Compiled { sandbox: sandbox.clone(), name: name.to_string(), digest, inspection, entry, chat }))
    }

    /// The name it was loaded under.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// SHA-256 of the component, in hex.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The first twelve digits of the digest: how logs and listings name this version.
    pub fn version(&self) -> &str {
        &self.0.digest[..12]
    }

    /// What it imports, exports and was written in.
    pub fn inspection(&self) -> &Inspection {
        &self.0.inspection
    }

    /// Instantiates a guest of each kind that it handles, and throws them away.
    ///
    /// # Errors
    /// One cannot be made so.
    pub async fn try_out(&self, setup: &GuestSetup) -> Result<(), StartError> {
        if self.inspection().calls() {
            drop(self.prepare(setup.clone()).await?);
        }
        if self.inspection().chats {
            drop(self.prepare_chat(setup.clone()).await?);
        }
        Ok(())
    }

    /// Instantiates a guest, to be done while the phone rings.
    pub async fn prepare(&self, setup: GuestSetup) -> Result<Prepared, StartError> {
        let start_ms_max = setup.limits.start_ms_max;
        let attendance = self.0.sandbox.attend();
        let preparing = running(self.instantiate(setup, attendance));
        tokio::time::timeout(Duration::from_millis(start_ms_max), preparing)
            .await
            .unwrap_or(Err(StartError::TooSlow(start_ms_max)))
    }

    /// Instantiates a guest for a chat.
    pub async fn prepare_chat(&self, setup: GuestSetup) -> Result<PreparedChat, StartError> {
        let start_ms_max = setup.limits.start_ms_max;
        let attendance = self.0.sandbox.attend();
        let preparing = running(self.instantiate_chat(setup, attendance));
        tokio::time::timeout(Duration::from_millis(start_ms_max), preparing)
            .await
            .unwrap_or(Err(StartError::TooSlow(start_ms_max)))
    }

    async fn instantiate_chat(&self, setup: GuestSetup, attendance: Attendance) -> Result<PreparedChat, StartError> {
        let pre = self.0.chat.as_ref().ok_or(StartError::Unfit("chats"))?;
        let limits = setup.limits.clone();
        let mut store = self.store(GuestSetup { recordings: None, ..setup })?;
        match pre.instantiate_async(&mut store).await {
            Ok(handler) => Ok(PreparedChat { plugin: self.clone(), store, handler, limits, attendance }),
            Err(error) => Err(start_error(&error, store.data())),
        }
    }

    async fn instantiate(&self, setup: GuestSetup, attendance: Attendance) -> Result<Prepared, StartError> {
        let limits = setup.limits.clone();
        let body = match &self.0.entry {
            None => return Err(StartError::Unfit("calls")),
            Some(Entry::Native(handler)) => Body::Native(*handler),
            Some(Entry::Plain(pre)) => {
                let mut store = self.store(setup)?;
                match pre.instantiate_async(&mut store).await {
                    Ok(handler) => Body::Plain(store, handler),
                    Err(error) => return Err(start_error(&error, store.data())),
                }
            }
            Some(Entry::Awaiting(pre)) => {
                let mut store = self.store(setup)?;
                match pre.instantiate_async(&mut store).await {
                    Ok(handler) => Body::Awaiting(store, handler),
                    Err(error) => return Err(start_error(&error, store.data())),
                }
            }
        };
        Ok(Prepared { plugin: self.clone(), body, limits, attendance })
    }

    fn store(&self, setup: GuestSetup) -> Result<Store<GuestState>, StartError> {
        let GuestSetup { config, limits, recordings, key_value, network, placer, clock, memory, .. } = setup;
        let world = self.0.inspection.world;
        let mut state = GuestState::new(limits.memory_bytes_max, world == World::CallHandlerAsync, config, clock);
        state.recordings = recordings;
        state.key_value = key_value;
        state.network = network;
        state.placer = placer;
        if let Some(account) = &memory
            && !state.memory.count_into(account)
        {
            return Err(StartError::Full(TENANTS_MEMORY.to_string()));
        }
        let mut store = Store::new(&self.0.sandbox.side(world).engine, state);
        store.limiter(|state| &mut state.memory);
        // A poll that has just begun is not cut off by an epoch that passed while the guest rested.
        store.epoch_deadline_callback(|_| {
            Ok(if Running::is_young() { UpdateDeadline::Continue(1) } else { UpdateDeadline::Yield(1) })
        });
        store.set_hostcall_fuel(HOSTCALL_BYTES_MAX);
        Ok(store)
    }
}

const TENANTS_MEMORY: &str = "its tenant's guests have all the memory that they may have together";

/// A full pool and a kernel out of mappings are the host's condition; all else is the guest's fault.
fn start_error(error: &wasmtime::Error, state: &GuestState) -> StartError {
    if error.is::<wasmtime::PoolConcurrencyLimitError>() || error.downcast_ref::<std::io::Error>().is_some() {
        return StartError::Full(error.root_cause().to_string());
    }
    if state.memory.tenant_refused() {
        return StartError::Full(TENANTS_MEMORY.to_string());
    }
    let end = GuestEnd::from_error(error, state.memory.refused(), &state.voice.err_tail());
    StartError::Failed(end.to_string())
}

/// An instance that waits for its call.
pub struct Prepared {
    plugin: Plugin,
    body: Body,
    limits: GuestLimits,
    attendance: Attendance,
}

enum Body {
    Native(NativeHandler),
    Plain(Store<GuestState>, plain::CallHandler),
    Awaiting(Store<GuestState>, awaiting::CallHandlerAsync),
}

impl Prepared {
    /// Hands it the call. Nothing runs before the first [`Guest::poll`].
    pub fn serve(self, call: SharedCall) -> Guest {
        let Self { plugin, body, limits, attendance } = self;
        let served = call.clone();
        call.seat();
        let run: Pin<Box<dyn Future<Output = GuestEnd> + Send>> = match body {
            Body::Native(handler) => handler(served),
            Body::Plain(mut store, handler) => Box::pin(async move {
                let info = hand_over(&mut store, &served);
                let returned = handler.call_handle(&mut store, &info).await;
                ended(returned, served.asked(), store.data(), plugin)
            }),
            Body::Awaiting(mut store, handler) => Box::pin(async move {
                let info = hand_over(&mut store, &served);
                let run = store.run_concurrent(async |store| handler.call_handle(store, info).await).await;
                let returned = run.context("the async handler could not be driven").and_then(|returned| returned);
                ended(returned, served.asked(), store.data(), plugin)
            }),
        };
        Guest::new(run, Served::Call(call), limits, attendance)
    }
}

/// An instance that waits for its chat.
pub struct PreparedChat {
    plugin: Plugin,
    store: Store<GuestState>,
    handler: chatting::MessageHandler,
    limits: GuestLimits,
    attendance: Attendance,
}

impl PreparedChat {
    /// Hands it the chat. Nothing runs before the first [`Guest::poll`].
    pub fn serve(self, chat: SharedChat) -> Guest {
        let Self { plugin, mut store, handler, limits, attendance } = self;
        chat.seat();
        let served = chat.clone();
        let run = Box::pin(async move {
            store.data_mut().chat = Some(served.clone());
            let info = chat_info(served.lock().info());
            let returned = handler.call_handle_chat(&mut store, &info).await;
            ended(returned, served.asked(), store.data(), plugin)
        });
        Guest::new(run, Served::Chat(chat), limits, attendance)
    }
}

fn hand_over(store: &mut Store<GuestState>, call: &SharedCall) -> types::CallInfo {
    store.data_mut().call = Some(call.clone());
    call_info(call.lock().info())
}

/// The plugin is held until here, since its engine ran the guest.
fn ended(
    returned: wasmtime::Result<Result<(), types::Failure>>,
    asked: bool,
    state: &GuestState,
    _plugin: Plugin,
) -> GuestEnd {
    match returned {
        Ok(Ok(())) if !asked => GuestEnd::HandlerReturned,
        Ok(Ok(())) => GuestEnd::Returned,
        Ok(Err(failure)) => GuestEnd::Failed(call::Failure::new(failure.code, failure.message)),
        Err(error) => GuestEnd::from_error(&error, state.memory.refused(), &state.voice.err_tail()),
    }
}

/// Marks the thread as being inside a guest for each poll.
async fn running<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| {
        let _running = Running::enter();
        future.as_mut().poll(cx)
    })
    .await
}
