//! From a route as written to the resolved one: patterns, and references to what the tenant has.

use std::collections::HashMap;
use std::time::Duration;

use super::pattern::Pattern;
use super::problem::ProblemKind;
use super::read::{At, Field};
use super::resolve::Resolver;
use super::resolved::{Channel, ConnectorIndex, PluginIndex, Route};
use super::suggest::nearest;
use super::written::WrittenRoute;
use crate::limits;

/// Names of one sort within one tenant, and their positions.
pub(super) struct Names {
    pub(super) indexes: HashMap<String, usize>,
}

impl Resolver<'_> {
    pub(super) fn route(&mut self, written: WrittenRoute, connectors: &Names, plugins: &Names) -> Option<Route> {
        let to = self.pattern(written.to);
        let from = self.pattern(written.from);
        let channel = self.optional(written.channel, None, |resolver, at| resolver.channel(at).map(Some));
        let connector = self.optional(written.connector, None, |resolver, at| {
            resolver.reference("connector", at, connectors).map(|index| Some(ConnectorIndex(index)))
        });
        let plugin = self
            .required(written.plugin, &written.place, "plugin", "name the plugin that answers")
            .and_then(|at| self.reference("plugin", at, plugins));
        let hold_place = written.hold_s.as_given().map(|at| at.place.clone());
        let hold_s = self.number(written.hold_s, 0..=limits::HOLD_S_MAX, 0);
        if let (Some(Some(Channel::Wa)), Some(1..), Some(place)) = (channel, hold_s, hold_place) {
            self.reader.bad_value(&place, "chats cannot be held", "remove it, or route calls: `channel = \"TELCO\"`");
            return None;
        }
        Some(Route {
            to: to?,
            from: from?,
            channel: channel?,
            connector: connector?,
            plugin: PluginIndex(plugin?),
            hold: Duration::from_secs(hold_s?),
        })
    }

    fn pattern(&mut self, written: Field<String>) -> Option<Pattern> {
        self.optional(written, Pattern::Any, |resolver, At { value, place }| {
            let help = "write a number, `+1555*`, `*0100` or `*`";
            value.parse().map_err(|error| resolver.reader.bad_value(&place, format!("{error}"), help)).ok()
        })
    }

    fn channel(&mut self, At { value, place }: At<String>) -> Option<Channel> {
        match value.as_str() {
            "TELCO" => Some(Channel::Telco),
            "WA" => Some(Channel::Wa),
            _ => {
                self.reader.bad_value(
                    &place,
                    format!("there is no channel {value:?}"),
                    "use \"TELCO\" or \"WA\", or leave it out",
                );
                None
            }
        }
    }

    fn reference(&mut self, noun: &str, At { value, place }: At<String>, names: &Names) -> Option<usize> {
        if let Some(&index) = names.indexes.get(&value) {
            return Some(index);
        }
        let mut known: Vec<&str> = names.indexes.keys().map(String::as_str).collect();
        known.sort_unstable();
        let help = match (nearest(&value, known.iter().copied()), known.is_empty()) {
            (Some(name), _) => format!("did you mean {name:?}?"),
            (None, true) => format!("add one: this tenant has no {noun}"),
            (None, false) => format!("use one of {}", known.join(", ")),
        };
        self.reader.report(ProblemKind::UnknownName, &place, format!("this tenant has no {noun} {value:?}"), help);
        None
    }
}
