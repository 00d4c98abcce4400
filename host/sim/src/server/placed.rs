//! A call that was placed, as whoever placed it sees it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::book::CallBook;
use super::call_task::Input;
use crate::gauge::Gauge;
use crate::report::{CallReport, Milestone, Timeline};
use crate::transcript::Transcript;

/// A call under way. Dropping it does not end the call.
#[derive(Debug)]
pub struct PlacedCall {
    session_id: String,
    ordinal: u64,
    inputs: mpsc::Sender<Input>,
    timeline: watch::Receiver<Timeline>,
    book: Arc<CallBook>,
    report: oneshot::Receiver<CallReport>,
}

impl PlacedCall {
    pub(super) fn new(
        session_id: String,
        ordinal: u64,
        inputs: mpsc::Sender<Input>,
        book: Arc<CallBook>,
        report: oneshot::Receiver<CallReport>,
    ) -> Self {
        Self { session_id, ordinal, inputs, timeline: book.watch(), book, report }
    }

    /// The session's id.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Which call of the simulator it is, counted from 0.
    pub fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// What was reached so far.
    pub fn timeline(&self) -> Timeline {
        *self.timeline.borrow()
    }

    /// Its levels and milestones, for whoever draws them.
    pub fn gauge(&self) -> Gauge {
        self.book.gauge()
    }

    /// Waits until `milestone` is reached; `false` when the call ended without it.
    pub async fn reached(&mut self, milestone: Milestone) -> bool {
        let over = |timeline: &Timeline| timeline.at(milestone).is_some() || timeline.at(Milestone::Ended).is_some();
        // The call's task may be gone; what it reached stays.
        let _ = self.timeline.wait_for(over).await;
        self.timeline.borrow().at(milestone).is_some()
    }

    /// Its frames so far, which are then forgotten.
    pub fn take_transcript(&self) -> Transcript {
        self.book.take_transcript()
    }

    /// The caller hangs up, whatever the script says.
    pub fn hang_up(&self) {
        self.request(Input::HangUp);
    }

    /// The server ends the call.
    pub fn server_hang_up(&self) {
        self.request(Input::ServerHangUp);
    }

    /// Cuts the voice socket without a close frame.
    pub fn cut_voice(&self) {
        self.request(Input::CutVoice);
    }

    /// Waits until the call is over.
    ///
    /// # Panics
    /// When the call's task died, which [`Simulator::shutdown`](crate::Simulator::shutdown) reports too.
    pub async fn finished(self) -> CallReport {
        self.report.await.expect("the call's task sends its report as its last act")
    }

    fn request(&self, input: Input) {
        if self.inputs.try_send(input).is_err() {
            tracing::debug!("a request to a call was dropped: it is over or busy");
        }
    }
}
