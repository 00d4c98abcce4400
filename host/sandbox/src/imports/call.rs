//! `call`: commands, accepted or refused at once.

use call::CommandKind;

use crate::bindings::{call as contract, types};
use crate::state::GuestState;

type Accepted = wasmtime::Result<Result<u32, types::Failure>>;

impl contract::Host for GuestState {
    fn state(&mut self) -> wasmtime::Result<String> {
        Ok(self.call()?.lock().state().as_str().to_string())
    }

    fn capabilities(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.call()?.lock().capabilities().iter().map(|ability| ability.as_str().to_string()).collect())
    }

    fn answer(&mut self) -> Accepted {
        self.command(CommandKind::Answer)
    }

    fn connect(&mut self, ring_time_s: u32) -> Accepted {
        self.command(CommandKind::Connect { ring_time_s })
    }

    fn whisper(&mut self) -> Accepted {
        self.command(CommandKind::Whisper)
    }

    fn barge(&mut self) -> Accepted {
        self.command(CommandKind::Barge)
    }

    fn spy(&mut self) -> Accepted {
        self.command(CommandKind::Spy)
    }

    fn disconnect(&mut self) -> Accepted {
        self.command(CommandKind::Disconnect)
    }

    fn close(&mut self) -> Accepted {
        self.command(CommandKind::Close)
    }

    fn transfer(&mut self, to: String, ring_time_s: u32) -> Accepted {
        self.command(CommandKind::Transfer { to, ring_time_s })
    }

    fn send_digits(&mut self, digits: String) -> Accepted {
        self.command(CommandKind::SendDigits { digits })
    }
}

impl GuestState {
    fn command(&mut self, kind: CommandKind) -> Accepted {
        let accepted = self.call()?.lock().command(kind);
        Ok(accepted.map_err(Into::into))
    }
}
