//! People who write to the connector while all else goes on, and those to whom it writes first.
//!
//! What they write is numbered. It comes back at most once and in order, and each chat is over at most once, unless it was lost
//! and claimed anew.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::call::ChatEnd;
use exchange::{ChatRecord, Observer};
use fastrand::Rng;
use sandbox::GuestEnd;
use sim::{ChatAnswer, OpenChat, Simulator};
use telcoflow::frame::manager::CloseReason;

/// The connector's number for chats.
pub(super) const NUMBER: &str = "+15550100";
/// What an echo of chats is configured with.
pub(super) const ECHO: (&str, &[(&str, &str)]) = ("hostile", &[("mode", "chat-echo")]);

/// What a host wrote down of its chats.
#[derive(Default)]
pub(super) struct ChatBook(Mutex<Vec<ChatRecord>>);

impl Observer for ChatBook {
    fn chat_ended(&self, chat: &ChatRecord) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(chat.clone());
    }
}

struct Person {
    chat: OpenChat,
    said: u64,
    heard: Vec<u64>,
}

pub(super) struct People {
    seed: u64,
    /// One chat in so many moments.
    one_in: u32,
    all: Vec<Person>,
    books: Vec<Arc<ChatBook>>,
}

impl People {
    pub(super) fn new(seed: u64, hosts: usize, one_in: u32) -> Self {
        Self { seed, one_in, all: Vec::new(), books: (0..hosts).map(|_| Arc::default()).collect() }
    }

    /// What one host tells of its chats.
    pub(super) fn observer(&self, host: usize) -> Arc<ChatBook> {
        self.books[host].clone()
    }

    /// What occurs to them at this moment.
    pub(super) async fn act(&mut self, random: &mut Rng, sim: &Simulator) {
        if random.u32(0..self.one_in) == 0 {
            let from = format!("+16{:06}{:03}", self.seed, self.all.len());
            self.meet(sim.open_chat(&from, NUMBER));
        }
        self.answer(sim).await;
        for person in &mut self.all {
            person.act(random);
        }
    }

    /// Those to whom the connector wrote first.
    async fn answer(&mut self, sim: &Simulator) {
        while let Ok(chat) = tokio::time::timeout(Duration::ZERO, sim.outbound_chat()).await {
            self.meet(chat);
        }
    }

    fn meet(&mut self, chat: OpenChat) {
        self.all.push(Person { chat, said: 0, heard: Vec::new() });
    }

    /// The server closes what is open.
    pub(super) async fn end(&mut self, sim: &Simulator) {
        self.answer(sim).await;
        for person in &mut self.all {
            person.chat.close(CloseReason::ForceClose);
            person.chat.closed().await;
            person.listen();
        }
    }

    /// What was wrong, and one line for what each chat was.
    pub(super) fn verdict(&self) -> (Vec<String>, Vec<String>) {
        let mut wrong = Vec::new();
        let mut of_session: BTreeMap<String, Vec<(usize, ChatRecord)>> = BTreeMap::new();
        for (host, book) in self.books.iter().enumerate() {
            for record in book.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                of_session.entry(record.session_id.clone()).or_default().push((host, record.clone()));
            }
        }
        let mut lines = Vec::new();
        for person in &self.all {
            let records = of_session.remove(person.chat.session_id()).unwrap_or_default();
            wrong.extend(person.complaint(&records));
            let ends: Vec<_> = records.iter().map(|(host, record)| (host, record.end, record.duration)).collect();
            lines.push(format!("{} {:?} {ends:?}", person.said, person.heard));
        }
        wrong.extend(of_session.keys().map(|session| format!("a record of no chat: {session}")));
        let heard: usize = self.all.iter().map(|person| person.heard.len()).sum();
        if self.all.len() > 3 && heard == 0 {
            wrong.push(format!("none of {} people was ever answered", self.all.len()));
        }
        (wrong, lines)
    }
}

impl Person {
    fn act(&mut self, random: &mut Rng) {
        self.listen();
        match random.u16(0..400) {
            _ if !self.chat.is_open() => {}
            0..60 => {
                for _ in 0..random.u8(1..4) {
                    self.chat.say(&self.said.to_string());
                    self.said += 1;
                }
            }
            60..63 => {
                let codes = ["SESSION_BUSY", "SESSION_CLOSED", "SESSION_NOT_FOUND"];
                self.chat.refuse_claim(codes[random.usize(..codes.len())]);
            }
            63..66 => self.chat.answer(ChatAnswer::Refused("OVERFLOW".into(), None)),
            66 => self.chat.answer(ChatAnswer::Nothing),
            67 => self.chat.close(CloseReason::ForceClose),
            _ => {}
        }
    }

    fn listen(&mut self) {
        while let Some(message) = self.chat.try_heard() {
            let number = message.data["text"].as_str().and_then(|text| text.parse().ok());
            self.heard.push(number.unwrap_or(u64::MAX));
        }
    }

    fn complaint(&self, records: &[(usize, ChatRecord)]) -> Option<String> {
        let in_order = self.heard.windows(2).all(|pair| pair[0] < pair[1]);
        let said = self.heard.last().is_none_or(|last| *last < self.said);
        let over = |host| {
            let over = records.iter().filter(|(at, record)| *at == host && record.end != ChatEnd::Lost);
            over.count()
        };
        let panicked = records.iter().any(|(_, record)| matches!(record.guest, Some(GuestEnd::HostPanicked(_))));
        let handled = self.heard.is_empty() || !records.is_empty();
        let good = in_order && said && handled && !panicked && over(0) <= 1 && over(1) <= 1;
        (!good).then(|| format!("said {}, heard {:?}: {records:#?}", self.said, self.heard))
    }
}
