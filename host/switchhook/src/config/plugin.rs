//! From a plugin as written to the resolved one: its source, what its handler may read and do, and its limits.

use std::time::Duration;

use registry::source::OciReference;

use super::grants::Secrets;
use super::problem::{Place, ProblemKind};
use super::read::{At, Field};
use super::resolve::{Resolver, all};
use super::resolved::{FaultStep, Grants, Name, Plugin, PluginLimits, Prompt, Source};
use super::written::{WrittenFault, WrittenLimits, WrittenPlugin, WrittenSecret};
use crate::limits;

/// Who pulls, as written.
struct Auth {
    user: Field<String>,
    password: Field<WrittenSecret>,
}

impl Resolver<'_> {
    /// `rates` are those of the tenant's connectors, by name.
    pub(super) fn plugin(
        &mut self,
        written: WrittenPlugin,
        rates: &[(Name, u32)],
        secrets: &Secrets,
    ) -> Option<Plugin> {
        let WrittenPlugin { place, name, source, oci_user, oci_password, config, grants, limits, fault } = written;
        let auth = Auth { user: oci_user, password: oci_password };
        let name = self.name(name, &place);
        let source =
            self.required(source, &place, "source", "name the component's file").and_then(|at| self.source(at, auth));
        let config = match config {
            Field::Absent => Some(Vec::new()),
            config => config.given().map(|at| at.value),
        };
        let grants = match grants {
            Field::Absent => Some(Grants::default()),
            Field::Refused => None,
            Field::Given(at) => self.grants(at.value, secrets),
        };
        let limits = match limits {
            Field::Absent => self.limits(WrittenLimits::default()),
            Field::Refused => None,
            Field::Given(at) => self.limits(at.value),
        };
        let fault = self.optional(fault, Vec::new(), |resolver, at| resolver.fault(at, rates));
        Some(Plugin { name: name?, source: source?, config: config?, grants: grants?, limits: limits?, fault: fault? })
    }

    fn fault(&mut self, steps: At<Vec<At<WrittenFault>>>, rates: &[(Name, u32)]) -> Option<Vec<FaultStep>> {
        let steps_max = exchange::limits::FAULT_STEPS_MAX;
        if steps.value.len() > steps_max {
            self.reader.bad_value(&steps.place, format!("{} steps", steps.value.len()), format!("use {steps_max}"));
            return None;
        }
        all(steps.value.into_iter().map(|At { value, place }| match value {
            WrittenFault::Word(word) => match word.as_str() {
                "retry" => Some(FaultStep::Retry),
                "previous" => Some(FaultStep::Previous),
                "connect" => Some(FaultStep::Connect),
                "disconnect" => Some(FaultStep::Disconnect),
                _ => {
                    self.reader.bad_value(&place, format!("{word:?} is no step"), WrittenFault::HELP);
                    None
                }
            },
            WrittenFault::Prompt(file) => {
                let file = self.required(file, &place, "prompt", "name a WAV file")?;
                self.prompt(file, rates).map(FaultStep::Prompt)
            }
        }))
    }

    fn prompt(&mut self, At { value, place }: At<String>, rates: &[(Name, u32)]) -> Option<Prompt> {
        let path = self.folder.join(value);
        self.files.insert(path.clone());
        let wav = match audio::Wav::read_file(&path) {
            Ok(wav) => wav,
            Err(error) => {
                let what = format!("`{}`: {error}", path.display());
                self.reader.report(ProblemKind::Unreadable, &place, what, "name a WAV file of 16-bit PCM");
                return None;
            }
        };
        let audio::Wav { sample_rate_hz, samples } = wav;
        let s_max = exchange::limits::FAULT_PROMPT_S_MAX;
        let other = rates.iter().find(|(_, hz)| *hz != sample_rate_hz);
        let (what, help) = if samples.is_empty() {
            ("it has no audio".to_owned(), "name another file".to_owned())
        } else if samples.len() as u64 > s_max * u64::from(sample_rate_hz) {
            (format!("it is longer than {s_max} s"), "shorten it".to_owned())
        } else if let Some((connector, hz)) = other {
            (
                format!("it has {sample_rate_hz} Hz and the calls of connector {connector} {hz} Hz"),
                "convert it".to_owned(),
            )
        } else {
            return Some(Prompt { path, sample_rate_hz, samples });
        };
        self.reader.bad_value(&place, format!("`{}`: {what}", path.display()), help);
        None
    }

    fn source(&mut self, At { value, place }: At<String>, auth: Auth) -> Option<Source> {
        if value.starts_with("oci://") {
            return self.oci(&value, &place, auth);
        }
        for (key, written) in [
            ("oci_user", auth.user.as_given().map(|at| &at.place)),
            ("oci_password", auth.password.as_given().map(|at| &at.place)),
        ] {
            if let Some(place) = written {
                self.reader.bad_value(place, format!("`{key}` is for `oci://` sources"), "leave it out");
            }
        }
        if value.is_empty() || value.contains("://") {
            let what = "a source is the path of a component's file, or `oci://HOST/NAME:TAG`";
            self.reader.bad_value(&place, what, "name one of these");
            return None;
        }
        let path = self.folder.join(value);
        let problem = match std::fs::File::open(&path).and_then(|file| file.metadata()) {
            Ok(found) if found.is_file() => return Some(Source::File(path)),
            Ok(_) => "it is not a file".to_owned(),
            Err(error) => error.to_string(),
        };
        let what = format!("`{}` cannot be read: {problem}", path.display());
        let help = "correct the path (a relative one starts at the folder of this configuration), or build the plugin";
        self.reader.report(ProblemKind::Unreadable, &place, what, help);
        None
    }

    fn oci(&mut self, value: &str, place: &Place, auth: Auth) -> Option<Source> {
        let Auth { user, password } = auth;
        let reference = value.parse::<OciReference>().map_err(|_| {
            let help = "write oci://HOST/NAME:TAG or oci://HOST/NAME@sha256:DIGEST";
            self.reader.bad_value(place, format!("{value:?} is not a reference"), help);
        });
        if !self.keeps_versions {
            self.reader.bad_value(place, "what is pulled has no place to be kept", "set `data_dir`");
            return None;
        }
        let auth = match (user, password) {
            (Field::Absent, Field::Absent) => None,
            (Field::Given(user), Field::Given(password)) => Some((user.value, self.secret(password)?)),
            (Field::Refused, _) | (_, Field::Refused) => return None,
            (Field::Given(_), Field::Absent) | (Field::Absent, Field::Given(_)) => {
                let what = "`oci_user` and `oci_password` go together";
                self.reader.bad_value(place, what, "give both, or neither");
                return None;
            }
        };
        Some(Source::Oci(reference.ok()?, auth))
    }

    fn limits(&mut self, written: WrittenLimits) -> Option<PluginLimits> {
        let memory = limits::PLUGIN_MEMORY_BYTES_MIN..=limits::PLUGIN_MEMORY_BYTES_MAX;
        let calls = 1..=u64::from(limits::PLUGIN_CALLS_MAX);
        let memory = self.number(written.memory_bytes_max, memory, sandbox::limits::MEMORY_BYTES_DEFAULT as u64);
        let calls = self.number(written.calls_max, calls, exchange::limits::CALLS_MAX_DEFAULT as u64);
        let start = self.milliseconds(written.start_ms_max, sandbox::limits::START_MS_DEFAULT);
        let run = self.milliseconds(written.run_ms_max, sandbox::limits::RUN_MS_DEFAULT);
        let grace = self.milliseconds(written.grace_ms_max, sandbox::limits::GRACE_MS_DEFAULT);
        // One guest is one thread at a time.
        let cpu = self.number(written.cpu_percent_max, 1..=100, u64::from(exchange::limits::CPU_PERCENT_DEFAULT));
        Some(PluginLimits {
            memory_bytes_max: memory?,
            calls_max: u32::try_from(calls?).ok()?,
            start_max: start?,
            run_max: run?,
            grace_max: grace?,
            cpu_percent_max: u32::try_from(cpu?).ok()?,
        })
    }

    fn milliseconds(&mut self, written: Field<i64>, default_ms: u64) -> Option<Duration> {
        let legal = 1..=limits::PLUGIN_TIME_MS_MAX;
        self.number(written, legal, default_ms).map(Duration::from_millis)
    }
}
