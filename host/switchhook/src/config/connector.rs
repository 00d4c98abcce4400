//! From a connector as written to the resolved one: address, audio, call flow. Who it is: `credentials.rs`.
//!
//! Nothing here repeats an address in a message.

use telcoflow::frame::AudioMode;
use telcoflow::frame::manager::{CallFlow, InboundCall};

use super::base_url::BaseUrl;
use super::credentials::WrittenIdentity;
use super::read::At;
use super::resolve::Resolver;
use super::resolved::{Connector, SampleRate};
use super::written::{WrittenCallFlow, WrittenConnector};
use crate::limits;

/// The SDK version whose wire the host speaks: an unknown one risks a refusal with status 426.
const SDK_VERSION: &str = "1.0.0";

const INBOUND_CALL_HELP: &str = "use \"ALL\", \"MISSED_ONLY\" or \"NO\"";

impl Resolver<'_> {
    pub(super) fn connector(&mut self, written: WrittenConnector) -> Option<Connector> {
        let place = written.place;
        let name = self.name(written.name, &place);
        let base_url = self.optional(written.base_url, BaseUrl::default(), Self::base_url);
        let secure = base_url.as_ref().is_none_or(BaseUrl::is_secure);
        let identity = WrittenIdentity {
            api_key: written.api_key,
            connector_uuid: written.connector_uuid,
            cert_path: written.cert_path,
            key_path: written.key_path,
            ca_path: written.ca_path,
        };
        let identity = self.identity(identity, &place, secure);
        let sdk_version = self.optional(written.sdk_version, SDK_VERSION.to_owned(), Self::header_value);
        let sample_rate = self.optional(written.sample_rate_hz, SampleRate::default(), Self::sample_rate);
        let audio_mode = self.optional(written.audio_mode, AudioMode::default(), Self::audio_mode);
        let playout = self.optional(written.playout_bytes_max, limits::PLAYOUT_BYTES_DEFAULT, Self::playout_bytes_max);
        let redial = 0..=limits::VOICE_REDIAL_MS_MAX;
        let redial = self.number(written.voice_redial_ms_max, redial, exchange::limits::VOICE_REDIAL_MS_DEFAULT);
        let allow_ws = self.optional(written.allow_ws_voice_url, false, |_, at| Some(at.value));
        let call_flow = self.optional(written.call_flow, None, |resolver, at| resolver.call_flow(at.value).map(Some));
        let (credentials, ca_path) = identity?;
        Some(Connector {
            name: name?,
            base_url: base_url?,
            credentials,
            ca_path,
            sdk_version: sdk_version?,
            sample_rate: sample_rate?,
            audio_mode: audio_mode?,
            playout_bytes_max: playout?,
            call_flow: call_flow?,
            voice_redial_ms_max: redial?,
            allow_ws_voice_url: allow_ws?,
        })
    }

    fn base_url(&mut self, At { value, place }: At<String>) -> Option<BaseUrl> {
        let help = "write `wss://HOST`, `ws://HOST:PORT`, or leave it out for production";
        value.parse().map_err(|error| self.reader.bad_value(&place, format!("{error}"), help)).ok()
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
