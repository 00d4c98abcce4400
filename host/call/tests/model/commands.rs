//! The commands as the contract says them: what is refused and why, what is open, where the call stands.

use std::collections::{BTreeMap, BTreeSet};

use call::{CommandId, CommandKind, State};

pub(crate) struct Commands {
    pub(crate) state: State,
    /// The handler's own that were accepted and not answered.
    unanswered: BTreeMap<CommandId, &'static str>,
    /// The handler's own whose outcome was not taken yet.
    pub(crate) untaken: BTreeMap<CommandId, &'static str>,
    /// All that were sent and not picked for an outcome, interrupts included.
    sent: Vec<CommandId>,
    ever_sent: BTreeSet<CommandId>,
    /// Interrupts that were sent and not answered.
    interrupts: BTreeSet<CommandId>,
    interrupt_unsent: bool,
    interrupt_owed: bool,
}

impl Commands {
    pub(crate) fn new() -> Commands {
        Commands {
            state: State::Pending,
            unanswered: BTreeMap::new(),
            untaken: BTreeMap::new(),
            sent: Vec::new(),
            ever_sent: BTreeSet::new(),
            interrupts: BTreeSet::new(),
            interrupt_unsent: false,
            interrupt_owed: false,
        }
    }

    /// The code with which a command is refused.
    pub(crate) fn refusal(&self, kind: &CommandKind) -> Option<&'static str> {
        let name = kind.name();
        let legal: &[&str] = match self.state {
            State::Pending => &["answer", "connect", "close", "disconnect"],
            State::Answered => &["connect", "close", "disconnect", "transfer", "send-digits"],
            State::Connected => &["whisper", "barge", "spy", "close", "disconnect", "transfer", "send-digits"],
            State::Ended => return Some("ENDED"),
        };
        if name == "interrupt" {
            return Some("NOT_SUPPORTED");
        }
        if let CommandKind::Connect { ring_time_s } | CommandKind::Transfer { ring_time_s, .. } = kind
            && (*ring_time_s == 0 || *ring_time_s > 120)
        {
            return Some("INVALID");
        }
        if !legal.contains(&name) || self.unanswered.values().any(|open| ["close", "disconnect", name].contains(open)) {
            return Some("NOT_NOW");
        }
        (self.untaken.len() >= 32).then_some("FULL")
    }

    pub(crate) fn accepted(&mut self, id: CommandId, name: &'static str) {
        self.unanswered.insert(id, name);
        assert_eq!(self.untaken.insert(id, name), None, "ids are unique");
    }

    pub(crate) fn sent(&mut self, id: CommandId, kind: &CommandKind) {
        assert!(self.ever_sent.insert(id), "a command is sent once");
        self.sent.push(id);
        if *kind == CommandKind::Interrupt {
            self.interrupts.insert(id);
            assert!(self.interrupt_unsent, "an interrupt is sent for a clear");
            self.interrupt_unsent = false;
        } else {
            assert_eq!(self.unanswered.get(&id), Some(&kind.name()), "only what is open is sent");
        }
    }

    /// The handler cleared, and the carrier is to stop what it plays.
    pub(crate) fn interrupt(&mut self) {
        if self.interrupts.len() < 8 {
            self.interrupt_unsent = true;
        } else {
            self.interrupt_owed = true;
        }
    }

    /// Audio waits for an interrupt.
    pub(crate) fn holds_audio(&self) -> bool {
        self.interrupt_unsent || self.interrupt_owed
    }

    /// Nothing is left to be sent.
    pub(crate) fn all_sent(&self) -> bool {
        !self.interrupt_unsent && self.unanswered.keys().all(|id| self.ever_sent.contains(id))
    }

    /// Chooses a command for an outcome: one that was sent, or nothing that exists.
    pub(crate) fn pick(&mut self, pick: usize) -> CommandId {
        match self.sent.len() {
            0 => CommandId::MAX,
            count => self.sent.remove(pick % count),
        }
    }

    pub(crate) fn answered(&mut self, id: CommandId, success: bool) {
        if self.interrupts.remove(&id) && std::mem::take(&mut self.interrupt_owed) {
            self.interrupt();
        }
        let Some(name) = self.unanswered.remove(&id) else { return };
        if success {
            self.state = match (self.state, name) {
                (State::Pending, "answer") => State::Answered,
                (_, "connect" | "transfer") => State::Connected,
                (_, "close" | "disconnect") => State::Ended,
                (state, _) => state,
            };
        }
        if self.state == State::Ended {
            self.ended();
        }
    }

    pub(crate) fn ended(&mut self) {
        self.state = State::Ended;
        self.unanswered.clear();
        self.interrupt_unsent = false;
        self.interrupt_owed = false;
    }
}
