//! The tests of the wire protocol, in one binary. Clocks are virtual: nothing here waits.

mod chat_properties;
mod chats;
mod driver;
mod files;
mod frames;
mod golden;
mod hidden;
mod leniency;
mod link_create;
mod link_loss;
mod link_properties;
mod link_sessions;
mod link_setup;
mod protocol_page;
mod voice;
mod voice_properties;
