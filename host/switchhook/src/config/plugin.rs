//! From a plugin as written to the resolved one: its source, what its handler may read and do, and its limits.

use std::path::PathBuf;
use std::time::Duration;

use super::problem::ProblemKind;
use super::read::{At, Field};
use super::resolve::Resolver;
use super::resolved::{Grants, Plugin, PluginLimits};
use super::written::{WrittenGrants, WrittenLimits, WrittenPlugin};
use crate::limits;

impl Resolver<'_> {
    pub(super) fn plugin(&mut self, written: WrittenPlugin) -> Option<Plugin> {
        let WrittenPlugin { place, name, source, config, grants, limits } = written;
        let name = self.name(name, &place);
        let source =
            self.required(source, &place, "source", "name the component's file").and_then(|at| self.source(at));
        let config = match config {
            Field::Absent => Some(Vec::new()),
            config => config.given().map(|at| at.value),
        };
        let grants = match grants {
            Field::Absent => Some(Grants::default()),
            Field::Refused => None,
            Field::Given(at) => self.grants(at.value),
        };
        let limits = match limits {
            Field::Absent => self.limits(WrittenLimits::default()),
            Field::Refused => None,
            Field::Given(at) => self.limits(at.value),
        };
        Some(Plugin { name: name?, source: source?, config: config?, grants: grants?, limits: limits? })
    }

    fn grants(&mut self, written: WrittenGrants) -> Option<Grants> {
        let recording = self.optional(written.recording, false, |_, at| Some(at.value));
        let calls = self.optional(written.calls, false, |_, at| Some(at.value));
        Some(Grants { recording: recording?, calls: calls? })
    }

    fn source(&mut self, At { value, place }: At<String>) -> Option<PathBuf> {
        if value.starts_with("oci://") {
            let what = "`oci://` sources are not supported by this version yet";
            self.reader.report(ProblemKind::NotSupportedYet, &place, what, "name a file");
            return None;
        }
        if value.is_empty() || value.contains("://") {
            self.reader.bad_value(&place, "a source is the path of a component's file", "name a file");
            return None;
        }
        let path = self.folder.join(value);
        let problem = match std::fs::File::open(&path).and_then(|file| file.metadata()) {
            Ok(found) if found.is_file() => return Some(path),
            Ok(_) => "it is not a file".to_owned(),
            Err(error) => error.to_string(),
        };
        let what = format!("`{}` cannot be read: {problem}", path.display());
        let help = "correct the path (a relative one starts at the folder of this configuration), or build the plugin";
        self.reader.report(ProblemKind::Unreadable, &place, what, help);
        None
    }

    fn limits(&mut self, written: WrittenLimits) -> Option<PluginLimits> {
        let memory = limits::PLUGIN_MEMORY_BYTES_MIN..=limits::PLUGIN_MEMORY_BYTES_MAX;
        let calls = 1..=u64::from(limits::PLUGIN_CALLS_MAX);
        let memory = self.number(written.memory_bytes_max, memory, sandbox::limits::MEMORY_BYTES_DEFAULT as u64);
        let calls = self.number(written.calls_max, calls, exchange::limits::CALLS_MAX_DEFAULT as u64);
        let start = self.milliseconds(written.start_ms_max, sandbox::limits::START_MS_DEFAULT);
        let run = self.milliseconds(written.run_ms_max, sandbox::limits::RUN_MS_DEFAULT);
        let grace = self.milliseconds(written.grace_ms_max, sandbox::limits::GRACE_MS_DEFAULT);
        Some(PluginLimits {
            memory_bytes_max: memory?,
            calls_max: u32::try_from(calls?).ok()?,
            start_max: start?,
            run_max: run?,
            grace_max: grace?,
        })
    }

    fn milliseconds(&mut self, written: Field<i64>, default_ms: u64) -> Option<Duration> {
        let legal = 1..=limits::PLUGIN_TIME_MS_MAX;
        self.number(written, legal, default_ms).map(Duration::from_millis)
    }
}
