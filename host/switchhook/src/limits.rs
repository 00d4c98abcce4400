//! Every limit of the command line and the configuration, and the defaults of those that the configuration may change.
//! `switchhook limits` prints them together with those of the other crates.

/// Longest configuration file, in bytes. A longer one is refused unread.
pub const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// Problems of one configuration file that are shown. Further ones are counted.
pub const CONFIG_PROBLEMS_MAX: usize = 100;
/// Longest secret that comes from a file or an environment variable, in bytes. A longer one is refused.
pub const SECRET_BYTES_MAX: u64 = 8 << 10;
/// Longest name of a tenant, connector or plugin, in bytes. A longer one is refused.
pub const NAME_BYTES_MAX: usize = 64;

/// Largest `playout_bytes_max` that may be configured, in bytes. More is refused.
pub const PLAYOUT_BYTES_MAX: u64 = 1 << 30;
/// `playout_bytes_max` where none is configured, in bytes. `play` answers `FULL` beyond it.
pub const PLAYOUT_BYTES_DEFAULT: usize = 1 << 20;

/// Longest `voice_redial_ms_max` that may be configured, in milliseconds. More is refused: a caller who hears nothing hangs up.
pub const VOICE_REDIAL_MS_MAX: u64 = 60_000;

/// Longest `hold_s` that may be configured, in seconds. More is refused: nobody rings that long.
pub const HOLD_S_MAX: u64 = 300;

/// Smallest `memory_bytes_max` that may be configured, in bytes: one page of WebAssembly memory.
pub const PLUGIN_MEMORY_BYTES_MIN: u64 = 1 << 16;
/// Largest `memory_bytes_max` that may be configured, in bytes: what the sandbox has room for. More is refused.
pub const PLUGIN_MEMORY_BYTES_MAX: u64 = sandbox::limits::MEMORY_BYTES_MAX as u64;
/// Largest `calls_max` that may be configured: what the sandbox has room for. More is refused.
pub const PLUGIN_CALLS_MAX: u32 = sandbox::limits::GUESTS_MAX;
/// Largest `start_ms_max`, `run_ms_max` or `grace_ms_max` that may be configured, in milliseconds. More is refused.
pub const PLUGIN_TIME_MS_MAX: u64 = 600_000;

/// Milliseconds for reaching a host's admin interface. Longer: the command fails.
pub const CLIENT_CONNECT_MS_MAX: u64 = 5_000;
/// Milliseconds in which a host may say nothing: longer than bringing a version in takes. Longer: the command fails.
pub const CLIENT_SILENT_MS_MAX: u64 = 200_000;
/// Calls that `top` looks at. The others are counted.
pub const TOP_CALLS_MAX: u64 = 1_000;
/// Bytes of one answer of a host. Longer: the command fails.
pub const CLIENT_ANSWER_BYTES_MAX: usize = 16 << 20;
/// Bytes of one event of a host. A longer one is dropped.
pub const CLIENT_EVENT_BYTES_MAX: usize = 64 << 10;

/// Milliseconds between looks at what a command waits for.
pub const TAIL_LOOK_MS: u64 = 500;
/// Longest scenario file, in bytes. A longer one is refused unread.
pub const SCENARIO_BYTES_MAX: u64 = 1 << 20;
/// Files of one folder of scenarios. Further ones are not looked at.
pub const SCENARIO_FILES_MAX: usize = 1_000;
/// Calls that one scenario may make. A file that would make more is refused.
pub const SCENARIO_RUNS_MAX: usize = 500;
/// Lines of the log that are kept of one call of a scenario. Later ones are dropped.
pub const SCENARIO_LOG_LINES_MAX: usize = 10_000;
/// Bytes that are kept of what is sent to the other hosts of one call of a scenario. Later messages are answered and not judged.
pub const SCENARIO_SENT_BYTES_MAX: usize = 256 << 20;
/// Virtual hours that one call of a scenario may take. Longer: it fails.
pub const SCENARIO_HOURS_MAX: u64 = 48;
/// Largest `quota.cpu_percent_max` that may be configured: of one core, for machines with many. More is refused.
pub const CPU_PERCENT_MAX: u32 = 100_000;
/// Largest `quota.calls_max` that may be configured. More is refused.
pub const QUOTA_CALLS_MAX: u64 = 1_000_000;
/// Largest `quota.setups_per_s_max` that may be configured. More is refused.
pub const QUOTA_SETUPS_PER_S_MAX: u64 = 1_000_000;
/// Largest `quota.places_per_s_max` that may be configured. More is refused.
pub const QUOTA_PLACES_PER_S_MAX: u64 = 1_000_000;
/// Milliseconds for which a start waits for a registry that what is left of a killed host still holds. Longer: it fails.
pub const REGISTRY_HELD_MS_MAX: u64 = 2_000;
/// Smallest `quota.memory_bytes_max` that may be configured, in bytes: a small guest. Less is refused.
pub const QUOTA_MEMORY_BYTES_MIN: u64 = 1 << 20;

/// Descriptors that a process asks the system for. It gets as many as its hard limit allows.
pub const DESCRIPTORS_MAX: u64 = 65_536;
/// Descriptors for which there is room from the start. With more, calls pause for a moment each time that their number doubles.
pub const DESCRIPTORS_READY: u64 = 8_192;

/// Rows of the live timeline. Further calls are counted in one line, so that redrawing fits a small terminal.
pub const TIMELINE_ROWS_MAX: usize = 16;

/// Points of a value over time in the report of a demonstration. Full: each two neighbours become one.
pub const SERIES_POINTS_MAX: usize = 2_000;

/// Milliseconds for the host's side of a simulated call to end after the simulator's. Longer: it is cut.
pub const CALL_DRAIN_MS_MAX: u64 = 15_000;
/// Calls of `switchhook sim` at once. The next one waits until one of them is over.
pub const SIM_CALLS_MAX: usize = 200;
/// Calls in the closing table of `switchhook sim`. Earlier ones are left out.
pub const SIM_TABLE_CALLS_MAX: usize = 100;

/// The limits of this crate: name, value, and what happens when it is reached. What it takes from other crates stands
/// there.
pub const TABLE: &[(&str, u64, &str)] = &[
    ("config_bytes_max", CONFIG_BYTES_MAX, "the file is refused"),
    ("config_problems_max", CONFIG_PROBLEMS_MAX as u64, "further problems are counted, not shown"),
    ("secret_bytes_max", SECRET_BYTES_MAX, "the secret is refused"),
    ("name_bytes_max", NAME_BYTES_MAX as u64, "the name is refused"),
    ("voice_redial_ms_max", VOICE_REDIAL_MS_MAX, "a larger value is refused"),
    ("hold_s_max", HOLD_S_MAX, "a larger value is refused"),
    ("playout_bytes_max", PLAYOUT_BYTES_MAX, "a larger value is refused"),
    ("playout_bytes_default", PLAYOUT_BYTES_DEFAULT as u64, "play answers FULL (configurable)"),
    ("plugin_memory_bytes_min", PLUGIN_MEMORY_BYTES_MIN, "a smaller value is refused"),
    ("plugin_time_ms_max", PLUGIN_TIME_MS_MAX, "a larger value is refused"),
    ("client_connect_ms_max", CLIENT_CONNECT_MS_MAX, "the command fails"),
    ("client_silent_ms_max", CLIENT_SILENT_MS_MAX, "the command fails"),
    ("client_answer_bytes_max", CLIENT_ANSWER_BYTES_MAX as u64, "the command fails"),
    ("client_event_bytes_max", CLIENT_EVENT_BYTES_MAX as u64, "the event is dropped"),
    ("top_calls_max", TOP_CALLS_MAX, "the others are counted and not shown"),
    ("tail_look_ms", TAIL_LOOK_MS, "a call or host that is waited for is looked at again"),
    ("scenario_bytes_max", SCENARIO_BYTES_MAX, "the file is refused"),
    ("scenario_files_max", SCENARIO_FILES_MAX as u64, "further files are not looked at"),
    ("scenario_runs_max", SCENARIO_RUNS_MAX as u64, "the file is refused"),
    ("scenario_log_lines_max", SCENARIO_LOG_LINES_MAX as u64, "later lines are dropped"),
    ("scenario_sent_bytes_max", SCENARIO_SENT_BYTES_MAX as u64, "later messages are answered and not judged"),
    ("scenario_hours_max", SCENARIO_HOURS_MAX, "the call fails"),
    ("cpu_percent_max", CPU_PERCENT_MAX as u64, "a larger value is refused"),
    ("quota_calls_max", QUOTA_CALLS_MAX, "a larger value is refused"),
    ("quota_setups_per_s_max", QUOTA_SETUPS_PER_S_MAX, "a larger value is refused"),
    ("quota_places_per_s_max", QUOTA_PLACES_PER_S_MAX, "a larger value is refused"),
    ("registry_held_ms_max", REGISTRY_HELD_MS_MAX, "the start fails"),
    ("quota_memory_bytes_min", QUOTA_MEMORY_BYTES_MIN, "a smaller value is refused"),
    ("timeline_rows_max", TIMELINE_ROWS_MAX as u64, "further calls are counted in one line"),
    ("series_points_max", SERIES_POINTS_MAX as u64, "each two neighbours become one"),
    ("call_drain_ms_max", CALL_DRAIN_MS_MAX, "the host's side of the call is cut"),
    ("sim_calls_max", SIM_CALLS_MAX as u64, "the next call waits"),
    ("descriptors_max", DESCRIPTORS_MAX, "further sockets and files are refused by the system"),
    (
        "descriptors_ready",
        DESCRIPTORS_READY,
        "calls pause for a moment each time that more are open and their number doubles",
    ),
    ("sim_table_calls_max", SIM_TABLE_CALLS_MAX as u64, "earlier calls are left out"),
];
