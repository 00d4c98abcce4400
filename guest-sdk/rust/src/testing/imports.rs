//! The host's functions, answered by the host in memory: the same names and types as the component's imports.

#![allow(missing_docs, reason = "they are documented in the .wit files")]
#![allow(unreachable_pub, reason = "visibility is decided by the re-exports in lib.rs")]

pub mod call {
    use crate::testing::host::with;
    use crate::{CommandId, Failure};

    type Accepted = Result<CommandId, Failure>;

    pub fn state() -> String {
        with(|host| host.state.as_str().to_owned())
    }

    pub fn capabilities() -> Vec<String> {
        let usual = ["answer", "connect", "whisper", "barge", "spy", "disconnect", "close"];
        let more = with(|host| host.responses.keys().copied().filter(|name| !usual.contains(name)).collect::<Vec<_>>());
        usual.into_iter().chain(more).map(str::to_owned).collect()
    }

    pub fn answer() -> Accepted {
        with(|host| host.command("answer", None))
    }

    pub fn connect(ring_time_s: u32) -> Accepted {
        with(|host| host.command("connect", Some(ring_time_s)))
    }

    pub fn whisper() -> Accepted {
        with(|host| host.command("whisper", None))
    }

    pub fn barge() -> Accepted {
        with(|host| host.command("barge", None))
    }

    pub fn spy() -> Accepted {
        with(|host| host.command("spy", None))
    }

    pub fn disconnect() -> Accepted {
        with(|host| host.command("disconnect", None))
    }

    pub fn close() -> Accepted {
        with(|host| host.command("close", None))
    }

    pub fn transfer(_to: &str, ring_time_s: u32) -> Accepted {
        with(|host| host.command("transfer", Some(ring_time_s)))
    }

    pub fn send_digits(_digits: &str) -> Accepted {
        with(|host| host.command("send-digits", None))
    }
}

pub mod events {
    pub use crate::bindings::plain::switchhook::handler::events::Waited;

    use std::time::Duration;

    use crate::Event;
    use crate::testing::host::with;

    pub fn next() -> Option<Event> {
        match with(|host| host.next(None)) {
            Waited::Event(event) => Some(event),
            Waited::TimedOut | Waited::Over => None,
        }
    }

    pub fn next_within(ms: u32) -> Waited {
        with(|host| host.next(Some(Duration::from_millis(ms.into()))))
    }
}

pub mod playout {
    use crate::audio::samples;
    use crate::testing::host::with;
    use crate::{Failure, Ledger};

    pub fn play(pcm: &[u8]) -> Result<Ledger, Failure> {
        with(|host| host.play(pcm.len(), samples(pcm)))
    }

    pub fn play_samples(samples: &[i16]) -> Result<Ledger, Failure> {
        with(|host| host.play(samples.len() * 2, samples.iter().copied()))
    }

    pub fn mark(name: &str) -> Result<(), Failure> {
        with(|host| host.mark(name))
    }

    /// Nothing waits for a frame to be filled here.
    pub fn flush() {}

    pub fn clear() -> Ledger {
        with(|host| host.clear())
    }

    pub fn notify_below(samples: u64) {
        with(|host| host.notify_below(samples));
    }

    pub fn position() -> Ledger {
        with(|host| host.playout.ledger())
    }
}

pub mod timers {
    use crate::testing::{chat_host, host};
    use crate::{Failure, TimerId};

    pub fn set(ms: u32, repeat: bool) -> Result<TimerId, Failure> {
        chat_host::try_with(|chat| chat.set_timer(ms, repeat))
            .unwrap_or_else(|| host::with(|host| host.set_timer(ms, repeat)))
    }

    /// Stops a timer; an event of it that is already queued is removed. Unknown ids are ignored.
    pub fn cancel(id: TimerId) {
        chat_host::try_with(|chat| chat.cancel_timer(id)).unwrap_or_else(|| host::with(|host| host.cancel_timer(id)));
    }
}

pub mod log {
    pub use crate::bindings::plain::switchhook::handler::log::Level;

    use crate::testing::{chat_host, host};

    /// Writes one line.
    pub fn log(level: Level, message: &str) {
        let line = (level, message.to_owned());
        chat_host::try_with(|chat| chat.report.log.push(line.clone()))
            .unwrap_or_else(|| host::with(|host| host.report.log.push(line)));
    }
}

pub mod config {
    use crate::Field;
    use crate::testing::{chat_host, host};

    pub fn get(key: &str) -> Option<String> {
        chat_host::try_with(|chat| chat.config.get(key).cloned())
            .unwrap_or_else(|| host::with(|host| host.config.get(key).cloned()))
    }

    /// All of it, by key.
    pub fn all() -> Vec<Field> {
        let field = |(name, value): (&String, &String)| Field { name: name.clone(), value: value.clone() };
        let mut all: Vec<Field> = chat_host::try_with(|chat| chat.config.iter().map(field).collect())
            .unwrap_or_else(|| host::with(|host| host.config.iter().map(field).collect()));
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}

pub mod chat {
    use std::time::Duration;

    use crate::chat::{ChatEvent, ChatWaited};
    use crate::testing::chat_host::with;

    pub fn next() -> Option<ChatEvent> {
        match with(|chat| chat.next(None)) {
            ChatWaited::Event(event) => Some(event),
            ChatWaited::TimedOut | ChatWaited::Over => None,
        }
    }

    pub fn next_within(ms: u32) -> ChatWaited {
        with(|chat| chat.next(Some(Duration::from_millis(ms.into()))))
    }
}

pub mod messages {
    use crate::testing::chat_host::with;
    use crate::{CommandId, Failure};

    /// Sends a message: `content` is JSON, an object in the chat network's own form.
    pub fn send(api_version: &str, content: &str) -> Result<CommandId, Failure> {
        with(|chat| chat.send(api_version, content))
    }

    /// Closes the chat, when every message that was accepted has its outcome.
    pub fn close() -> Result<CommandId, Failure> {
        with(|chat| chat.close())
    }

    /// How many more commands would be accepted at this moment.
    pub fn room() -> u32 {
        with(|chat| u32::try_from(chat.room()).unwrap_or(u32::MAX))
    }
}

pub mod recording {
    use crate::Failure;
    use crate::testing::host::with;

    pub fn start(side: &str) -> Result<String, Failure> {
        with(|host| host.start_recording(side))
    }

    pub fn stop() -> Result<(), Failure> {
        with(|host| host.stop_recording())
    }

    pub fn play(reference: &str) -> Result<(), Failure> {
        with(|host| host.play_recording(reference))
    }

    pub fn delete(reference: &str) -> Result<(), Failure> {
        with(|host| host.delete_recording(reference))
    }
}

pub mod websocket {
    use crate::testing::peers::with;
    use crate::{Failure, Field, Payload, SocketId};

    pub fn open(url: &str, headers: &[Field]) -> Result<SocketId, Failure> {
        with(|peers, now| peers.open(now, url, headers))
    }

    pub fn send(socket: SocketId, message: &Payload) -> Result<(), Failure> {
        with(|peers, now| peers.send(now, socket, message))
    }

    pub fn close(socket: SocketId, code: u16, reason: &str) {
        with(|peers, now| peers.close(now, socket, code, reason));
    }
}

pub mod http {
    use crate::testing::peers::with;
    use crate::{Failure, Field, RequestId};

    pub fn request(method: &str, url: &str, headers: &[Field], body: &[u8]) -> Result<RequestId, Failure> {
        with(|peers, now| peers.request(now, method, url, headers, body))
    }

    pub fn cancel(request: RequestId) {
        with(|peers, now| peers.cancel(now, request));
    }
}

pub mod key_value {
    use crate::Failure;
    use crate::testing::memory::with;

    pub fn get(key: &str) -> Result<Option<Vec<u8>>, Failure> {
        with(|memory, now| memory.get(now, key))
    }

    pub fn set(key: &str, value: &[u8], ttl_s: Option<u32>) -> Result<(), Failure> {
        with(|memory, now| memory.set(now, key, value, ttl_s))
    }

    pub fn delete(key: &str) -> Result<(), Failure> {
        with(|memory, _| memory.delete(key))
    }

    pub fn compare_and_set(
        key: &str,
        expected: Option<&[u8]>,
        value: &[u8],
        ttl_s: Option<u32>,
    ) -> Result<bool, Failure> {
        with(|memory, now| memory.compare_and_set(now, key, expected, value, ttl_s))
    }
}

pub mod calls {
    use crate::testing::{chat_host, host};
    use crate::{Failure, RequestId};

    pub fn place(to: &str, plugin: &str) -> Result<RequestId, Failure> {
        place_or_begin(to, plugin, false)
    }

    pub fn begin_chat(to: &str, plugin: &str) -> Result<RequestId, Failure> {
        place_or_begin(to, plugin, true)
    }

    fn place_or_begin(to: &str, plugin: &str, chat: bool) -> Result<RequestId, Failure> {
        chat_host::try_with(|host| host.place(to, plugin, chat))
            .unwrap_or_else(|| host::with(|host| host.place(to, plugin, chat)))
    }
}
