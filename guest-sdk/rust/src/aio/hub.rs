//! Where each event finds whoever awaits it.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;

use super::fan::Fan;
use super::net::Net;
use crate::host::{playout, timers};
use crate::limits::{AUDIO_QUEUE_MS_MAX, COMMANDS_MAX, EVENT_QUEUE_MAX, UTTERANCES_MAX};
use crate::{AudioFrame, CallInfo, CommandId, Event, Failure, Ledger, PlacedStep, RequestId, TimerId, code};

/// Marks of this layer begin so, and are shown to nobody.
const MARK: &str = "switchhook.heard.";

type CommandResult = Result<Option<String>, Failure>;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Hub>>> = const { RefCell::new(None) };
}

/// One call's switchboard. Host functions are called while nothing of it is borrowed.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) info: CallInfo,
    board: RefCell<Board>,
}

#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) audio: Fan<AudioFrame>,
    pub(crate) events: Fan<Event>,
    pub(crate) ended: Option<String>,
    /// Counts the `playout-low` events that this layer asked for.
    pub(crate) low_round: u32,
    low_asked: bool,
    /// How often this layer cleared the playout.
    pub(crate) clears: u32,
    commands: Vec<(CommandId, Progress)>,
    /// What was placed, and its steps that were not taken.
    placed: Vec<(RequestId, VecDeque<PlacedStep>)>,
    pub(crate) net: Net,
    /// Whether each has fired.
    timers: Vec<(TimerId, bool)>,
    /// Whether each was played, once that is known.
    marks: Vec<(u32, Option<bool>)>,
    /// Utterances in their order; the first one speaks.
    utterances: VecDeque<u32>,
    names: u32,
}

#[derive(Debug)]
enum Progress {
    UnderWay,
    Done(CommandResult),
    /// Its future was dropped.
    LetGo,
}

impl Hub {
    pub(crate) fn new(info: CallInfo) -> Rc<Self> {
        let audio = u64::from(info.audio.sample_rate_hz) * u64::from(AUDIO_QUEUE_MS_MAX) / 1_000;
        let board = Board {
            audio: Fan::new(audio),
            events: Fan::new(EVENT_QUEUE_MAX as u64),
            ended: None,
            low_round: 0,
            low_asked: false,
            clears: 0,
            commands: Vec::new(),
            placed: Vec::new(),
            net: Net::default(),
            timers: Vec::new(),
            marks: Vec::new(),
            utterances: VecDeque::new(),
            names: 0,
        };
        Rc::new(Self { info, board: RefCell::new(board) })
    }

    /// The hub of the handler that runs.
    ///
    /// # Panics
    /// When none does.
    pub(crate) fn current() -> Rc<Self> {
        let current = CURRENT.with(|current| current.borrow().clone());
        current.expect("this belongs into a handler made by `async_handler!`")
    }

    /// Makes this hub the current one; gives back the one before.
    pub(crate) fn exchange(hub: Option<Rc<Self>>) -> Option<Rc<Self>> {
        CURRENT.with(|current| current.replace(hub))
    }

    pub(crate) fn board(&self) -> RefMut<'_, Board> {
        self.board.borrow_mut()
    }

    /// Falls silent. Utterances that are being queued take notice.
    pub(crate) fn clear(&self) -> Ledger {
        let mut board = self.board();
        board.clears = board.clears.wrapping_add(1);
        drop(board);
        playout::clear()
    }

    /// Stops a timer and forgets it.
    pub(crate) fn cancel_timer(&self, id: TimerId) {
        let fired = self.board().forget_timer(id);
        if fired == Some(false) {
            timers::cancel(id);
        }
    }
}

impl Board {
    /// Gives an event to whoever awaits it.
    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::Audio(frame) => self.audio.push(frame),
            Event::Outcome(outcome) => {
                let waiting = self.commands.iter().position(|(id, _)| *id == outcome.command);
                match waiting.map(|at| (at, &mut self.commands[at].1)) {
                    Some((_, progress @ Progress::UnderWay)) => *progress = Progress::Done(outcome.value),
                    Some((at, Progress::LetGo)) => {
                        self.commands.swap_remove(at);
                        self.events.push(Event::Outcome(outcome));
                    }
                    Some((_, Progress::Done(_))) | None => self.events.push(Event::Outcome(outcome)),
                }
            }
            Event::Placed(step) => match self.placed.iter_mut().find(|(known, _)| *known == step.request) {
                Some((_, steps)) => steps.push_back(step),
                None => self.events.push(Event::Placed(step)),
            },
            Event::Timer(id) => match self.timers.iter_mut().find(|(known, _)| *known == id) {
                Some((_, fired)) => *fired = true,
                None => self.events.push(Event::Timer(id)),
            },
            Event::Mark(mark) => match mark_name(&mark.name) {
                // A mark that nobody awaits any longer.
                Some(name) => {
                    if let Some((_, played)) = self.marks.iter_mut().find(|(known, _)| *known == name) {
                        *played = Some(mark.played);
                    }
                }
                None => self.events.push(Event::Mark(mark)),
            },
            Event::PlayoutLow(ledger) => {
                if !std::mem::take(&mut self.low_asked) {
                    self.events.push(Event::PlayoutLow(ledger));
                }
                self.low_round = self.low_round.wrapping_add(1);
            }
            Event::Ended(reason) => self.end(reason),
            other => {
                if let Some(other) = self.net.take(other) {
                    self.events.push(other);
                }
            }
        }
    }

    /// Outcomes and marks have all come: the host tells them before the end.
    fn end(&mut self, reason: String) {
        self.low_round = self.low_round.wrapping_add(1);
        self.events.push(Event::Ended(reason.clone()));
        self.audio.close_all();
        self.events.close_all();
        self.ended = Some(reason);
    }

    /// Whether one more command may be begun.
    pub(crate) fn has_room_for_command(&self) -> bool {
        self.commands.len() < COMMANDS_MAX
    }

    pub(crate) fn begin_command(&mut self, id: CommandId) {
        self.commands.push((id, Progress::UnderWay));
    }

    /// Takes an outcome out, once it is there.
    pub(crate) fn take_outcome(&mut self, id: CommandId) -> Option<CommandResult> {
        let at = self.commands.iter().position(|(known, progress)| {
            *known == id && matches!(progress, Progress::Done(_)) //
        })?;
        match self.commands.swap_remove(at).1 {
            Progress::Done(result) => Some(result),
            Progress::UnderWay | Progress::LetGo => None,
        }
    }

    /// Nobody awaits this command any longer.
    pub(crate) fn let_go(&mut self, id: CommandId) {
        let Some(at) = self.commands.iter().position(|(known, _)| *known == id) else { return };
        match self.commands[at].1 {
            Progress::UnderWay => self.commands[at].1 = Progress::LetGo,
            Progress::Done(_) | Progress::LetGo => drop(self.commands.swap_remove(at)),
        }
    }

    pub(crate) fn begin_placed(&mut self, request: RequestId) {
        self.placed.push((request, VecDeque::new()));
    }

    /// The next step, once there is one; `Some(None)`: nothing will come.
    pub(crate) fn take_step(&mut self, request: RequestId) -> Option<Option<PlacedStep>> {
        let Some(at) = self.placed.iter().position(|(known, _)| *known == request) else { return Some(None) };
        match self.placed[at].1.pop_front() {
            Some(step) => {
                if ["ended", "failed"].contains(&step.step.as_str()) {
                    self.placed.swap_remove(at);
                }
                Some(Some(step))
            }
            None => self.ended.is_some().then_some(None),
        }
    }

    /// Nobody awaits its steps any longer.
    pub(crate) fn forget_placed(&mut self, request: RequestId) {
        self.placed.retain(|(known, _)| *known != request);
    }

    pub(crate) fn begin_timer(&mut self, id: TimerId) {
        self.timers.push((id, false));
    }

    /// Whether it has fired; then it is forgotten.
    pub(crate) fn timer_fired(&mut self, id: TimerId) -> bool {
        let fired = self.timers.iter().any(|(known, fired)| *known == id && *fired);
        if fired {
            self.forget_timer(id);
        }
        fired
    }

    /// Whether it had fired, when it was known.
    fn forget_timer(&mut self, id: TimerId) -> Option<bool> {
        let at = self.timers.iter().position(|(known, _)| *known == id)?;
        Some(self.timers.swap_remove(at).1)
    }

    /// A name for a mark, and the mark's text.
    pub(crate) fn begin_mark(&mut self) -> (u32, String) {
        let name = self.next_name();
        self.marks.push((name, None));
        (name, format!("{MARK}{name}"))
    }

    pub(crate) fn mark_played(&self, name: u32) -> Option<bool> {
        self.marks.iter().find(|(known, _)| *known == name)?.1
    }

    pub(crate) fn forget_mark(&mut self, name: u32) {
        self.marks.retain(|(known, _)| *known != name);
    }

    /// A place in the order of utterances. `None`: there are too many.
    pub(crate) fn queue_up(&mut self) -> Option<u32> {
        if self.utterances.len() >= UTTERANCES_MAX {
            return None;
        }
        let name = self.next_name();
        self.utterances.push_back(name);
        Some(name)
    }

    pub(crate) fn speaks(&self, name: u32) -> bool {
        self.utterances.front() == Some(&name)
    }

    pub(crate) fn step_back(&mut self, name: u32) {
        self.utterances.retain(|known| *known != name);
    }

    /// The next `playout-low` is for this layer.
    pub(crate) fn expect_low(&mut self) -> u32 {
        self.low_asked = true;
        self.low_round
    }

    fn next_name(&mut self) -> u32 {
        self.names = self.names.wrapping_add(1);
        self.names
    }
}

pub(crate) fn ended() -> Failure {
    Failure::new(code::ENDED, "the call is over")
}

fn mark_name(text: &str) -> Option<u32> {
    text.strip_prefix(MARK)?.parse().ok()
}
