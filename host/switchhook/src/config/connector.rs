//! From a connector as written to the resolved one: address, credentials, audio, call flow.
//!
//! Nothing here repeats a secret, a header value or an address in a message.

use std::io::Read;

use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{CallFlow, InboundCall};

use super::base_url::BaseUrl;
use super::problem::{Place, ProblemKind};
use super::read::{At, Field};
use super::resolve::Resolver;
use super::resolved::{Connector, Credentials, SampleRate};
use super::secret::Secret;
use super::written::{WrittenCallFlow, WrittenConnector, WrittenSecret};
use crate::limits;

/// The SDK version whose wire the host speaks: an unknown one risks a refusal with status 426.
const SDK_VERSION: &str = "1.0.0";

const INBOUND_CALL_HELP: &str = "use \"ALL\", \"MISSED_ONLY\" or \"NO\"";

impl Resolver<'_> {
    pub(super) fn connector(&mut self, written: WrittenConnector) -> Option<Connector> {
        let place = written.place;
        let name = self.name(written.name, &place);
        let base_url = self.optional(written.base_url, BaseUrl::default(), Self::base_url);
        let credentials = self.credentials(written.api_key, written.connector_uuid, &place);
        let sdk_version = self.optional(written.sdk_version, SDK_VERSION.to_owned(), Self::header_value);
        let sample_rate = self.optional(written.sample_rate_hz, SampleRate::default(), Self::sample_rate);
        let audio_mode = self.optional(written.audio_mode, AudioMode::default(), Self::audio_mode);
        let playout = self.optional(written.playout_bytes_max, limits::PLAYOUT_BYTES_DEFAULT, Self::playout_bytes_max);
        let allow_ws = self.optional(written.allow_ws_voice_url, false, |_, at| Some(at.value));
        let call_flow = self.optional(written.call_flow, None, |resolver, at| resolver.call_flow(at.value).map(Some));
        Some(Connector {
            name: name?,
            base_url: base_url?,
            credentials: credentials?,
            sdk_version: sdk_version?,
            sample_rate: sample_rate?,
            audio_mode: audio_mode?,
            playout_bytes_max: playout?,
            call_flow: call_flow?,
            allow_ws_voice_url: allow_ws?,
        })
    }

    fn base_url(&mut self, At { value, place }: At<String>) -> Option<BaseUrl> {
        let help = "write `wss://HOST`, `ws://HOST:PORT`, or leave it out for production";
        value.parse().map_err(|error| self.reader.bad_value(&place, format!("{error}"), help)).ok()
    }

    /// The two halves of a key belong together: with one given, the other's absence is explained by it.
    fn credentials(
        &mut self,
        api_key: Field<WrittenSecret>,
        connector_uuid: Field<String>,
        section: &Place,
    ) -> Option<Credentials> {
        const TOGETHER: &str = "`api_key` and `connector_uuid` go together";
        match (&api_key, &connector_uuid) {
            (Field::Absent, Field::Absent) => {
                let what = "missing: a connector shows who it is by `api_key` and `connector_uuid`";
                self.reader.missing(&section.child("api_key"), what, "add both");
            }
            (Field::Absent, _) => {
                self.reader.missing(&section.child("api_key"), format!("missing: {TOGETHER}"), "add it");
            }
            (_, Field::Absent) => {
                self.reader.missing(&section.child("connector_uuid"), format!("missing: {TOGETHER}"), "add it");
            }
            _ => {}
        }
        let api_key = api_key.given().and_then(|at| self.secret(at));
        let connector_uuid = connector_uuid.given().and_then(|at| self.header_value(at));
        Some(Credentials { api_key: api_key?, connector_uuid: connector_uuid? })
    }

    /// Fetches a secret from where it is kept. The line's end at its end is not part of it.
    fn secret(&mut self, At { value, place }: At<WrittenSecret>) -> Option<Secret> {
        let found = match &value {
            WrittenSecret::Literal(secret) => Ok(secret.clone()),
            WrittenSecret::Env(name) => self.secret_of_env(name),
            WrittenSecret::File(path) => self.secret_of_file(path),
        };
        let checked = found.and_then(|secret| match check_header_value(secret.expose()) {
            Ok(()) => Ok(secret),
            Err(what) => {
                let from = match &value {
                    WrittenSecret::Literal(_) => "the secret".to_owned(),
                    WrittenSecret::Env(name) => format!("the environment variable {name:?}"),
                    WrittenSecret::File(path) => format!("the file {path:?}"),
                };
                Err((format!("{from} {what}"), "put the key there, and nothing else".to_owned()))
            }
        });
        checked.map_err(|(what, help)| self.reader.report(ProblemKind::Secret, &place, what, help)).ok()
    }

    fn secret_of_env(&self, name: &str) -> Result<Secret, (String, String)> {
        let variable = format!("the environment variable {name:?}");
        let Some(text) = (self.env)(name) else {
            return Err((format!("{variable} is not set"), "set it before the start".to_owned()));
        };
        match text.into_string() {
            Ok(text) => Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(_) => Err((format!("{variable} is not UTF-8"), "put the key there, and nothing else".to_owned())),
        }
    }

    fn secret_of_file(&self, path: &str) -> Result<Secret, (String, String)> {
        let path = self.folder.join(path);
        let mut text = String::new();
        let read = std::fs::File::open(&path)
            .and_then(|file| file.take(limits::SECRET_BYTES_MAX + 1).read_to_string(&mut text));
        match read {
            Ok(_) => Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())),
            Err(error) => Err((
                format!("`{}` cannot be read: {error}", path.display()),
                "correct the path (a relative one starts at the folder of this configuration), or its permissions"
                    .to_owned(),
            )),
        }
    }

    fn header_value(&mut self, At { value, place }: At<String>) -> Option<String> {
        match check_header_value(&value) {
            Ok(()) => Some(value),
            Err(what) => {
                self.reader.bad_value(&place, format!("the value {what}"), "correct it");
                None
            }
        }
    }

    fn sample_rate(&mut self, At { value, place }: At<i64>) -> Option<SampleRate> {
        match value {
            8_000 => Some(SampleRate::Hz8000),
            16_000 => Some(SampleRate::Hz16000),
            24_000 => Some(SampleRate::Hz24000),
            _ => {
                let what = format!("{value} Hz is not a sample rate of Telcoflow");
                self.reader.bad_value(&place, what, "use 8000, 16000 or 24000");
                None
            }
        }
    }

    fn audio_mode(&mut self, At { value, place }: At<String>) -> Option<AudioMode> {
        let mode = value.parse().ok();
        if mode.is_none() {
            let help = "use \"mixed\" or \"isolated\"";
            self.reader.bad_value(&place, format!("there is no audio mode {value:?}"), help);
        }
        mode
    }

    fn playout_bytes_max(&mut self, At { value, place }: At<i64>) -> Option<usize> {
        let bytes = u64::try_from(value).ok().filter(|bytes| bytes.is_power_of_two());
        if let Some(bytes) = bytes.filter(|&bytes| bytes <= limits::PLAYOUT_BYTES_MAX) {
            return usize::try_from(bytes).ok();
        }
        let what = match bytes {
            Some(_) => format!("{value} is more than {}", limits::PLAYOUT_BYTES_MAX),
            None => format!("{value} is not a positive power of two"),
        };
        self.reader.bad_value(&place, what, format!("use one such as {}", limits::PLAYOUT_BYTES_DEFAULT));
        None
    }

    fn call_flow(&mut self, written: WrittenCallFlow) -> Option<CallFlow> {
        let place = written.place;
        let truth = "write `true` or `false`";
        let inbound_call = self
            .required(written.inbound_call, &place, "inbound_call", INBOUND_CALL_HELP)
            .and_then(|at| self.inbound_call(at));
        let outbound_call = self.required(written.outbound_call, &place, "outbound_call", truth);
        let inbound_message = self.required(written.inbound_message, &place, "inbound_message", truth);
        let outbound_message = self.required(written.outbound_message, &place, "outbound_message", truth);
        Some(CallFlow {
            inbound_call: inbound_call?,
            outbound_call: outbound_call?.value,
            inbound_message: inbound_message?.value,
            outbound_message: outbound_message?.value,
        })
    }

    fn inbound_call(&mut self, At { value, place }: At<String>) -> Option<InboundCall> {
        let which = InboundCall::from_wire(&value);
        if which.is_none() {
            self.reader.bad_value(&place, format!("{value:?} is not a choice"), INBOUND_CALL_HELP);
        }
        which
    }
}

/// Whether a text can be sent in a header as it is, and if not, why, without repeating it.
fn check_header_value(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.len() as u64 > limits::SECRET_BYTES_MAX {
        return Err(format!("is longer than {} bytes", limits::SECRET_BYTES_MAX));
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("has a space or a character in it that no header may carry".to_owned());
    }
    Ok(())
}
