//! What a handler may ask of a carrier, and the book of what was asked.
//!
//! A command is accepted or refused at once. An accepted one finishes exactly once: by the carrier's answer, or by
//! the end of the call. Who pays on failure: the handler alone, with one failed outcome.

use std::collections::VecDeque;
use std::fmt;

use crate::Ability;
use crate::info::last_four;
use crate::limits::INTERRUPTS_OPEN_MAX;

/// Names one accepted command. Unique within the call.
pub type CommandId = u32;

/// What a carrier is asked to do.
///
/// Its `Debug` hides numbers and digits.
#[derive(Clone, Eq, PartialEq)]
pub enum CommandKind {
    /// Picks up.
    Answer,
    /// Rings the number that was originally called and bridges it in.
    Connect {
        /// How long to ring, in seconds: 1 to 120. It is also the deadline.
        ring_time_s: u32,
    },
    /// From then on only the number's subscriber hears the handler.
    Whisper,
    /// From then on both parties hear the handler.
    Barge,
    /// From then on nobody hears the handler.
    Spy,
    /// Ends the call for everyone.
    Disconnect,
    /// Leaves the call: connected parties stay connected, else the call ends.
    Close,
    /// Rings another number and bridges it in.
    Transfer {
        /// The number to ring, as the carrier writes numbers.
        to: String,
        /// How long to ring, in seconds: 1 to 120.
        ring_time_s: u32,
    },
    /// Sends keys out of band.
    SendDigits {
        /// The keys: `0` to `9`, `*`, `#`, `A` to `D`.
        digits: String,
    },
    /// Stops what the carrier is playing. Made by [`Call::clear`](crate::Call::clear) alone; its outcome is not shown to the handler.
    Interrupt,
}

impl CommandKind {
    /// Its name in the handler contract.
    pub const fn name(&self) -> &'static str {
        self.ability().as_str()
    }

    /// What the carrier must be able to do.
    pub const fn ability(&self) -> Ability {
        match self {
            CommandKind::Answer => Ability::Answer,
            CommandKind::Connect { .. } => Ability::Connect,
            CommandKind::Whisper => Ability::Whisper,
            CommandKind::Barge => Ability::Barge,
            CommandKind::Spy => Ability::Spy,
            CommandKind::Disconnect => Ability::Disconnect,
            CommandKind::Close => Ability::Close,
            CommandKind::Transfer { .. } => Ability::Transfer,
            CommandKind::SendDigits { .. } => Ability::SendDigits,
            CommandKind::Interrupt => Ability::Interrupt,
        }
    }
}

impl fmt::Debug for CommandKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandKind::Connect { ring_time_s } => {
                write!(f, "connect {{ ring_time_s: {ring_time_s} }}")
            }
            CommandKind::Transfer { to, ring_time_s } => {
                write!(f, "transfer {{ to: {}, ring_time_s: {ring_time_s} }}", last_four(to))
            }
            CommandKind::SendDigits { digits } => {
                write!(f, "send-digits {{ {} keys }}", digits.len())
            }
            other => f.write_str(other.name()),
        }
    }
}

/// One accepted command on its way to the carrier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Command {
    /// The name that [`Call::handle_outcome`](crate::Call::handle_outcome) wants back.
    pub id: CommandId,
    /// What is asked.
    pub kind: CommandKind,
}

/// The book of accepted commands: what waits to be sent, and what waits for its answer.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    last_id: CommandId,
    unsent: VecDeque<Command>,
    /// Accepted and not answered, sent or not, in the order of acceptance.
    open: Vec<(CommandId, Ability)>,
    /// A further interrupt is due as soon as one is answered.
    interrupt_owed: bool,
    /// Those of a handler that is gone: their outcomes are nobody's.
    orphans: Vec<CommandId>,
}

impl Commands {
    /// The next name.
    pub(crate) fn name(&mut self) -> CommandId {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// The handler is gone: what it has open is nobody's.
    pub(crate) fn orphan(&mut self) {
        let open = self.open.iter().filter(|(_, ability)| *ability != Ability::Interrupt);
        self.orphans = open.map(|(id, _)| *id).collect();
    }

    /// Whether this was a command of a handler that is gone. To be asked once, when it finished.
    pub(crate) fn is_orphan(&mut self, id: CommandId) -> bool {
        let orphan = self.orphans.iter().position(|orphan| *orphan == id);
        orphan.map(|index| self.orphans.swap_remove(index)).is_some()
    }

    /// Gives an orphan of this ability to the present handler.
    pub(crate) fn adopt(&mut self, ability: Ability) -> Option<CommandId> {
        let orphans = &self.orphans;
        let (id, _) = *self.open.iter().find(|(id, open)| *open == ability && orphans.contains(id))?;
        self.is_orphan(id).then_some(id)
    }

    /// Enters an accepted command.
    pub(crate) fn accept(&mut self, kind: CommandKind) -> CommandId {
        let id = self.name();
        self.open.push((id, kind.ability()));
        self.unsent.push_back(Command { id, kind });
        id
    }

    /// Asks for an interrupt: at once, by one that has not been sent yet, or when an earlier one is answered.
    pub(crate) fn interrupt(&mut self) {
        if self.interrupt_unsent() {
            return;
        }
        if self.interrupts_open() < INTERRUPTS_OPEN_MAX {
            self.accept(CommandKind::Interrupt);
        } else {
            self.interrupt_owed = true;
        }
    }

    /// True while an interrupt has still to be sent: audio that was played after the `clear` must not overtake it.
    pub(crate) fn interrupt_due(&self) -> bool {
        self.interrupt_owed || self.interrupt_unsent()
    }

    /// The next command to send.
    pub(crate) fn poll(&mut self) -> Option<Command> {
        let command = self.unsent.pop_front();
        if self.unsent.is_empty() {
            self.unsent.shrink_to(0);
        }
        command
    }

    pub(crate) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Closes the book on one command. `None`: nothing of this name is open.
    pub(crate) fn finish(&mut self, id: CommandId) -> Option<Ability> {
        let index = self.open.iter().position(|(open, _)| *open == id)?;
        let (_, ability) = self.open.remove(index);
        self.unsent.retain(|command| command.id != id);
        if ability == Ability::Interrupt && std::mem::take(&mut self.interrupt_owed) {
            self.interrupt();
        }
        Some(ability)
    }

    pub(crate) fn is_open(&self, ability: Ability) -> bool {
        self.open.iter().any(|(_, open)| *open == ability)
    }

    /// How many of the handler's own commands are open.
    pub(crate) fn handlers_open(&self) -> usize {
        self.open.len() - self.interrupts_open()
    }

    /// Gives up everything: what was open, in the order of acceptance.
    pub(crate) fn abandon(&mut self) -> Vec<(CommandId, Ability)> {
        self.unsent = VecDeque::new();
        self.interrupt_owed = false;
        std::mem::take(&mut self.open)
    }

    fn interrupts_open(&self) -> usize {
        self.open.iter().filter(|(_, ability)| *ability == Ability::Interrupt).count()
    }

    fn interrupt_unsent(&self) -> bool {
        self.unsent.iter().any(|command| command.kind == CommandKind::Interrupt)
    }
}
