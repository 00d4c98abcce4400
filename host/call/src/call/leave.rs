//! The host itself ends a call for everyone, whatever its handler does: because an operator said so.

use super::Call;
use crate::journal::Happening;
use crate::{Ability, CommandId, CommandKind, EndReason, State};

/// How far the host is with ending the call.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    wanted: bool,
    /// The host's own command under way. Its outcome is not shown to the handler, which did not ask for it.
    own: Option<CommandId>,
    disconnect_failed: bool,
    close_failed: bool,
}

impl Call {
    /// The host ends the call for everyone: by `disconnect`, or by `close` when the carrier refuses that, or at last by
    /// giving the call up. The handler goes on until it reads the end, as with every other end.
    pub fn leave(&mut self) {
        self.leaving.wanted = true;
        self.press_on();
    }

    /// Whether a command is the host's own.
    pub(super) fn is_the_hosts(&self, command: CommandId) -> bool {
        self.leaving.own == Some(command)
    }

    /// A command failed: the next way to end the call is tried, if it is to be ended.
    pub(super) fn leave_after_failure(&mut self, command: CommandId, ability: Ability) {
        if self.is_the_hosts(command) {
            self.leaving.own = None;
        }
        match ability {
            Ability::Disconnect => self.leaving.disconnect_failed = true,
            Ability::Close => self.leaving.close_failed = true,
            _ => {}
        }
        self.press_on();
    }

    fn press_on(&mut self) {
        let under_way = self.commands.is_open(Ability::Disconnect) || self.commands.is_open(Ability::Close);
        if !self.leaving.wanted || under_way || self.state == State::Ended {
            return;
        }
        let kind = if !self.leaving.disconnect_failed && self.capabilities.has(Ability::Disconnect) {
            CommandKind::Disconnect
        } else if !self.leaving.close_failed && self.capabilities.has(Ability::Close) {
            CommandKind::Close
        } else {
            return self.handle_ended(EndReason::Disconnected);
        };
        let name = kind.name();
        let command = self.commands.accept(kind);
        self.leaving.own = Some(command);
        self.journal.write(self.now, Happening::Accepted { command, name });
    }
}
