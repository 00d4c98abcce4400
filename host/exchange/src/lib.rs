//! Where connectors, routes and guests meet.
//!
//! A connector's task holds one session-manager link. A ringing call is routed and admitted before it is claimed, since a
//! claimed call cannot be refused. Each claimed call gets a task of its own, which is the fault boundary: a handler that
//! traps ends its call and nothing else.

mod admission;
mod board;
mod call_task;
mod chat_board;
mod chat_task;
mod clock;
mod config;
mod connector;
mod counters;
mod early;
mod exchange;
mod fault;
mod handle;
mod handover;
pub mod limits;
mod mailbox;
mod observers;
mod outbound;
mod quota;
mod record;
mod redial;
mod refusals;
mod reload;
mod route;
mod seat;
mod share;
mod shelf;
mod tenant;
mod turn;

pub use board::{CallView, PluginCounts, Stage};
pub use chat_board::ChatView;
pub use config::{ConnectorConfig, ExchangeConfig, PluginConfig, TenantConfig};
pub use counters::{ConnectorCounts, ConnectorView};
pub use exchange::{Drained, Exchange};
pub use fault::{FaultStep, Prompt};
pub use handle::{CallDetail, CallRefused, Handle, PluginView, TenantView};
pub use handover::{GiveRefused, TakeRefused, Taking};
pub use observers::Observers;
pub use outbound::{OutboundCall, PlaceRefused, PlacedCall, Placer, Step};
pub use quota::{Quota, QuotaView};
pub use record::{
    CallRecord, ChatRecord, Fault, HandlerFault, LeftBecause, LeftCall, LinkChange, Observer, Setup, Withdrawn,
};
pub use reload::{ConnectorReload, PluginReload, Reload, ReloadRefused, TenantReload};
pub use route::{Pattern, Route};
pub use shelf::{PluginSlot, PluginVersion, VersionView};
