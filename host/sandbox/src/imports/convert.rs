//! Between the call's words and the contract's.

use call::{Event, Failure, Ledger, Placed};

use crate::bindings::types;

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code.into_owned(), message: failure.message }
    }
}

impl From<Ledger> for types::Ledger {
    fn from(ledger: Ledger) -> Self {
        let Ledger { queued, sent, heard, dropped, exact } = ledger;
        Self { queued, sent, heard, dropped, exact }
    }
}

impl From<Event> for types::Event {
    fn from(event: Event) -> Self {
        match event {
            Event::Audio { channel, at_sample, lost_samples, pcm } => {
                Self::Audio(types::AudioFrame { channel, at_sample, lost_samples, pcm })
            }
            Event::Outcome { command, name, result } => {
                Self::Outcome(types::Outcome { command, name: name.to_string(), value: result.map_err(Into::into) })
            }
            Event::Mark { name, played } => Self::Mark(types::Mark { name, played }),
            Event::Dtmf { digit, channel } => Self::Dtmf(types::Dtmf { digit: digit.to_string(), channel }),
            Event::PlayoutLow(ledger) => Self::PlayoutLow(ledger.into()),
            Event::Timer(id) => Self::Timer(id),
            Event::Placed { request, step } => Self::Placed(placed_step(request, step)),
            Event::Warning(failure) => Self::Warning(failure.into()),
            Event::CallError(failure) => Self::CallError(failure.into()),
            Event::Network(event) => event.into(),
            Event::Ended(reason) => Self::Ended(reason.as_str().to_string()),
        }
    }
}

/// A step of something that was placed.
pub(super) fn placed_step(request: u32, step: Placed) -> types::PlacedStep {
    let name = step.step().to_string();
    types::PlacedStep { request, step: name, value: step.into_value().map_err(Into::into) }
}

/// The call as `handle` is told of it.
pub(crate) fn call_info(info: &call::CallInfo) -> types::CallInfo {
    types::CallInfo {
        id: info.id.clone(),
        tenant: info.tenant.clone(),
        carrier: info.carrier.clone(),
        caller: info.caller.clone(),
        callee: info.callee.clone(),
        outbound: info.outbound,
        resumed: info.resumed,
        audio: types::AudioFormat { sample_rate_hz: info.sample_rate_hz, channels: info.channels.clone() },
        fields: fields(&info.fields),
    }
}

pub(crate) fn fields(fields: &[(String, String)]) -> Vec<types::Field> {
    fields.iter().map(|(name, value)| types::Field { name: name.clone(), value: value.clone() }).collect()
}
