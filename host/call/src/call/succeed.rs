//! Another handler takes the place of one that failed: what the first left open is put away, so that the second finds a
//! call in which nothing is its own yet.

use std::borrow::Cow;

use super::Call;
use crate::journal::Happening;
use crate::network::NetworkWaiting;
use crate::{Ability, CommandId, CommandKind, State};

impl Call {
    /// The handler failed for a reason that has a code, and this is done about it: for the journal.
    pub fn note_fault(&mut self, code: impl Into<Cow<'static, str>>, then: &'static str) {
        self.journal.write(self.now, Happening::Fault { code: code.into(), then });
    }

    /// The handler is gone and the call goes on, with another one or with none.
    ///
    /// Its audio that was not sent is dropped, as by [`clear`](Call::clear). Its marks, timers, its wait for a low queue and what
    /// its connections brought are forgotten, and so are the outcomes of its commands, which the carrier carries out none the less. What was heard and
    /// not taken is dropped and counted as lost. Keys, warnings and errors of the call are kept for its successor, whose
    /// [`CallInfo::resumed`](crate::CallInfo) is set.
    ///
    /// To a successor an `answer` succeeds, once, if the call is answered already; and a command of the same name that is
    /// under way becomes its own, whatever its arguments.
    pub fn handle_handler_lost(&mut self) {
        if self.state == State::Ended {
            return;
        }
        self.clear();
        self.playout.notify_below(0);
        self.timers.forget();
        self.stats.samples_lost += self.inbox.forget_handler();
        self.network = NetworkWaiting::default();
        self.commands.orphan();
        self.info.resumed = true;
        self.answer_inherited = self.state.takes_audio();
    }

    /// Whether a command of this ability is on its way to the carrier and back.
    pub fn is_under_way(&self, ability: Ability) -> bool {
        self.commands.is_open(ability)
    }

    /// What a successor gets without asking the carrier.
    pub(super) fn inherit(&mut self, kind: &CommandKind) -> Option<CommandId> {
        let ability = kind.ability();
        if ability == Ability::Answer && self.state.takes_audio() && std::mem::take(&mut self.answer_inherited) {
            let command = self.commands.name();
            self.journal.write(self.now, Happening::Accepted { command, name: kind.name() });
            self.finish(command, ability, Ok(None));
            return Some(command);
        }
        // Those that say which number or which keys are another's wish.
        if matches!(kind, CommandKind::Transfer { .. } | CommandKind::SendDigits { .. }) {
            return None;
        }
        self.commands.adopt(ability)
    }
}
