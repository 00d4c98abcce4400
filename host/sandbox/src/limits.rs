//! Every bound of the sandbox, with its unit, and what happens when it is reached.

/// Calls that may hold a guest at once. More: [`crate::StartError::Full`], and the call is not claimed.
pub const GUESTS_MAX: u32 = 1_000;
/// A component's size in bytes. Larger: refused when it is loaded.
pub const COMPONENT_BYTES_MAX: usize = 64 << 20;
/// Linear memory of one guest in bytes, whatever its own limit says. Growing past it ends the guest.
pub const MEMORY_BYTES_MAX: usize = 128 << 20;
/// A guest's memory in bytes unless its plugin says otherwise.
pub const MEMORY_BYTES_DEFAULT: usize = 64 << 20;
/// Bytes that count for one guest beside its memories and the audio that it plays: marks, timers, commands, the journal, what
/// it logs, its resources, each at its limit. A tenant without room for them takes no call.
pub const GUEST_HOST_BYTES: u64 = 256 << 10;
/// Bytes that count for one guest from its first connection on: what its sockets and requests may keep, at their limits. A
/// tenant without room for them: `FULL`.
pub const GUEST_NETWORK_BYTES: u64 = 4 << 20;
/// Bytes that count for one guest from its first use of `wasi:http` on: what its requests, answers and their streams may keep,
/// each resource at its limit. A tenant without room for them: the guest is ended.
pub const GUEST_WASI_HTTP_BYTES: u64 = 8 << 20;
/// Bytes of the headers of one request by `wasi:http`, with what it takes to keep them. More traps.
pub const WASI_HTTP_FIELDS_BYTES_MAX: usize = 16 << 10;
/// Bytes of a path with its query there. A longer one is refused.
pub const WASI_HTTP_PATH_BYTES_MAX: usize = 8 << 10;
/// Bytes of an authority, a method or a scheme there. A longer one is refused.
pub const WASI_HTTP_WORD_BYTES_MAX: usize = 1 << 10;
/// Bytes of a request's body that wait there to be sent. More must be written later.
pub const WASI_HTTP_CHUNK_BYTES_MAX: usize = 16 << 10;
/// Bytes that count for one guest from its first resampler or detector on: what eight of them may keep. A tenant without room
/// for them: `FULL`.
pub const GUEST_KIT_BYTES: u64 = 2 << 20;
/// Bytes in which the audio that a guest plays is counted for its tenant. Without room for another lot: `FULL`.
pub const PLAYOUT_LOT_BYTES: u64 = 64 << 10;
/// WebAssembly stack of one guest in bytes. Deeper recursion traps.
pub const STACK_BYTES_MAX: usize = 512 << 10;
/// The fiber a guest runs on, in bytes: its stack and what host functions need above it.
pub const FIBER_BYTES: usize = 1 << 20;
/// Core instances of one component. More: refused when it is loaded.
pub const CORE_INSTANCES_PER_GUEST_MAX: u32 = 32;
/// Linear memories of one component. More: refused when it is loaded.
pub const MEMORIES_PER_GUEST_MAX: u32 = 4;
/// Tables of one component. More: refused when it is loaded.
pub const TABLES_PER_GUEST_MAX: u32 = 12;
/// Elements of one table. Growing past it ends the guest.
pub const TABLE_ELEMENTS_MAX: usize = 50_000;
/// Bytes that a guest may make the host allocate in one host call. More traps.
pub const HOSTCALL_BYTES_MAX: usize = 1 << 20;
/// Resources (streams, pollables) that a guest may hold in the host. More: the host call fails.
pub const RESOURCES_MAX: usize = 256;
/// Random bytes of one request. More traps.
pub const RANDOM_BYTES_MAX: u64 = 64 << 10;
/// Bytes of one log line. The rest of the line is cut.
pub const LOG_LINE_BYTES_MAX: usize = 4 << 10;
/// Log lines of one call in a second, written lines of its standard output and error included. More are dropped and counted.
pub const LOG_LINES_PER_S_MAX: u32 = 100;
/// Bytes of a guest's standard error that are kept to explain a trap. Older ones are dropped.
pub const STDERR_TAIL_BYTES_MAX: usize = 2 << 10;
/// Milliseconds for instantiating a guest unless its plugin says otherwise. Longer: the start failed.
pub const START_MS_DEFAULT: u64 = 2_000;
/// Milliseconds of processor time without asking for an event unless the plugin says otherwise. More ends the guest.
pub const RUN_MS_DEFAULT: u64 = 5_000;
/// Milliseconds without asking for an event, however they pass, unless the plugin says otherwise. More ends the guest.
pub const SILENT_MS_DEFAULT: u64 = 10_000;
/// Milliseconds a guest has left once its call is over, unless its plugin says otherwise. Then it is dropped.
pub const GRACE_MS_DEFAULT: u64 = 2_000;
/// Milliseconds between epochs while a guest runs long.
pub const TICK_MS: u64 = 1;
/// Microseconds in which a poll of a guest is young: an epoch does not make it yield.
pub const YOUNG_POLL_US: u64 = 300;
/// Milliseconds between looks at whether a guest runs long, while none does.
pub const LOOK_MS: u64 = 10;
/// Bytes of address space that compiling one component may take. More: the component is refused.
pub const COMPILE_MEMORY_BYTES_MAX: u64 = 2 << 30;
/// Seconds of processor time for compiling one component. More: the component is refused.
pub const COMPILE_CPU_S_MAX: u64 = 60;
/// Milliseconds for compiling one component. Longer: its process is killed and the component refused.
pub const COMPILE_MS_MAX: u64 = 60_000;
/// Bytes of the code that one component becomes. More: the component is refused.
pub const CODE_BYTES_MAX: u64 = 256 << 20;
/// Threads of one compiling process.
pub const COMPILE_THREADS_MAX: usize = 4;
/// Bytes of what a compiling process says of its failure. The rest is dropped.
pub const COMPILE_MESSAGE_BYTES_MAX: usize = 1 << 10;
/// Processes that compile at once. Further components wait.
pub const COMPILES_MAX: usize = 2;
/// Components that are compiled or wait for it. Further ones are refused with the advice to try later.
pub const COMPILES_WAITING_MAX: usize = 64;
/// Bytes of all compiled code that is kept. More: the longest unused is dropped.
pub const CODE_CACHE_BYTES_MAX: u64 = 2 << 30;
/// Files of compiled code that are kept. More: as for [`CODE_CACHE_BYTES_MAX`].
pub const CODE_FILES_MAX: usize = 4_096;
/// Seconds after which an unfinished file of compiled code is taken for a leftover and removed.
pub const CODE_UNFINISHED_S_MAX: u64 = 600;

/// All of them for `switchhook limits`: name, value, what happens when it is reached.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("guests_max", GUESTS_MAX as u64, "further calls are not claimed"),
    ("component_bytes_max", COMPONENT_BYTES_MAX as u64, "the component is refused"),
    ("memory_bytes_max", MEMORY_BYTES_MAX as u64, "growing past it ends the guest"),
    ("memory_bytes_default", MEMORY_BYTES_DEFAULT as u64, "growing past it ends the guest (configurable)"),
    ("guest_host_bytes", GUEST_HOST_BYTES, "a tenant without room for them takes no call"),
    ("guest_network_bytes", GUEST_NETWORK_BYTES, "websocket and http answer FULL when its tenant has no room for them"),
    ("guest_wasi_http_bytes", GUEST_WASI_HTTP_BYTES, "wasi:http ends the guest when its tenant has no room for them"),
    ("wasi_http_fields_bytes_max", WASI_HTTP_FIELDS_BYTES_MAX as u64, "more headers end the guest"),
    ("wasi_http_path_bytes_max", WASI_HTTP_PATH_BYTES_MAX as u64, "a longer path is refused"),
    ("wasi_http_word_bytes_max", WASI_HTTP_WORD_BYTES_MAX as u64, "a longer authority, method or scheme is refused"),
    ("wasi_http_chunk_bytes_max", WASI_HTTP_CHUNK_BYTES_MAX as u64, "more of a body must be written later"),
    ("guest_kit_bytes", GUEST_KIT_BYTES, "audio-kit answers FULL when its tenant has no room for them"),
    ("playout_lot_bytes", PLAYOUT_LOT_BYTES, "play answers FULL when its tenant has no room for another"),
    ("stack_bytes_max", STACK_BYTES_MAX as u64, "deeper recursion ends the guest"),
    ("fiber_bytes", FIBER_BYTES as u64, "reserved for each guest"),
    ("core_instances_per_guest_max", CORE_INSTANCES_PER_GUEST_MAX as u64, "the component is refused"),
    ("memories_per_guest_max", MEMORIES_PER_GUEST_MAX as u64, "the component is refused"),
    ("tables_per_guest_max", TABLES_PER_GUEST_MAX as u64, "the component is refused"),
    ("table_elements_max", TABLE_ELEMENTS_MAX as u64, "growing past it ends the guest"),
    ("hostcall_bytes_max", HOSTCALL_BYTES_MAX as u64, "a host call that needs more ends the guest"),
    ("resources_max", RESOURCES_MAX as u64, "a host call that needs more ends the guest"),
    ("random_bytes_max", RANDOM_BYTES_MAX, "a request for more ends the guest"),
    ("log_line_bytes_max", LOG_LINE_BYTES_MAX as u64, "the line is cut"),
    ("log_lines_per_s_max", LOG_LINES_PER_S_MAX as u64, "lines are dropped and counted"),
    ("stderr_tail_bytes_max", STDERR_TAIL_BYTES_MAX as u64, "older bytes are dropped"),
    ("start_ms_default", START_MS_DEFAULT, "the start fails (configurable)"),
    ("run_ms_default", RUN_MS_DEFAULT, "the guest is ended (configurable)"),
    ("silent_ms_default", SILENT_MS_DEFAULT, "the guest is ended"),
    ("grace_ms_default", GRACE_MS_DEFAULT, "the guest is dropped (configurable)"),
    ("compile_memory_bytes_max", COMPILE_MEMORY_BYTES_MAX, "the component is refused"),
    ("compile_cpu_s_max", COMPILE_CPU_S_MAX, "the component is refused"),
    ("compile_ms_max", COMPILE_MS_MAX, "its process is killed and the component refused"),
    ("code_bytes_max", CODE_BYTES_MAX, "the component is refused"),
    ("compile_threads_max", COMPILE_THREADS_MAX as u64, "what is more waits"),
    ("compile_message_bytes_max", COMPILE_MESSAGE_BYTES_MAX as u64, "the rest of the message is dropped"),
    ("compiles_max", COMPILES_MAX as u64, "further components wait"),
    ("compiles_waiting_max", COMPILES_WAITING_MAX as u64, "further components are refused for now"),
    ("code_cache_bytes_max", CODE_CACHE_BYTES_MAX, "the longest unused code is dropped"),
    ("code_files_max", CODE_FILES_MAX as u64, "the longest unused code is dropped"),
    ("code_unfinished_s_max", CODE_UNFINISHED_S_MAX, "an unfinished file is removed"),
    ("tick_ms", TICK_MS, "a guest that runs long yields"),
    ("young_poll_us", YOUNG_POLL_US, "an epoch makes a guest yield"),
    ("look_ms", LOOK_MS, "a guest that runs long is noticed"),
];
