//! A command under way.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::hub::Hub;
use crate::limits::COMMANDS_MAX;
use crate::{CommandId, Failure, code};

/// A command that was begun; resolves with its outcome. Dropped, the command goes on, and its outcome comes to
/// [`Call::events`](super::Call::events).
#[must_use = "the command is under way; await its outcome, or drop it to let it go on"]
#[derive(Debug)]
pub struct Command {
    hub: Rc<Hub>,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    Refused(Failure),
    UnderWay(CommandId),
    Taken,
}

impl Command {
    pub(crate) fn begin(hub: &Rc<Hub>, begin: impl FnOnce() -> Result<CommandId, Failure>) -> Self {
        let progress = if hub.board().has_room_for_command() {
            begin().map_or_else(Progress::Refused, Progress::UnderWay)
        } else {
            let message = format!("{COMMANDS_MAX} outcomes wait for their futures: await them");
            Progress::Refused(Failure::new(code::FULL, message))
        };
        if let Progress::UnderWay(id) = progress {
            hub.board().begin_command(id);
        }
        Self { hub: Rc::clone(hub), progress }
    }

    /// The outcome together with the carrier's detail (JSON), if it gave one.
    ///
    /// # Errors
    /// The refusal, or the outcome's failure.
    pub async fn detail(mut self) -> Result<Option<String>, Failure> {
        std::future::poll_fn(|_| self.poll_outcome()).await
    }

    fn poll_outcome(&mut self) -> Poll<Result<Option<String>, Failure>> {
        match std::mem::replace(&mut self.progress, Progress::Taken) {
            Progress::Refused(failure) => Poll::Ready(Err(failure)),
            Progress::UnderWay(id) => match self.hub.board().take_outcome(id) {
                Some(outcome) => Poll::Ready(outcome),
                None => {
                    self.progress = Progress::UnderWay(id);
                    Poll::Pending
                }
            },
            Progress::Taken => Poll::Pending,
        }
    }
}

impl Future for Command {
    type Output = Result<(), Failure>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_outcome().map(|outcome| outcome.map(drop))
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        if let Progress::UnderWay(id) = self.progress {
            self.hub.board().let_go(id);
        }
    }
}
