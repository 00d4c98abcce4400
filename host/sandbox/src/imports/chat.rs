//! `chat` and `messages`: for guests that serve a chat.

use std::future::poll_fn;
use std::time::Duration;

use call::ChatEvent;

use crate::bindings::{chat, messages, types};
use crate::state::GuestState;
use crate::wait::Waited;

type Accepted = wasmtime::Result<Result<u32, types::Failure>>;

impl chat::Host for GuestState {
    async fn next(&mut self) -> wasmtime::Result<Option<chat::ChatEvent>> {
        Ok(match self.wait_in_chat(None).await? {
            Waited::Event(event) => Some(event.into()),
            Waited::TimedOut | Waited::Over => None,
        })
    }

    async fn next_within(&mut self, ms: u32) -> wasmtime::Result<chat::ChatWaited> {
        Ok(match self.wait_in_chat(Some(Duration::from_millis(ms.into()))).await? {
            Waited::Event(event) => chat::ChatWaited::Event(event.into()),
            Waited::TimedOut => chat::ChatWaited::TimedOut,
            Waited::Over => chat::ChatWaited::Over,
        })
    }
}

impl messages::Host for GuestState {
    fn send(&mut self, api_version: String, content: String) -> Accepted {
        let accepted = self.chat()?.lock().send(&api_version, &content);
        Ok(accepted.map_err(Into::into))
    }

    fn close(&mut self) -> Accepted {
        let accepted = self.chat()?.lock().close();
        Ok(accepted.map_err(Into::into))
    }

    fn room(&mut self) -> wasmtime::Result<u32> {
        Ok(u32::try_from(self.chat()?.lock().room()).unwrap_or(u32::MAX))
    }
}

impl GuestState {
    async fn wait_in_chat(&mut self, within: Option<Duration>) -> wasmtime::Result<Waited<ChatEvent>> {
        let chat = self.chat()?;
        let register = self.awaits;
        chat.begin_wait(within);
        Ok(poll_fn(|cx| chat.poll_wait(cx, register)).await)
    }
}

impl From<ChatEvent> for chat::ChatEvent {
    fn from(event: ChatEvent) -> Self {
        match event {
            ChatEvent::Message { sender, content, lost } => Self::Message(chat::ChatMessage { sender, content, lost }),
            ChatEvent::Outcome { command, name, result } => {
                Self::Outcome(types::Outcome { command, name: name.to_string(), value: result.map_err(Into::into) })
            }
            ChatEvent::Timer(id) => Self::Timer(id),
            ChatEvent::Placed { request, step } => Self::Placed(super::convert::placed_step(request, step)),
            ChatEvent::Warning(failure) => Self::Warning(failure.into()),
            ChatEvent::Network(event) => event.into(),
            ChatEvent::Closed(end) => Self::Closed(end.as_str().to_string()),
        }
    }
}

/// The chat as `handle-chat` is told of it.
pub(crate) fn chat_info(info: &call::ChatInfo) -> chat::ChatInfo {
    chat::ChatInfo {
        id: info.id.clone(),
        tenant: info.tenant.clone(),
        carrier: info.carrier.clone(),
        network: info.network.clone(),
        remote: info.remote.clone(),
        local: info.local.clone(),
        outbound: info.outbound,
        resumed: info.resumed,
        fields: super::convert::fields(&info.fields),
    }
}
