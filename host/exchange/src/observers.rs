//! Several observers of one exchange.

use std::sync::Arc;

use crate::record::{CallRecord, ChatRecord, HandlerFault, LeftCall, LinkChange, Observer, Withdrawn};
use crate::{CallView, PluginVersion};

/// All of them are told, one after the other.
#[derive(Clone, Default)]
pub struct Observers(pub Vec<Arc<dyn Observer>>);

macro_rules! all_are_told {
    ($($told:ident($($what:ident: $is:ty),+);)+) => {
        impl Observer for Observers {
            $(fn $told(&self, $($what: $is),+) {
                self.0.iter().for_each(|observer| observer.$told($($what),+));
            })+
        }
    };
}

all_are_told! {
    call_claimed(call: &CallView);
    call_held(call: &CallView);
    call_taken(call: &CallView);
    call_left(left: &LeftCall<'_>);
    link_changed(tenant: &str, connector: &str, change: LinkChange);
    call_started(call: &CallView);
    version_served(tenant: &str, plugin: &str, version: &PluginVersion);
    handler_failed(fault: &HandlerFault<'_>);
    version_withdrawn(withdrawn: &Withdrawn<'_>);
    call_ended(call: &CallRecord);
    chat_ended(chat: &ChatRecord);
}
