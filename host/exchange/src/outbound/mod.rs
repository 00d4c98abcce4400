//! Calls that the host places, and chats that it begins: what is refused at once, and the way of an order to the connector that carries it out.
//!
//! An order holds its places (the plugin's, the tenant's) from the moment it is taken until its call is over, so that
//! nothing is asked of the carrier which could not be served. What becomes of it is told step by step by its
//! [`Progress`], and it outlives whoever placed it.

mod handler;
mod progress;
mod refused;

use std::sync::Arc;
use std::time::Instant;

use call::Contact;
use parking_lot::RwLock;
use tokio::sync::{mpsc, watch};

pub(crate) use self::handler::HandlersPlacer;
pub use self::progress::Step;
pub(crate) use self::progress::{CALL_UNANSWERED, HANDLER_FAILED, Progress, SESSION_CLOSED};
pub use self::refused::PlaceRefused;
use crate::admission::Slots;
use crate::clock::now;
use crate::connector::{Phase, Retired};
use crate::counters::{ConnectorView, Counters};
use crate::handover::{Take, TakeRefused};
use crate::limits::{ADDRESS_BYTES_MAX, ORDERS_MAX, OUTBOUND_CALLS_PER_TENANT_MAX, STEPS_MAX, TAKES_MAX};
use crate::shelf::{NoPlace, Place, PluginSlot};
use crate::tenant::Tenant;

/// A call to be placed, or a chat to be begun.
#[derive(Clone, Debug, Default)]
pub struct OutboundCall {
    /// Whose call it is.
    pub tenant: String,
    /// Over which of its connectors; `None`: the first that is up.
    pub connector: Option<String>,
    /// The number that is called.
    pub to: String,
    /// Who handles it; `None`: the tenant's only plugin.
    pub plugin: Option<String>,
    /// Which of the two.
    pub contact: Contact,
}

/// Places calls. A clone is the same.
#[derive(Clone)]
pub struct Placer(Arc<Lines>);

struct Lines {
    phase: watch::Receiver<Phase>,
    /// Replaced as a whole by a reload.
    tenants: RwLock<Arc<[TenantLines]>>,
}

/// The lines of one tenant.
#[derive(Clone)]
pub(crate) struct TenantLines {
    pub(crate) tenant: Arc<Tenant>,
    doors: Vec<Arc<Door>>,
    places: Slots,
}

/// The way to a connector's task.
pub(crate) struct Door {
    name: String,
    up: watch::Receiver<bool>,
    orders: mpsc::Sender<Order>,
    takes: mpsc::Sender<Take>,
    counters: Arc<Counters>,
    retired: watch::Sender<Retired>,
}

/// The other side of a door, for the connector's task.
pub(crate) struct Desk {
    pub(crate) up: watch::Sender<bool>,
    pub(crate) orders: mpsc::Receiver<Order>,
    /// Calls of others that are to be taken.
    pub(crate) takes: mpsc::Receiver<Take>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) retired: watch::Receiver<Retired>,
}

impl Door {
    /// A door and its desk.
    pub(crate) fn new(connector: &str) -> (Arc<Self>, Desk) {
        let (told, orders) = mpsc::channel(ORDERS_MAX);
        let (taken, takes) = mpsc::channel(TAKES_MAX);
        let (rise, up) = watch::channel(false);
        let (retire, retired) = watch::channel(Retired::No);
        let counters = Arc::new(Counters::default());
        let desk = Desk { up: rise, orders, takes, counters: counters.clone(), retired };
        let name = connector.to_string();
        (Arc::new(Self { name, up, orders: told, takes: taken, counters, retired: retire }), desk)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Takes the connector off, in favour of another as soon as that one is up. Its calls go on.
    pub(crate) fn retire(&self, successor: Option<&Door>) {
        let retired = successor.map_or(Retired::Now, |successor| Retired::For(successor.up.clone()));
        self.retired.send_replace(retired);
    }
}

/// A call that a connector is to place, or a chat that it is to begin. It holds its place already.
pub(crate) struct Order {
    pub(crate) contact: Contact,
    pub(crate) to: String,
    pub(crate) place: Place,
    pub(crate) placed: Instant,
    pub(crate) progress: Progress,
}

/// A call that was placed, for whoever placed it. Dropping it changes nothing for the call.
#[derive(Debug)]
pub struct PlacedCall {
    session_id: String,
    steps: mpsc::Receiver<Step>,
}

impl PlacedCall {
    /// The Telcoflow session, by which the call is known from now on.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// What happens next; `None` after [`Step::Failed`] and [`Step::Ended`].
    pub async fn next(&mut self) -> Option<Step> {
        self.steps.recv().await
    }
}

impl TenantLines {
    pub(crate) fn new(tenant: Arc<Tenant>) -> Self {
        Self { tenant, doors: Vec::new(), places: Slots::new(OUTBOUND_CALLS_PER_TENANT_MAX) }
    }

    /// The same tenant with other connectors.
    pub(crate) fn with(&self, doors: Vec<Arc<Door>>) -> Self {
        Self { doors, ..self.clone() }
    }

    /// The ways to its connectors, in their order.
    pub(crate) fn doors(&self) -> &[Arc<Door>] {
        &self.doors
    }

    /// Its connectors as seen from outside.
    pub(crate) fn connectors(&self) -> Vec<ConnectorView> {
        let tenant = self.tenant.name.as_str();
        self.doors.iter().map(|door| door.counters.view(tenant, &door.name)).collect()
    }

    /// The connector that is named, or the first.
    pub(crate) fn connector(&self, wanted: Option<&str>) -> Option<String> {
        let mut doors = self.doors.iter();
        let door = doors.find(|door| wanted.is_none_or(|wanted| door.name == wanted));
        door.map(|door| door.name.clone())
    }

    /// Has a connector take a call; its link need not be up.
    pub(crate) fn take(&self, connector: &str, take: Take) -> Result<(), TakeRefused> {
        let door = self.doors.iter().find(|door| door.name == connector).ok_or(TakeRefused::UnknownConnector)?;
        door.takes.try_send(take).map_err(|_| TakeRefused::TooMany)
    }

    /// The plugin that is named, or the only one there is.
    fn plugin(&self, name: Option<&str>) -> Result<Arc<PluginSlot>, PlaceRefused> {
        let answering = self.tenant.answering();
        match (name, answering.plugins.slots()) {
            (Some(name), _) => answering.plugins.find(name).cloned().ok_or(PlaceRefused::UnknownPlugin),
            (None, [only]) => Ok(only.clone()),
            (None, _) => Err(PlaceRefused::PluginNeeded),
        }
    }

    /// The connector that is named, or the first that is up, with `first` before the others.
    fn door(&self, wanted: Option<&str>, first: Option<&str>) -> Result<&Arc<Door>, PlaceRefused> {
        let is_up = |door: &&Arc<Door>| *door.up.borrow();
        if let Some(wanted) = wanted {
            let door = self.doors.iter().find(|door| door.name == wanted).ok_or(PlaceRefused::UnknownConnector)?;
            return Some(door).filter(is_up).ok_or(PlaceRefused::LinkDown);
        }
        let first = self.doors.iter().find(|door| first == Some(door.name.as_str()) && is_up(door));
        first.or_else(|| self.doors.iter().find(is_up)).ok_or(PlaceRefused::LinkDown)
    }
}

impl Placer {
    /// Without tenants.
    pub(crate) fn new(phase: watch::Receiver<Phase>) -> Self {
        Self(Arc::new(Lines { phase, tenants: RwLock::new(Arc::new([])) }))
    }

    /// Who is hosted, in the order of the configuration.
    pub(crate) fn tenants(&self) -> Arc<[TenantLines]> {
        self.0.tenants.read().clone()
    }

    /// Hosts these from now on.
    pub(crate) fn host(&self, tenants: Vec<TenantLines>) {
        // What goes is dropped after the lock.
        let _gone = std::mem::replace(&mut *self.0.tenants.write(), tenants.into());
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.0.phase.borrow()
    }

    pub(crate) fn lines(&self, tenant: &str) -> Option<TenantLines> {
        self.tenants().iter().find(|lines| lines.tenant.name == tenant).cloned()
    }

    /// Places a call and waits until the carrier has given it a session: within a minute, or it is refused. From then on
    /// it goes on by itself.
    ///
    /// # Errors
    /// [`PlaceRefused`]: there is no call, and will be none.
    pub async fn place(&self, call: &OutboundCall) -> Result<PlacedCall, PlaceRefused> {
        // As many as there can be steps: none is lost, whether or not somebody reads them.
        let (told, mut steps) = mpsc::channel(STEPS_MAX);
        let tell = move |step| {
            let _ = told.try_send(step);
        };
        self.order(call, None, Box::new(tell))?;
        match steps.recv().await {
            Some(Step::Claimed { session_id }) => Ok(PlacedCall { session_id, steps }),
            Some(Step::Failed(failure)) => Err(PlaceRefused::Carrier(failure)),
            Some(Step::Answered { .. } | Step::Ended(_) | Step::Closed(_)) | None => Err(PlaceRefused::Draining),
        }
    }

    /// Takes an order, or refuses it at once. `tell` is not called from in here. Where no connector is named, `first` is
    /// tried before the others.
    pub(crate) fn order(
        &self,
        call: &OutboundCall,
        first: Option<&str>,
        tell: Box<dyn Fn(Step) + Send + Sync>,
    ) -> Result<(), PlaceRefused> {
        if self.phase() != Phase::Open {
            return Err(PlaceRefused::Draining);
        }
        let lines = self.lines(&call.tenant).ok_or(PlaceRefused::UnknownTenant)?;
        if !is_address(&call.to) {
            return Err(PlaceRefused::BadAddress);
        }
        let plugin = lines.plugin(call.plugin.as_deref())?;
        let handles = plugin.handles(|plugin| match call.contact {
            Contact::Call => plugin.calls(),
            Contact::Chat => plugin.chats,
        });
        if handles == Some(false) {
            return Err(PlaceRefused::Unfit);
        }
        let door = lines.door(call.connector.as_deref(), first)?;
        let held = lines.places.take().ok_or(PlaceRefused::TooMany)?;
        if !lines.tenant.quotas.may_place(now()) {
            return Err(PlaceRefused::TooFast);
        }
        let place = plugin.take_for_placed().map_err(|why| match why {
            NoPlace::NoVersion => PlaceRefused::NoVersion,
            NoPlace::Full => PlaceRefused::NoPlace,
            NoPlace::TenantFull | NoPlace::TenantFast | NoPlace::TenantMemory => PlaceRefused::Quota,
        })?;
        let progress = Progress::new(tell, held);
        let order = Order { contact: call.contact, to: call.to.clone(), place, placed: now(), progress };
        door.orders.try_send(order).map_err(|error| {
            // Whoever placed it learns of the refusal by the answer alone.
            error.into_inner().progress.forget();
            PlaceRefused::TooMany
        })
    }
}

/// What may be called: a number as the carrier writes it, or an address, without blanks.
fn is_address(to: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+*#@.:-_".contains(&byte);
    (1..=ADDRESS_BYTES_MAX).contains(&to.len()) && to.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_no_blanks_and_an_end() {
        for good in ["+15550100", "100", "*21#", "sip:a.b-c@d_e"] {
            assert!(is_address(good), "{good}");
        }
        let long = "1".repeat(ADDRESS_BYTES_MAX + 1);
        for bad in ["", " ", "+1 555", "1\n", "ä", "a/b", long.as_str()] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
