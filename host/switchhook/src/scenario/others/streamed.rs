//! Answers by script to requests whose body and answer are streams.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use call::{Answering, Failure, Pieces, StreamAnswer};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::reach::{Stage, check_length};

/// Begins the answer to the request that was met as this one.
pub(super) fn begin(stage: Arc<Stage>, met: usize, body: Option<Box<dyn Pieces>>, counted: Arc<()>) -> Answering {
    Box::pin(async move {
        let sent = whole(body).await?;
        let script = {
            let request = &mut stage.met.lock().requests[met];
            request.body = sent;
            request.script
        };
        let answer = &stage.others.answers[script];
        sleep(answer.after).await;
        let mut pieces = ScriptedPieces {
            stage: stage.clone(),
            script,
            met,
            piece: 0,
            alarm: Box::pin(sleep_until(Instant::now())),
            _counted: counted,
        };
        if answer.pieces.is_empty() && answer.fails.is_some() {
            pieces.ends()?;
        }
        Ok(StreamAnswer {
            status: answer.status,
            headers: answer.headers.clone(),
            body: Box::new(pieces),
            connection: Box::pin(std::future::ready(())),
        })
    })
}

/// # Errors
/// The handler did not finish it, or it is too long.
async fn whole(body: Option<Box<dyn Pieces>>) -> Result<Vec<u8>, Failure> {
    let mut whole = Vec::new();
    let Some(mut body) = body else { return Ok(whole) };
    while let Some(piece) = poll_fn(|cx| body.poll_piece(cx)).await {
        whole.extend(piece?);
        check_length(&whole)?;
    }
    Ok(whole)
}

/// What a script answers, each piece at its time.
struct ScriptedPieces {
    stage: Arc<Stage>,
    script: usize,
    met: usize,
    piece: usize,
    /// When the next one comes.
    alarm: Pin<Box<Sleep>>,
    _counted: Arc<()>,
}

impl ScriptedPieces {
    /// # Errors
    /// The script says so.
    fn ends(&mut self) -> Result<(), Failure> {
        let fails = self.stage.others.answers[self.script].fails.as_ref();
        let value = fails.map_or(Ok(()), |code| Err(Failure::new(code.clone(), "the scenario says so")));
        self.stage.met.lock().requests[self.met].ends(Instant::now(), &value);
        value
    }
}

impl Pieces for ScriptedPieces {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Vec<u8>, Failure>>> {
        if self.alarm.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let answer = &self.stage.others.answers[self.script];
        let Some(piece) = answer.pieces.get(self.piece) else {
            return Poll::Ready(self.ends().err().map(Err));
        };
        let piece = piece.clone();
        self.piece += 1;
        self.alarm.as_mut().reset(Instant::now() + answer.every);
        Poll::Ready(Some(Ok(piece)))
    }
}
