//! One call from its claim to its record: guest, ready, `call.in`, voice socket, then the turns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use call::{Call, CallConfig, CallInfo, CallPlacer, EndReason, code};
use carriers::telcoflow::{CAPABILITIES, RestClient, Secret, VoiceLink, VoiceTarget};
use carriers::{ByteStream, Dial};
use sandbox::{GuestEnd, Prepared, SharedCall};
use telcoflow::frame::manager::{CallIn, CloseReason};
use tokio::sync::mpsc;
use tracing::{Instrument, Span};

use crate::board::{Attending, Posted};
use crate::clock::{now, since};
use crate::config::ConnectorConfig;
use crate::counters::Counters;
use crate::early::Early;
use crate::fault::{Care, Reason};
use crate::handover::{Arrival, Ask, GiveRefused, Taker};
use crate::limits::{CALL_IN_MS_MAX, OUTBOUND_CALL_IN_MS_MAX};
use crate::mailbox::{Mailbox, mailbox};
use crate::outbound::{HANDLER_FAILED, HandlersPlacer, Placer, Progress};
use crate::record::{CallRecord, Observer, Setup};
use crate::redial::Redialler;
use crate::seat::Seat;
use crate::share::paced;
use crate::turn::{Done, Handling, Turns};

/// What a connector's task tells a call's task.
#[derive(Debug)]
pub(crate) enum ToCall {
    /// Where the voice is.
    CallIn(CallIn),
    /// The session is over for the session manager. A call that talks has a little longer.
    SessionClosed(CloseReason),
    /// The session manager's socket is gone: `call.in` will not come.
    LinkLost,
    /// The operator ends it for everyone.
    Disconnect,
    /// Another host wants it.
    Give(Ask),
    /// Its session was claimed by others while this host had no session manager. A call that talks goes on.
    TakenByOthers,
    /// Its voice is open in another task of this host.
    Elsewhere,
    /// The host stops, and this call outlived its deadline: leave, and do for the caller what the fault policy says.
    Leave,
    /// The host stops: leave now.
    Cut,
}

/// What a call's task tells its connector's task: the guest stands, events may come.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) session_id: String,
}

/// All that a call's task is given.
pub(crate) struct CallTask {
    pub(crate) tenant: String,
    pub(crate) connector: ConnectorConfig,
    /// Its place and its version, and what is done when that fails, for as long as the task lives.
    pub(crate) care: Option<Care>,
    pub(crate) session_id: String,
    pub(crate) resumed: bool,
    /// Whether this host placed it.
    pub(crate) outbound: bool,
    /// How long it waits for another host before it is dialled.
    pub(crate) hold: Duration,
    /// It was taken from another host.
    pub(crate) arrival: Option<Arrival>,
    /// Told of a placed call's steps.
    pub(crate) progress: Option<Progress>,
    /// For its handler.
    pub(crate) placer: Placer,
    pub(crate) notified: Instant,
    pub(crate) seed: u64,
    /// Opens the voice socket.
    pub(crate) dialer: Arc<dyn Dial>,
    /// Opens what the session manager's account is needed for.
    pub(crate) manager_dialer: Arc<dyn Dial>,
    pub(crate) observer: Arc<dyn Observer>,
    /// Its place on the board, until it is over.
    pub(crate) posted: Option<Posted>,
    pub(crate) mailbox: Mailbox,
    pub(crate) reports: mpsc::Sender<Ready>,
    /// Those of its connector.
    pub(crate) counters: Arc<Counters>,
    /// The operator ended it before it had a voice. A claimed call cannot be refused: it gets one, and is ended there.
    pub(crate) unwanted: bool,
    /// It is counted for as long as the task lives.
    pub(crate) _attending: Attending,
}

type Voice = VoiceLink<Box<dyn ByteStream>>;

/// A call that has its voice.
struct Talk {
    turns: Box<Turns>,
    redialler: Redialler,
    call: SharedCall,
    began: Instant,
}

impl CallTask {
    /// Serves the call. Whatever happens in it ends here. Its lines stand in the span.
    pub(crate) async fn run(mut self: Box<Self>, span: Span) -> CallRecord {
        let claimed = now();
        let mut record = self.record(claimed);
        let (call_in, taker) = self.arrival.take().map(|Arrival { call_in, taker }| (call_in, taker)).unzip();
        let mut code = None;
        // Apart, so that the task is small: what is polled fifty times a second lies close together.
        let begun = Box::pin(self.begin(call_in, &mut record).instrument(span.clone())).await;
        match begun {
            Ok(Talk { turns, redialler, call, began }) => {
                taker.into_iter().for_each(|taker: Taker| taker.tell(Ok(())));
                let done = redialler.serve(turns).await;
                self.care = keep(&mut record, done, &call.lock(), began);
            }
            Err(early) => {
                record.end = early.end;
                record.trouble.clone_from(&early.trouble);
                code = early.code;
                self.posted = None;
                taker.into_iter().for_each(|taker| taker.tell(Err(early.clone().into())));
            }
        }
        record.duration = since(claimed);
        if let Some(care) = &self.care {
            record.faults = care.faults().to_vec();
            record.version = care.place().plugin().version().to_string();
        }
        if let Some(progress) = &self.progress {
            progress.over(&record, code);
        }
        span.in_scope(|| {
            self.say_goodbye(&record);
            self.observer.call_ended(&record);
        });
        record
    }

    /// Everything up to the first turn.
    async fn begin(&mut self, arrived: Option<CallIn>, record: &mut CallRecord) -> Result<Talk, Early> {
        let began = now();
        let (handling, prepared) = self.prepare(record).await;
        record.setup.guest = since(began);
        if prepared.is_none() && self.outbound {
            return Err(self.give_up(handling, record).await);
        }
        let call_in = match arrived {
            // Nobody dialled it: whoever gave it can give it to somebody else.
            Some(_) if prepared.is_none() => {
                let trouble = record.trouble.take();
                return Err(Early { trouble, ..Early::quiet(EndReason::HandlerFailed) });
            }
            Some(call_in) => self.name(call_in, record),
            None => self.introduce(record).await?,
        };

        let began = now();
        let (mut link, call_in) = self.dial(call_in).await?;
        record.setup.voice = since(began);
        let redialler = self.redialler(&call_in);
        redialler.set_up(&mut link);
        Ok(self.talk(link, redialler, call_in, handling, prepared))
    }

    /// Makes a guest, or another when the fault policy says so. When that fails, what comes next wants a voice.
    async fn prepare(&mut self, record: &mut CallRecord) -> (Handling, Option<Prepared>) {
        let mut care = self.care.take().expect("a task begins once");
        care.set_placer(self.guests_placer(&care));
        let (mut share, mut cpu) = (care.share(), Duration::ZERO);
        loop {
            let (prepared, took) = paced(&mut share, care.prepare()).await;
            cpu += took;
            let (reason, error) = match prepared {
                Some(Ok(prepared)) => {
                    record.trouble = None;
                    let seat = Seat::new(share, cpu);
                    return (Handling { seat, care, fault: None }, Some(prepared));
                }
                Some(Err(error)) => (Reason::from(&error), error.to_string()),
                None => {
                    let end = GuestEnd::OverShare(took);
                    (Reason::from(&end), end.to_string())
                }
            };
            let again = care.failed_early(&self.session_id, reason);
            let then = if again.is_some() { "another is made" } else { "the call will be closed" };
            tracing::warn!(error, "the handler did not start: {then}");
            record.trouble = Some(error);
            if again.is_none() {
                return (Handling { seat: Seat::new(share, cpu), care, fault: Some(reason) }, None);
            }
            share.succeed();
        }
    }

    /// Lets its events come, and waits for the one that says where its voice is, and for its turn to be dialled.
    async fn introduce(&mut self, record: &mut CallRecord) -> Result<CallIn, Early> {
        let began = now();
        let ready = Ready { session_id: self.session_id.clone() };
        if self.reports.send(ready).await.is_err() {
            return Err(Early::quiet(EndReason::HostStopped));
        }
        let call_in = self.await_call_in().await?;
        record.setup.call_in = since(began);
        let call_in = self.name(call_in, record);
        if self.hold.is_zero() || self.unwanted {
            return Ok(call_in);
        }
        let call_in = self.hold(call_in).await?;
        if let Some(posted) = &self.posted {
            posted.dial();
        }
        Ok(call_in)
    }

    /// The carrier's id is known.
    fn name(&self, call_in: CallIn, record: &mut CallRecord) -> CallIn {
        record.id.clone_from(&call_in.call_id);
        Span::current().record("call", record.id.as_str());
        if let Some(posted) = &self.posted {
            posted.name(&record.id);
        }
        call_in
    }

    /// What places calls for the call's guests, if they may. What becomes of those comes by this call's mailbox.
    fn guests_placer(&self, care: &Care) -> Option<Arc<dyn CallPlacer>> {
        care.place().setup().may_place.then(|| {
            let slit = self.mailbox.slit();
            let tell = move |request, step| slit.put(request, step);
            let placer = HandlersPlacer::new(self.placer.clone(), &self.tenant, &self.connector.name, tell);
            Arc::new(placer) as Arc<dyn CallPlacer>
        })
    }

    /// Nobody was rung yet, and nobody is to be rung for a handler that cannot be started: the session is given back.
    async fn give_up(&mut self, handling: Handling, record: &mut CallRecord) -> Early {
        let Handling { mut care, fault, .. } = handling;
        if let Some(reason) = fault {
            care.failed(&self.session_id, reason, None);
        }
        self.care = Some(care);
        let rest = RestClient::new(self.connector.manager.clone(), self.manager_dialer.clone());
        if let Err(error) = rest.close(&self.session_id).await {
            tracing::debug!(%error, "the session could not be closed: the server ends it when it likes");
        }
        let trouble = record.trouble.take();
        Early { trouble, ..Early::quiet(EndReason::HandlerFailed).coded(HANDLER_FAILED) }
    }

    async fn await_call_in(&mut self) -> Result<CallIn, Early> {
        let waiting = async {
            loop {
                match self.mailbox.recv().await {
                    Some(ToCall::CallIn(call_in)) => return Ok(call_in),
                    Some(ToCall::Disconnect) => self.unwanted = true,
                    Some(ToCall::Give(ask)) if self.hold.is_zero() => ask.refuse(GiveRefused::NotHeld),
                    Some(ToCall::Give(ask)) => ask.refuse(GiveRefused::NotYet),
                    Some(ToCall::TakenByOthers) => {}
                    Some(other) => return Err(Early::of(&other)),
                    None => return Err(Early::quiet(EndReason::HostStopped)),
                }
            }
        };
        let ms_max = if self.outbound { OUTBOUND_CALL_IN_MS_MAX } else { CALL_IN_MS_MAX };
        let late = || {
            let trouble = format!("call.in did not come within {ms_max} ms");
            Early::new(EndReason::SessionClosed, trouble).coded(code::TIMEOUT)
        };
        tokio::time::timeout(Duration::from_millis(ms_max), waiting).await.unwrap_or_else(|_| Err(late()))
    }

    /// Opens the voice socket, unless the session is closed while it is being opened. A second `call.in` replaces the first.
    async fn dial(&mut self, mut call_in: CallIn) -> Result<(Voice, CallIn), Early> {
        loop {
            let target = self.target(&call_in);
            let dialling = VoiceLink::dial(&target, self.dialer.clone(), self.seed);
            tokio::select! {
                biased;
                replaced = self.await_replacement() => call_in = replaced?,
                dialled = dialling => {
                    let link = dialled.map_err(Early::unreachable)?;
                    return Ok((link, call_in));
                }
            }
        }
    }

    fn target(&self, call_in: &CallIn) -> VoiceTarget {
        let manager = &self.connector.manager;
        VoiceTarget {
            url: call_in.url.clone(),
            token: Secret::new(call_in.token.clone()),
            sdk_version: manager.sdk_version.clone(),
            secure_only: manager.base_url.scheme() == "wss" && !self.connector.allow_ws_voice_url,
        }
    }

    fn redialler(&self, call_in: &CallIn) -> Redialler {
        Redialler {
            target: self.target(call_in),
            dialer: self.dialer.clone(),
            counters: self.counters.clone(),
            // Apart from the seed of the first socket's ids.
            seeds: fastrand::Rng::with_seed(!self.seed),
            span: Span::current(),
            time_max: Duration::from_millis(self.connector.voice_redial_ms_max),
        }
    }

    /// Once `call.in` is there, the session manager may go: a voice socket does not need it.
    async fn await_replacement(&mut self) -> Result<CallIn, Early> {
        loop {
            match self.mailbox.recv().await {
                Some(ToCall::CallIn(call_in)) => return Ok(call_in),
                Some(ToCall::LinkLost | ToCall::TakenByOthers) => {}
                Some(ToCall::Disconnect) => self.unwanted = true,
                Some(ToCall::Give(ask)) if self.hold.is_zero() => ask.refuse(GiveRefused::NotHeld),
                Some(ToCall::Give(ask)) => ask.refuse(GiveRefused::Handled),
                Some(other) => return Err(Early::of(&other)),
                None => return Err(Early::quiet(EndReason::HostStopped)),
            }
        }
    }

    fn talk(
        &mut self,
        link: Voice,
        redialler: Redialler,
        call_in: CallIn,
        mut handling: Handling,
        prepared: Option<Prepared>,
    ) -> Talk {
        let config = CallConfig {
            info: self.info(call_in),
            capabilities: CAPABILITIES,
            playout_bytes_max: self.connector.playout_bytes_max,
        };
        let began = now();
        let call = SharedCall::new(Call::new(config, began));
        let posted = self.posted.take().expect("a call has its place until it is over, and talks once");
        posted.talk(&call);
        self.observer.call_started(&posted.view());
        tracing::info!(setup_ms = since(self.notified).as_millis(), "the call begins");
        if self.unwanted {
            call.lock().leave();
        }
        if let Some(prepared) = prepared {
            handling.seat.take(prepared.serve(call.clone()));
        }
        posted.serve_by(handling.care.place().plugin().version());
        let mailbox = std::mem::replace(&mut self.mailbox, mailbox().1);
        let turns = Box::new(Turns::new(link, call.clone(), handling, mailbox, posted, self.progress.clone()));
        Talk { turns, redialler, call, began }
    }

    fn info(&self, call_in: CallIn) -> CallInfo {
        CallInfo {
            id: call_in.call_id,
            tenant: self.tenant.clone(),
            carrier: "telcoflow".to_string(),
            caller: call_in.from,
            callee: call_in.to,
            outbound: self.outbound,
            resumed: self.resumed,
            sample_rate_hz: self.connector.manager.link.sample_rate_hz,
            channels: self.connector.manager.link.audio_mode.channels().to_vec(),
            fields: [("session_id", call_in.session_id), ("org_uuid", call_in.org_uuid)]
                .into_iter()
                // A call that was taken over came without them.
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.to_string(), value))
                .collect(),
        }
    }

    fn record(&self, claimed: Instant) -> CallRecord {
        let place = self.care.as_ref().map(Care::place);
        CallRecord {
            id: self.session_id.clone(),
            session_id: self.session_id.clone(),
            tenant: self.tenant.clone(),
            connector: self.connector.name.clone(),
            plugin: place.map_or_else(String::new, |place| place.name().to_string()),
            version: place.map_or_else(String::new, |place| place.plugin().version().to_string()),
            resumed: self.resumed,
            end: EndReason::HostStopped,
            guest: None,
            trouble: None,
            faults: Vec::new(),
            parked: Duration::ZERO,
            setup: Setup { claim: claimed.saturating_duration_since(self.notified), ..Setup::default() },
            duration: Duration::ZERO,
            cpu: Duration::ZERO,
            stats: None,
            began: None,
            journal: Vec::new(),
            journal_left_out: 0,
        }
    }

    fn say_goodbye(&self, record: &CallRecord) {
        let end = record.end.as_str();
        let seconds = record.duration.as_secs_f32();
        let handler = record.guest.as_ref().map_or("NONE", GuestEnd::code);
        match &record.trouble {
            Some(trouble) => tracing::warn!(end, trouble, seconds, "the call is over"),
            None => tracing::info!(end, handler, seconds, "the call is over"),
        }
    }
}

/// Writes down how a call went.
fn keep(record: &mut CallRecord, done: Done, call: &Call, began: Instant) -> Option<Care> {
    record.end = call.end_reason().unwrap_or(EndReason::HostStopped);
    record.guest = done.guest;
    record.cpu = done.cpu;
    record.parked = done.parked;
    record.setup.answer = done.answer;
    record.stats = Some(call.stats());
    record.began = Some(began);
    let entries = call.journal().entries().iter();
    record.journal = entries.map(|entry| (entry.at.saturating_duration_since(began), entry.what.clone())).collect();
    record.journal_left_out = call.journal().left_out();
    done.care
}
