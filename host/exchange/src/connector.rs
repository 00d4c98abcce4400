//! A connector's task: one session-manager link, the sessions claimed over it, and the calls they became.

mod chats;
mod handover;
mod outbound;
mod resume;
mod stay;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use call::last_four;
use carriers::telcoflow::ManagerLink;
use carriers::{Dial, Dialers};
use telcoflow::frame::manager::{Activity, CallIn, Channel, CloseReason, SessionNotify};
use telcoflow::frame::word;
use telcoflow::link::Event;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tracing::Span;

use self::chats::Chats;
use self::resume::Again;
pub(crate) use self::stay::Retired;
use self::stay::Stay;
use crate::board::{Facts, Posted};
use crate::call_task::{CallTask, Ready, ToCall};
use crate::clock::now;
use crate::config::ConnectorConfig;
use crate::counters::Counters;
use crate::fault::Care;
use crate::limits::{CLAIMS_MAX, MAILBOX_PLACES_KEPT, REPORTS_MAX};
use crate::mailbox::{Mailbox, Post, mailbox};
use crate::outbound::{Desk, Order, Placer, Progress};
use crate::record::{CallRecord, LeftBecause, LeftCall, LinkChange};
use crate::refusals::Refusals;
use crate::route::{self, Route};
use crate::shelf::{NoPlace, Place};
use crate::tenant::Tenant;

/// What the whole host is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Calls are taken.
    Open,
    /// No new calls; the present ones end by themselves.
    Draining,
    /// The handlers of the present ones go, and what can be done for the callers is done.
    Leaving,
    /// The present ones are told to leave at once.
    Cutting,
    /// Links are closed; what still lives is aborted.
    Closed,
}

/// One connector at work.
pub(crate) struct Connector {
    tenant: Arc<Tenant>,
    config: ConnectorConfig,
    link: ManagerLink,
    voice: Arc<dyn Dial>,
    manager_dialer: Arc<dyn Dial>,
    phase: watch::Receiver<Phase>,
    stay: Stay,
    /// In a fixed order, as `calls`, so that a run can be repeated.
    claims: BTreeMap<String, Claim>,
    calls: BTreeMap<String, LiveCall>,
    /// Calls that were taken from other hosts, by their ids: their sessions are not here.
    taken_over: BTreeMap<String, LiveCall>,
    chats: Chats,
    desk: Desk,
    /// For its handlers.
    placer: Placer,
    /// Orders that wait for their sessions, and the number of the next.
    creating: HashMap<u64, Order>,
    next_creation: u64,
    /// Sessions that were placed from here, and who handles them.
    placed: VecDeque<(String, String)>,
    tasks: JoinSet<CallRecord>,
    serving: HashMap<Id, Served>,
    ready: (mpsc::Sender<Ready>, mpsc::Receiver<Ready>),
    seeds: fastrand::Rng,
    refusals: Refusals,
    counters: Arc<Counters>,
}

/// The way to a call's task, and the span that its lines stand in.
struct LiveCall {
    mailbox: Post,
    span: Span,
    /// Since it was announced again while it lived.
    again: Option<Again>,
}

/// What a call's task serves.
enum Served {
    /// A session's call.
    Session(String),
    /// A call that was taken over.
    Call(String),
}

/// A session that was asked for.
enum Claim {
    New(Taken),
    /// It became a call earlier.
    Again(SessionNotify),
    /// Its call was given to another host: the session is kept for it.
    ForOthers,
}

/// A session that may become a call. It holds its place already.
struct Taken {
    place: Place,
    notified: Instant,
    hold: Duration,
    resumed: bool,
    outbound: bool,
    progress: Option<Progress>,
}

/// A call that may be taken: its place, and how long it waits for another host.
struct Admitted {
    place: Place,
    hold: Duration,
}

impl Connector {
    pub(crate) fn new(
        tenant: Arc<Tenant>,
        config: ConnectorConfig,
        phase: watch::Receiver<Phase>,
        desk: Desk,
        placer: Placer,
        seed: u64,
    ) -> Self {
        let mut seeds = fastrand::Rng::with_seed(seed);
        let dialers = config.dialers.clone();
        let dialers =
            dialers.unwrap_or_else(|| Dialers { manager: tenant.dialer.clone(), voice: tenant.dialer.clone() });
        let mut link = ManagerLink::new(config.manager.clone(), dialers.manager.clone(), seeds.u64(..));
        let counters = desk.counters.clone();
        link.count_into(counters.manager.clone());
        Self {
            tenant,
            refusals: Refusals::of(&config),
            config,
            link,
            voice: dialers.voice,
            manager_dialer: dialers.manager,
            phase,
            stay: Stay::Wanted(desk.retired.clone()),
            claims: BTreeMap::new(),
            calls: BTreeMap::new(),
            taken_over: BTreeMap::new(),
            chats: Chats::default(),
            desk,
            placer,
            creating: HashMap::new(),
            next_creation: 0,
            placed: VecDeque::new(),
            tasks: JoinSet::new(),
            serving: HashMap::new(),
            ready: mpsc::channel(REPORTS_MAX),
            seeds,
            counters,
        }
    }

    /// Runs until the host is closed, or it was taken off and its last call is over.
    pub(crate) async fn run(mut self) {
        while !self.has_left() {
            // In a fixed order, so that a run can be repeated; the link comes last, since only its events bring more work.
            tokio::select! {
                biased;
                changed = self.phase.changed() => {
                    let phase = if changed.is_ok() { *self.phase.borrow() } else { Phase::Closed };
                    match phase {
                        Phase::Open | Phase::Draining => {}
                        Phase::Leaving => {
                            let calls = self.calls.values().chain(self.taken_over.values());
                            calls.for_each(|call| call.post(ToCall::Leave));
                        }
                        Phase::Cutting => {
                            let calls = self.calls.values().chain(self.taken_over.values());
                            calls.for_each(|call| call.post(ToCall::Cut));
                            self.chats.leave();
                        }
                        Phase::Closed => break,
                    }
                }
                () = self.stay.change() => {}
                Some(order) = self.desk.orders.recv() => self.handle_order(order),
                Some(take) = self.desk.takes.recv() => self.handle_take(take),
                Some(ready) = self.ready.1.recv() => self.handle_ready(&ready),
                news = self.chats.news() => self.handle_chat_news(news),
                Some(joined) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => self.handle_joined(joined),
                event = self.link.next_event() => self.handle_event(event),
            }
        }
        self.desk.up.send_replace(false);
        self.tasks.shutdown().await;
        self.chats.shut_down().await;
        self.link.shut_down();
        // Says goodbye on the socket as far as that goes at once.
        let _ = tokio::time::timeout(Duration::ZERO, self.link.next_event()).await;
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Up { sm_ws_id } => {
                self.refusals.forget();
                self.desk.up.send_replace(true);
                self.counters.link_up();
                self.changed(LinkChange::Up);
                tracing::info!(sm_ws_id, "the session manager is up");
            }
            Event::Down { why, retry_in } => {
                self.changed(LinkChange::Down);
                tracing::warn!(why, retry_ms = retry_in.as_millis(), "the session manager is lost: dialling again");
                self.counters.link_lost();
                self.desk.up.send_replace(false);
                self.claims.clear();
                self.chats.link_lost();
                self.calls.values().for_each(|call| call.post(ToCall::LinkLost));
            }
            Event::Refused { refusal, retry_in } => {
                self.counters.refused(refusal.blames_credentials());
                self.changed(LinkChange::Refused);
                self.refusals.tell(&refusal, retry_in);
            }
            Event::Notified(notify) if notify.channel == Channel::Wa => self.handle_chat_notify(notify),
            Event::Notified(notify) => self.handle_notify(notify),
            Event::Claimed(session) => {
                if !self.handle_chat_claimed(&session) {
                    self.handle_claimed(&session.id);
                }
            }
            Event::ClaimFailed { session_id, failure } => {
                self.counters.claims_failed.add();
                let claim = self.claims.remove(&session_id);
                self.chats.claim_failed(&session_id, &failure);
                tracing::debug!(session = session_id, code = word(failure.code()), "the session is not ours");
                match claim {
                    Some(Claim::New(Taken { progress: Some(progress), .. })) => {
                        progress.fail(failure.code(), &failure.to_string());
                    }
                    Some(Claim::Again(_)) => self.taken_by_others(&session_id),
                    Some(Claim::New(_) | Claim::ForOthers) | None => {}
                }
            }
            Event::Created { key, session_id } => self.handle_created(key, session_id),
            Event::CreateFailed { key, failure } => self.handle_create_failed(key, &failure),
            Event::CallIn(call_in) => self.handle_call_in(call_in),
            Event::SessionClosed { session_id, reason } => {
                if !self.chats.closed(&session_id) {
                    self.handle_closed(&session_id, reason);
                }
            }
            Event::CallFlowSet(Ok(())) => tracing::debug!("the call flow is set"),
            Event::CallFlowSet(Err(code)) => tracing::warn!(code = word(&code), "the server refused the call flow"),
            Event::Oddity(oddity) => {
                tracing::warn!(kind = oddity.kind, detail = oddity.detail, "odd frame from the session manager");
            }
            // Nobody here waits for the events of a call that is elsewhere.
            Event::NotReadied { session_id } if self.tenant.board.given().has_session(&session_id) => {}
            Event::NotReadied { session_id } => {
                tracing::warn!(session = session_id, "a session was claimed and not readied in time");
            }
            Event::WaMsgIn(message) => self.chats.message(message),
            Event::Sent { session_id, key, result } => self.chats.sent(&session_id, key, result),
            Event::Reclaimed { session_id } => self.chats.reclaimed(&session_id),
        }
    }

    /// Somebody rings. Whether the call is taken is decided here: once claimed it cannot be refused.
    fn handle_notify(&mut self, notify: SessionNotify) {
        let resumed = notify.activity == Activity::Resume;
        let rings = notify.channel == Channel::Telco && (resumed || notify.activity == Activity::NewIncomingCall);
        if rings {
            self.counters.announced.add();
        }
        if rings && resumed {
            self.counters.resumed.add();
        }
        if !rings || self.claims.contains_key(&notify.session_id) {
            return;
        }
        if self.calls.contains_key(&notify.session_id) {
            if resumed {
                self.resume(notify);
            }
            return;
        }
        if self.tenant.board.given().has_session(&notify.session_id) {
            return self.keep_for_others(&notify);
        }
        let Some(Admitted { place, hold }) = self.admit(&notify) else { return };
        if let Err(refused) = self.link.claim(&notify.session_id) {
            tracing::warn!(session = notify.session_id, %refused, "the call cannot be claimed: it is left to others");
            self.left(Some(place.name()), LeftBecause::NoClaim);
            return;
        }
        let outbound = self.placed_plugin(&notify.session_id).is_some();
        let taken = Taken { place, notified: now(), hold, resumed, outbound, progress: None };
        self.claims.insert(notify.session_id, Claim::New(taken));
    }

    /// Whether a call may be taken: its place, on the version that serves it. If not, the log says why.
    fn admit(&self, notify: &SessionNotify) -> Option<Admitted> {
        if *self.phase.borrow() != Phase::Open {
            tracing::debug!(session = notify.session_id, "draining: the call is left to others");
            self.left(None, LeftBecause::Draining);
            return None;
        }
        if !self.stay.takes_calls() {
            tracing::debug!(session = notify.session_id, "taken off: the call is left to others");
            self.left(None, LeftBecause::Draining);
            return None;
        }
        let (from, to) = (&notify.remote_address, &notify.local_address);
        let answering = self.tenant.answering();
        let plugins = &answering.plugins;
        // A plugin that does not exist, or has no version, is told below.
        let handles = |name: &str| {
            plugins.find(name).and_then(|plugin| plugin.handles(sandbox::Inspection::calls)).unwrap_or(true)
        };
        let route = || route::find(&answering.routes, &Channel::Telco, &self.config.name, from, to, handles);
        // One that lived before has waited long enough.
        let hold = |route: &Route| if notify.activity == Activity::Resume { Duration::ZERO } else { route.hold };
        let placed = self.placed_plugin(&notify.session_id).map(|plugin| (plugin, Duration::ZERO));
        let found = placed.or_else(|| route().map(|route| (route.plugin.as_str(), hold(route))));
        let Some((plugin, hold)) = found else {
            tracing::info!(
                session = notify.session_id,
                from = last_four(from),
                to = last_four(to),
                "no route: the call is left to others"
            );
            self.left(None, LeftBecause::NoRoute);
            return None;
        };
        let Some(plugin) = plugins.find(plugin) else {
            let session = &notify.session_id;
            tracing::warn!(session, plugin, "a route names a plugin that does not exist: the call is left to others");
            self.left(Some(plugin), LeftBecause::NoPlugin);
            return None;
        };
        let place = if self.claims.len() < CLAIMS_MAX { plugin.take() } else { Err(NoPlace::Full) };
        let (session, plugin, (_, calls_max)) = (&notify.session_id, plugin.name(), plugin.places());
        match place {
            Ok(place) => Some(Admitted { place, hold }),
            Err(no) => {
                tracing::warn!(session, plugin, calls_max, "{}: the call is left to others", no.why());
                self.left(Some(plugin), no.left());
                None
            }
        }
    }

    fn left(&self, plugin: Option<&str>, why: LeftBecause) {
        let (tenant, connector) = (&self.tenant.name, &self.config.name);
        self.tenant.observer.call_left(&LeftCall { tenant, connector, plugin, why });
    }

    fn changed(&self, change: LinkChange) {
        self.tenant.observer.link_changed(&self.tenant.name, &self.config.name, change);
    }

    fn handle_claimed(&mut self, session_id: &str) {
        self.counters.claims.add();
        match self.claims.remove(session_id) {
            Some(Claim::New(taken)) => self.start(session_id, taken),
            Some(Claim::Again(notify)) => self.resumed(notify),
            Some(Claim::ForOthers) => tracing::debug!(session = session_id, "claimed again for who has its call"),
            None => tracing::debug!(session = session_id, "a claim was confirmed that nobody made"),
        }
    }

    /// A claimed session becomes a call.
    fn start(&mut self, session_id: &str, taken: Taken) {
        if taken.outbound && !taken.resumed {
            self.remember_placed(session_id, taken.place.name());
        }
        if let Some(progress) = &taken.progress {
            progress.claimed(session_id);
        }
        let Taken { place, notified, hold, resumed, outbound, progress } = taken;
        let (post, mail) = mailbox();
        let posted = self.tenant.board.post(self.facts(session_id, &place, &post));
        self.tenant.observer.call_claimed(&posted.view());
        place.serve(&self.tenant.name, &*self.tenant.observer);
        let task =
            CallTask { resumed, outbound, progress, hold, ..self.task(session_id, place, notified, mail, posted) };
        let call = self.launch(task, post, Served::Session(session_id.to_string()));
        self.calls.insert(session_id.to_string(), call);
    }

    fn facts(&self, session_id: &str, place: &Place, post: &Post) -> Facts {
        Facts {
            session_id: session_id.to_string(),
            tenant: self.tenant.name.clone(),
            plugin: place.name().to_string(),
            version: place.plugin().version().to_string(),
            cpu_percent_max: place.setup().limits.cpu_percent_max,
            mailbox: post.clone(),
        }
    }

    /// The task of a call of which nothing else is known.
    fn task(
        &mut self,
        session_id: &str,
        place: Place,
        notified: Instant,
        mailbox: Mailbox,
        posted: Posted,
    ) -> CallTask {
        CallTask {
            tenant: self.tenant.name.clone(),
            connector: self.config.clone(),
            care: Some(Care::new(place, self.tenant.name.clone(), self.tenant.observer.clone())),
            session_id: session_id.to_string(),
            resumed: false,
            outbound: false,
            hold: Duration::ZERO,
            arrival: None,
            progress: None,
            placer: self.placer.clone(),
            notified,
            seed: self.seeds.u64(..),
            dialer: self.voice.clone(),
            manager_dialer: self.manager_dialer.clone(),
            observer: self.tenant.observer.clone(),
            posted: Some(posted),
            mailbox,
            reports: self.ready.0.clone(),
            counters: self.counters.clone(),
            unwanted: false,
            _attending: self.tenant.board.attend(),
        }
    }

    fn launch(&mut self, task: CallTask, mailbox: Post, served: Served) -> LiveCall {
        let place = task.care.as_ref().map(Care::place);
        let span = tracing::info_span!(
            "call",
            session = task.session_id,
            call = tracing::field::Empty,
            plugin = place.map(Place::name),
            version = place.map(|place| place.plugin().version()),
        );
        let handle = self.tasks.spawn(Box::new(task).run(span.clone()));
        self.serving.insert(handle.id(), served);
        LiveCall { mailbox, span, again: None }
    }

    fn handle_ready(&mut self, ready: &Ready) {
        if let Err(refused) = self.link.ready(&ready.session_id)
            && let Some(call) = self.calls.get(&ready.session_id)
        {
            call.span.in_scope(|| tracing::debug!(%refused, "not readied"));
            call.post(ToCall::LinkLost);
        }
    }

    fn handle_call_in(&mut self, call_in: CallIn) {
        self.note_call_in(&call_in);
        if self.taken_over.contains_key(&call_in.call_id) {
            return self.join_taken_over(call_in);
        }
        match self.calls.get(&call_in.session_id) {
            Some(call) if call.mailbox.capacity() > MAILBOX_PLACES_KEPT => call.post(ToCall::CallIn(call_in)),
            Some(call) => call.span.in_scope(|| tracing::debug!("a repeated call.in was dropped")),
            None => tracing::debug!(session = call_in.session_id, "call.in for a session that is not ours"),
        }
    }

    /// A session that is closed because the link is gone says nothing of its call: one that talks goes on talking.
    fn handle_closed(&mut self, session_id: &str, reason: CloseReason) {
        if self.link.is_up() {
            self.forget_placed(session_id);
            self.tenant.board.given().forget(session_id);
        }
        if let Some(call) = self.calls.get(session_id) {
            let closed = if self.link.is_up() { ToCall::SessionClosed(reason) } else { ToCall::LinkLost };
            call.post(closed);
        }
    }

    fn handle_joined(&mut self, joined: Result<(Id, CallRecord), JoinError>) {
        let id = match &joined {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let (served, call) = match self.serving.remove(&id) {
            Some(Served::Session(session)) => (Some(session.clone()), self.calls.remove(&session)),
            Some(Served::Call(id)) => (None, self.taken_over.remove(&id)),
            None => (None, None),
        };
        let Some(call) = call else { return };
        if let Err(error) = &joined {
            call.span.in_scope(|| tracing::error!(%error, "a call's task failed: its call is lost, the host goes on"));
        }
        if let Some(session) = served {
            self.over(&session, joined.ok().map(|(_, record)| record.end), call.again);
        }
    }
}

impl LiveCall {
    /// A full mailbox means that the peer repeats itself: what matters is in there.
    fn post(&self, mail: ToCall) {
        if let Err(error) = self.mailbox.send(mail) {
            self.span.in_scope(|| tracing::debug!(%error, "a word to a call was dropped"));
        }
    }
}
