//! The chats that are here, for whoever asks. A chat stands here from its claim to its record.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use call::ChatStats;
use parking_lot::Mutex;
use sandbox::SharedChat;

use crate::board::Attending;
use crate::clock::{now, since};

/// One chat that is here, as seen from outside.
#[derive(Clone, Debug)]
pub struct ChatView {
    /// The Telcoflow session.
    pub session_id: String,
    /// Whose it is.
    pub tenant: String,
    /// Which connector brought it.
    pub connector: String,
    /// What handles it.
    pub plugin: String,
    /// Which version of that.
    pub version: String,
    /// Whether this side began it.
    pub outbound: bool,
    /// How long it has been here: since its claim.
    pub here: Duration,
    /// Its counters.
    pub stats: ChatStats,
}

/// What is known of a chat from its claim on.
pub(crate) struct ChatFacts {
    pub(crate) connector: String,
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) chat: SharedChat,
}

/// All chats.
#[derive(Default)]
pub(crate) struct ChatBoard {
    listed: Mutex<HashMap<u64, Arc<Entry>>>,
    keys: AtomicU64,
}

struct Entry {
    connector: String,
    plugin: String,
    version: Mutex<String>,
    chat: SharedChat,
    since: Instant,
}

/// A chat's place on the board, which only its task holds. Taken down on drop.
pub(crate) struct PostedChat {
    board: Arc<ChatBoard>,
    key: u64,
    entry: Arc<Entry>,
    _attending: Attending,
}

impl ChatBoard {
    /// Puts a claimed chat up.
    pub(crate) fn post(self: &Arc<Self>, facts: ChatFacts, attending: Attending) -> PostedChat {
        let key = self.keys.fetch_add(1, Ordering::Relaxed);
        let ChatFacts { connector, plugin, version, chat } = facts;
        let entry = Arc::new(Entry { connector, plugin, version: Mutex::new(version), chat, since: now() });
        self.listed.lock().insert(key, entry.clone());
        PostedChat { board: self.clone(), key, entry, _attending: attending }
    }

    /// The chats, those that came first before the others.
    pub(crate) fn views(&self) -> Vec<ChatView> {
        let entries: Vec<_> = self.listed.lock().values().cloned().collect();
        let mut views: Vec<_> = entries.iter().map(|entry| entry.view()).collect();
        views.sort_by(|one, other| other.here.cmp(&one.here).then_with(|| one.session_id.cmp(&other.session_id)));
        views
    }
}

impl PostedChat {
    /// Another version serves it.
    pub(crate) fn serve_by(&self, version: &str) {
        version.clone_into(&mut self.entry.version.lock());
    }
}

impl Drop for PostedChat {
    fn drop(&mut self) {
        self.board.listed.lock().remove(&self.key);
    }
}

impl Entry {
    fn view(&self) -> ChatView {
        let (info, stats) = {
            let chat = self.chat.lock();
            (chat.info().clone(), chat.stats())
        };
        ChatView {
            session_id: info.id,
            tenant: info.tenant,
            connector: self.connector.clone(),
            plugin: self.plugin.clone(),
            version: self.version.lock().clone(),
            outbound: info.outbound,
            here: since(self.since),
            stats,
        }
    }
}
