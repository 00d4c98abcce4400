//! The configuration as it is written: every value with its place, nothing yet known to be good.
//!
//! This file is the list of keys: those that are read, and, beside them, those that a later version brings.

use super::problem::Place;
use super::read::{At, Field, Reader, Section, TextOrTable};
use super::secret::Secret;

/// The file.
pub(super) struct Written {
    pub(super) place: Place,
    pub(super) data_dir: Field<String>,
    pub(super) admin: Field<WrittenAdmin>,
    pub(super) traces: Field<WrittenTraces>,
    pub(super) tenants: Field<Vec<WrittenTenant>>,
}

/// `[admin]`
pub(super) struct WrittenAdmin {
    pub(super) listen: Field<String>,
    pub(super) token: Field<WrittenSecret>,
}

/// `[traces]`
pub(super) struct WrittenTraces {
    pub(super) endpoint: Field<String>,
    pub(super) headers: Field<Vec<(String, Field<WrittenSecret>)>>,
}

/// `[[tenant]]`
pub(super) struct WrittenTenant {
    pub(super) place: Place,
    pub(super) name: Field<String>,
    pub(super) quota: Field<WrittenQuota>,
    pub(super) secrets: Field<Vec<(String, Field<WrittenSecret>)>>,
    pub(super) connectors: Field<Vec<WrittenConnector>>,
    pub(super) plugins: Field<Vec<WrittenPlugin>>,
    pub(super) routes: Field<Vec<WrittenRoute>>,
}

/// `quota = { ... }`
pub(super) struct WrittenQuota {
    pub(super) calls_max: Field<i64>,
    pub(super) setups_per_s_max: Field<i64>,
    pub(super) places_per_s_max: Field<i64>,
    pub(super) cpu_percent_max: Field<i64>,
    pub(super) memory_bytes_max: Field<i64>,
}

/// `[[tenant.telcoflow]]`
pub(super) struct WrittenConnector {
    pub(super) place: Place,
    pub(super) name: Field<String>,
    pub(super) base_url: Field<String>,
    pub(super) api_key: Field<WrittenSecret>,
    pub(super) connector_uuid: Field<String>,
    pub(super) cert_path: Field<String>,
    pub(super) key_path: Field<String>,
    pub(super) ca_path: Field<String>,
    pub(super) sdk_version: Field<String>,
    pub(super) sample_rate_hz: Field<i64>,
    pub(super) audio_mode: Field<String>,
    pub(super) playout_bytes_max: Field<i64>,
    pub(super) voice_redial_ms_max: Field<i64>,
    pub(super) allow_ws_voice_url: Field<bool>,
    pub(super) call_flow: Field<WrittenCallFlow>,
}

/// `call_flow = { ... }`
pub(super) struct WrittenCallFlow {
    pub(super) place: Place,
    pub(super) inbound_call: Field<String>,
    pub(super) outbound_call: Field<bool>,
    pub(super) inbound_message: Field<bool>,
    pub(super) outbound_message: Field<bool>,
}

/// `"..."`, `{ env = "NAME" }` or `{ file = "PATH" }`
pub(super) enum WrittenSecret {
    Literal(Secret),
    Env(String),
    File(String),
}

/// `[[tenant.plugin]]`
pub(super) struct WrittenPlugin {
    pub(super) place: Place,
    pub(super) name: Field<String>,
    pub(super) source: Field<String>,
    pub(super) oci_user: Field<String>,
    pub(super) oci_password: Field<WrittenSecret>,
    pub(super) config: Field<Vec<(String, String)>>,
    pub(super) grants: Field<WrittenGrants>,
    pub(super) limits: Field<WrittenLimits>,
    pub(super) fault: Field<Vec<At<WrittenFault>>>,
}

/// `"retry"`, or `{ prompt = "FILE.wav" }`
pub(super) enum WrittenFault {
    Word(String),
    Prompt(Field<String>),
}

/// `grants = { ... }`
#[derive(Default)]
pub(super) struct WrittenGrants {
    pub(super) recording: Field<bool>,
    pub(super) calls: Field<bool>,
    pub(super) key_value: Field<bool>,
    pub(super) hosts: Field<Vec<At<String>>>,
    pub(super) private_hosts: Field<Vec<At<String>>>,
    pub(super) private_ca_path: Field<String>,
    pub(super) secrets: Field<Vec<WrittenSecretGrant>>,
}

/// One of `grants.secrets`
pub(super) struct WrittenSecretGrant {
    pub(super) place: Place,
    pub(super) name: Field<String>,
    pub(super) hosts: Field<Vec<At<String>>>,
    pub(super) header: Field<String>,
    pub(super) prefix: Field<String>,
}

/// `limits = { ... }`
#[derive(Default)]
pub(super) struct WrittenLimits {
    pub(super) memory_bytes_max: Field<i64>,
    pub(super) calls_max: Field<i64>,
    pub(super) start_ms_max: Field<i64>,
    pub(super) run_ms_max: Field<i64>,
    pub(super) grace_ms_max: Field<i64>,
    pub(super) cpu_percent_max: Field<i64>,
}

/// `[[tenant.route]]`
pub(super) struct WrittenRoute {
    pub(super) place: Place,
    pub(super) to: Field<String>,
    pub(super) from: Field<String>,
    pub(super) channel: Field<String>,
    pub(super) connector: Field<String>,
    pub(super) plugin: Field<String>,
    pub(super) hold_s: Field<i64>,
}

impl Written {
    pub(super) fn read(reader: &mut Reader, mut section: Section<'_>) -> Written {
        let written = Written {
            place: section.place.clone(),
            data_dir: section.text(reader, "data_dir"),
            admin: WrittenAdmin::of(reader, &mut section),
            traces: one(section.table(reader, "traces"), reader, WrittenTraces::read),
            tenants: each(section.tables(reader, "tenant"), reader, WrittenTenant::read),
        };
        section.finish(reader, &["listen"]);
        written
    }
}

impl WrittenAdmin {
    /// `[admin]` of a file.
    pub(super) fn of(reader: &mut Reader, root: &mut Section<'_>) -> Field<WrittenAdmin> {
        one(root.table(reader, "admin"), reader, WrittenAdmin::read)
    }

    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenAdmin {
        let written = WrittenAdmin {
            listen: section.text(reader, "listen"),
            token: WrittenSecret::read(reader, &mut section, "token"),
        };
        section.finish(reader, &[]);
        written
    }
}

impl WrittenTraces {
    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenTraces {
        let written = WrittenTraces {
            endpoint: section.text(reader, "endpoint"),
            headers: one(section.table(reader, "headers"), reader, WrittenSecret::each),
        };
        section.finish(reader, &[]);
        written
    }
}

impl WrittenTenant {
    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenTenant {
        let written = WrittenTenant {
            place: section.place.clone(),
            name: section.text(reader, "name"),
            quota: one(section.table(reader, "quota"), reader, WrittenQuota::read),
            secrets: one(section.table(reader, "secrets"), reader, WrittenSecret::each),
            connectors: each(section.tables(reader, "telcoflow"), reader, WrittenConnector::read),
            plugins: each(section.tables(reader, "plugin"), reader, WrittenPlugin::read),
            routes: each(section.tables(reader, "route"), reader, WrittenRoute::read),
        };
        section.finish(reader, &["twilio", "websocket"]);
        written
    }
}

impl WrittenQuota {
    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenQuota {
        let written = WrittenQuota {
            calls_max: section.integer(reader, "calls_max"),
            setups_per_s_max: section.integer(reader, "setups_per_s_max"),
            places_per_s_max: section.integer(reader, "places_per_s_max"),
            cpu_percent_max: section.integer(reader, "cpu_percent_max"),
            memory_bytes_max: section.integer(reader, "memory_bytes_max"),
        };
        section.finish(reader, &[]);
        written
    }
}

impl WrittenConnector {
    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenConnector {
        let written = WrittenConnector {
            place: section.place.clone(),
            name: section.text(reader, "name"),
            base_url: section.text(reader, "base_url"),
            api_key: WrittenSecret::read(reader, &mut section, "api_key"),
            connector_uuid: section.text(reader, "connector_uuid"),
            cert_path: section.text(reader, "cert_path"),
            key_path: section.text(reader, "key_path"),
            ca_path: section.text(reader, "ca_path"),
            sdk_version: section.text(reader, "sdk_version"),
            sample_rate_hz: section.integer(reader, "sample_rate_hz"),
            audio_mode: section.text(reader, "audio_mode"),
            playout_bytes_max: section.integer(reader, "playout_bytes_max"),
            voice_redial_ms_max: section.integer(reader, "voice_redial_ms_max"),
            allow_ws_voice_url: section.boolean(reader, "allow_ws_voice_url"),
            call_flow: one(section.table(reader, "call_flow"), reader, WrittenCallFlow::read),
        };
        section.finish(reader, &[]);
        written
    }
}

impl WrittenCallFlow {
    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenCallFlow {
        let written = WrittenCallFlow {
            place: section.place.clone(),
            inbound_call: section.text(reader, "inbound_call"),
            outbound_call: section.boolean(reader, "outbound_call"),
            inbound_message: section.boolean(reader, "inbound_message"),
            outbound_message: section.boolean(reader, "outbound_message"),
        };
        section.finish(reader, &[]);
        written
    }
}

impl WrittenPlugin {
    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenPlugin {
        let written = WrittenPlugin {
            place: section.place.clone(),
            name: section.text(reader, "name"),
            source: section.text(reader, "source"),
            oci_user: section.text(reader, "oci_user"),
            oci_password: WrittenSecret::read(reader, &mut section, "oci_password"),
            config: one(section.table(reader, "config"), reader, |reader, texts| texts.into_texts(reader)),
            grants: one(section.table(reader, "grants"), reader, WrittenGrants::read),
            limits: one(section.table(reader, "limits"), reader, WrittenLimits::read),
            fault: WrittenFault::read(reader, &mut section),
        };
        section.finish(reader, &[]);
        written
    }
}

impl WrittenFault {
    pub(super) const HELP: &str =
        "write a list of \"retry\", \"previous\", { prompt = \"FILE.wav\" }, \"connect\" and \"disconnect\"";

    fn read(reader: &mut Reader, section: &mut Section<'_>) -> Field<Vec<At<WrittenFault>>> {
        let steps = section.texts_or_tables(reader, "fault", WrittenFault::HELP);
        steps.map(|steps| {
            let step = |At { value, place }| {
                let value = match value {
                    TextOrTable::Text(word) => WrittenFault::Word(word),
                    TextOrTable::Table(mut table) => {
                        let prompt = table.text(reader, "prompt");
                        table.finish(reader, &[]);
                        WrittenFault::Prompt(prompt)
                    }
                };
                At { value, place }
            };
            steps.into_iter().map(step).collect()
        })
    }
}

impl WrittenGrants {
    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenGrants {
        let written = WrittenGrants {
            recording: section.boolean(reader, "recording"),
            calls: section.boolean(reader, "calls"),
            key_value: section.boolean(reader, "key_value"),
            hosts: section.texts(reader, "hosts"),
            private_hosts: section.texts(reader, "private_hosts"),
            private_ca_path: section.text(reader, "private_ca_path"),
            secrets: each(section.tables(reader, "secrets"), reader, WrittenSecretGrant::read),
        };
        section.finish(reader, &[]);
        written
    }
}

impl WrittenSecretGrant {
    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenSecretGrant {
        let written = WrittenSecretGrant {
            place: section.place.clone(),
            name: section.text(reader, "name"),
            hosts: section.texts(reader, "hosts"),
            header: section.text(reader, "header"),
            prefix: section.text(reader, "prefix"),
        };
        section.finish(reader, &[]);
        written
    }
}

impl WrittenLimits {
    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenLimits {
        let written = WrittenLimits {
            memory_bytes_max: section.integer(reader, "memory_bytes_max"),
            calls_max: section.integer(reader, "calls_max"),
            start_ms_max: section.integer(reader, "start_ms_max"),
            run_ms_max: section.integer(reader, "run_ms_max"),
            grace_ms_max: section.integer(reader, "grace_ms_max"),
            cpu_percent_max: section.integer(reader, "cpu_percent_max"),
        };
        section.finish(reader, &[]);
        written
    }
}

impl WrittenRoute {
    fn read(reader: &mut Reader, mut section: Section<'_>) -> WrittenRoute {
        let written = WrittenRoute {
            place: section.place.clone(),
            to: section.text(reader, "to"),
            from: section.text(reader, "from"),
            channel: section.text(reader, "channel"),
            connector: section.text(reader, "connector"),
            plugin: section.text(reader, "plugin"),
            hold_s: section.integer(reader, "hold_s"),
        };
        section.finish(reader, &[]);
        written
    }
}

impl WrittenSecret {
    const HELP: &str = "write `{ env = \"NAME\" }` or `{ file = \"PATH\" }`";

    fn read(reader: &mut Reader, section: &mut Section<'_>, key: &'static str) -> Field<WrittenSecret> {
        match section.text_or_table(reader, key, WrittenSecret::HELP) {
            Field::Absent => Field::Absent,
            Field::Refused => Field::Refused,
            Field::Given(at) => WrittenSecret::of(reader, at),
        }
    }

    /// All of a table, by name.
    fn each(reader: &mut Reader, section: Section<'_>) -> Vec<(String, Field<WrittenSecret>)> {
        let secrets = section.into_texts_or_tables(reader, WrittenSecret::HELP);
        secrets.into_iter().map(|(name, at)| (name, WrittenSecret::of(reader, at))).collect()
    }

    fn of(reader: &mut Reader, at: At<TextOrTable<'_>>) -> Field<WrittenSecret> {
        let place = at.place;
        let mut table = match at.value {
            TextOrTable::Text(text) => {
                return Field::given_at(WrittenSecret::Literal(Secret::new(text)), place);
            }
            TextOrTable::Table(table) => table,
        };
        let (env, file) = (table.text(reader, "env"), table.text(reader, "file"));
        let problems_before = reader.problems.len();
        table.finish(reader, &[]);
        if reader.problems.len() > problems_before {
            return Field::Refused;
        }
        match (env, file) {
            (Field::Given(env), Field::Absent) => Field::given_at(WrittenSecret::Env(env.value), env.place),
            (Field::Absent, Field::Given(file)) => Field::given_at(WrittenSecret::File(file.value), file.place),
            (Field::Refused, _) | (_, Field::Refused) => Field::Refused,
            (Field::Absent, Field::Absent) => {
                reader.missing(&place, "the secret has no source", WrittenSecret::HELP);
                Field::Refused
            }
            (Field::Given(_), Field::Given(_)) => {
                reader.bad_value(&place, "the secret has two sources", "keep either `env` or `file`");
                Field::Refused
            }
        }
    }
}

fn one<'i, T>(
    field: Field<Section<'i>>,
    reader: &mut Reader,
    read: impl FnOnce(&mut Reader, Section<'i>) -> T,
) -> Field<T> {
    field.map(|section| read(reader, section))
}

fn each<'i, T>(
    field: Field<Vec<Section<'i>>>,
    reader: &mut Reader,
    mut read: impl FnMut(&mut Reader, Section<'i>) -> T,
) -> Field<Vec<T>> {
    field.map(|sections| sections.into_iter().map(|section| read(reader, section)).collect())
}
