//! What belongs to one guest in the host: everything here is freed when its store is dropped, at whatever moment.

use std::sync::Arc;

use audio::kit::Tools;
use call::{CallPlacer, Failure, KeyValueStore, Network, RecordingStore, code};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use crate::clock::GuestClock;
use crate::guest::Served;
use crate::imports::WasiHttpState;
use crate::limits::{RANDOM_BYTES_MAX, RESOURCES_MAX, TABLE_ELEMENTS_MAX};
use crate::memory::MemoryLimiter;
use crate::shared::SharedCall;
use crate::shared_chat::SharedChat;
use crate::stdio::{Stream, Voice};

/// The data of one guest's store.
pub(crate) struct GuestState {
    wasi: WasiCtx,
    resources: ResourceTable,
    pub(crate) memory: MemoryLimiter,
    /// Its resamplers and detectors.
    pub(crate) tools: Tools,
    /// Absent until the call is handed over: a component that calls imports while it is instantiated is told so.
    pub(crate) call: Option<SharedCall>,
    /// The same, when it serves a chat.
    pub(crate) chat: Option<SharedChat>,
    /// The async world's guest is polled by the engine's own executor and must be woken through a waker.
    pub(crate) awaits: bool,
    pub(crate) config: Arc<[(String, String)]>,
    pub(crate) voice: Voice,
    pub(crate) recordings: Option<Arc<dyn RecordingStore>>,
    pub(crate) key_value: Option<Arc<dyn KeyValueStore>>,
    pub(crate) placer: Option<Arc<dyn CallPlacer>>,
    pub(crate) network: Option<Arc<dyn Network>>,
    wasi_http: WasiHttpState,
}

impl GuestState {
    pub(crate) fn new(
        memory_bytes_max: usize,
        awaits: bool,
        config: Arc<[(String, String)]>,
        clock: GuestClock,
    ) -> Self {
        let voice = Voice::default();
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(RESOURCES_MAX);
        let mut wasi = WasiCtxBuilder::new();
        clock.set(&mut wasi);
        let wasi = wasi
            .stdout(voice.stream(Stream::Out))
            .stderr(voice.stream(Stream::Err))
            .max_random_size(RANDOM_BYTES_MAX)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        let memory = MemoryLimiter::new(memory_bytes_max, TABLE_ELEMENTS_MAX);
        Self {
            wasi,
            resources,
            memory,
            tools: Tools::default(),
            call: None,
            chat: None,
            awaits,
            config,
            voice,
            recordings: None,
            key_value: None,
            placer: None,
            network: None,
            wasi_http: WasiHttpState::default(),
        }
    }

    /// The call, or the error that traps a guest which asks for it before it was given one.
    pub(crate) fn call(&self) -> wasmtime::Result<&SharedCall> {
        self.call.as_ref().ok_or_else(|| self.absent("call"))
    }

    /// The chat, or the same error.
    pub(crate) fn chat(&self) -> wasmtime::Result<&SharedChat> {
        self.chat.as_ref().ok_or_else(|| self.absent("chat"))
    }

    /// What it serves, or the error that traps a guest which asks for the host before it was given anything.
    pub(crate) fn served(&self) -> wasmtime::Result<Served> {
        match &self.chat {
            Some(chat) => Ok(Served::Chat(chat.clone())),
            None => self.call().cloned().map(Served::Call),
        }
    }

    /// Why so many more bytes of audio are not taken, when its tenant has no memory for them.
    pub(crate) fn full(&mut self, bytes: usize) -> Option<Failure> {
        let call = &self.call;
        let queued = || call.as_ref().map_or(0, |call| call.lock().queued_bytes());
        let admitted = self.memory.admits_audio(bytes, queued);
        (!admitted).then(|| Failure::new(code::FULL, "the tenant's guests have all the memory that they may have"))
    }

    fn absent(&self, what: &str) -> wasmtime::Error {
        if self.call.is_none() && self.chat.is_none() {
            return wasmtime::Error::msg("the host was called before `handle` was");
        }
        wasmtime::Error::msg(format!("this instance serves no {what}: an interface was used that is for one"))
    }
}

/// Whatever ends a guest, what it records is kept up to there, and its connections are closed.
impl Drop for GuestState {
    fn drop(&mut self) {
        let closed = self.chat.as_ref().map(|chat| chat.connections().close());
        drop(closed);
        if let Some(call) = &self.call {
            call.drop_recording();
            let closed = call.desk().connections.close();
            drop(closed);
        }
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

/// Every function of `wasi:http` comes by here.
impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let admitted = self.memory.admits_wasi_http();
        let served = self.served().ok();
        self.wasi_http.view(admitted.then_some(&mut self.resources), served, &self.network)
    }
}
