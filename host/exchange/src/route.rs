//! Which plugin answers which number. Pure.

use std::time::Duration;

use telcoflow::frame::manager::Channel;

/// One side of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Pattern {
    /// Every number.
    #[default]
    Any,
    /// Exactly this one.
    Exact(String),
    /// Numbers that begin so.
    Prefix(String),
    /// Numbers that end so.
    Suffix(String),
}

impl Pattern {
    /// Whether a number fits.
    pub fn matches(&self, number: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => number == exact,
            Self::Prefix(prefix) => number.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => number.ends_with(suffix.as_str()),
        }
    }
}

/// One line of a tenant's routes. The first that matches wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The called number.
    pub to: Pattern,
    /// The calling number.
    pub from: Pattern,
    /// Only calls, or only chats; `None` is whatever the plugin handles.
    pub channel: Option<Channel>,
    /// Only those of this connector.
    pub connector: Option<String>,
    /// The plugin's name.
    pub plugin: String,
    /// How long a call that is announced for the first time waits for another host before the plugin gets it. Zero: not at all.
    pub hold: Duration,
}

/// The first route that matches.
///
/// `handles` tells whether a plugin handles such sessions at all: a route to one that does not is passed over.
pub(crate) fn find<'a>(
    routes: &'a [Route],
    channel: &Channel,
    connector: &str,
    from: &str,
    to: &str,
    handles: impl Fn(&str) -> bool,
) -> Option<&'a Route> {
    let fits = |route: &&Route| {
        route.to.matches(to)
            && route.from.matches(from)
            && route.channel.as_ref().is_none_or(|wanted| wanted == channel)
            && handles(&route.plugin)
            && route.connector.as_deref().is_none_or(|wanted| wanted == connector)
    };
    routes.iter().find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(to: Pattern, from: Pattern, connector: Option<&str>, plugin: &str) -> Route {
        let connector = connector.map(str::to_string);
        Route { to, from, connector, plugin: plugin.to_string(), ..Route::default() }
    }

    #[test]
    fn the_first_match_wins() {
        let routes = [
            route(Pattern::Exact("+15550001".into()), Pattern::Any, None, "exact"),
            route(Pattern::Prefix("+1555".into()), Pattern::Suffix("99".into()), None, "suffix"),
            route(Pattern::Prefix("+1555".into()), Pattern::Any, Some("second"), "second"),
            route(Pattern::Any, Pattern::Any, None, "any"),
        ];
        let find = |connector, from, to| {
            let found = super::find(&routes, &Channel::Telco, connector, from, to, |_| true);
            found.map(|route| route.plugin.as_str())
        };
        assert_eq!(find("main", "+49", "+15550001"), Some("exact"));
        assert_eq!(find("main", "+4999", "+15550002"), Some("suffix"));
        assert_eq!(find("second", "+49", "+15550002"), Some("second"));
        assert_eq!(find("main", "+49", "+15550002"), Some("any"));
        assert_eq!(super::find(&routes[..3], &Channel::Telco, "main", "+49", "+44", |_| true).map(|_| ()), None);
    }

    #[test]
    fn a_route_is_for_what_it_names_and_for_what_its_plugin_handles() {
        let any = |plugin| route(Pattern::Any, Pattern::Any, None, plugin);
        let chats = Route { channel: Some(Channel::Wa), ..any("chats") };
        let routes = [any("calls-only"), chats, any("both")];
        let find = |routes: &[Route], channel| {
            let handles = |plugin: &str| channel == Channel::Telco || plugin != "calls-only";
            super::find(routes, &channel, "main", "+49", "+44", handles).map(|route| route.plugin.clone())
        };
        assert_eq!(find(&routes, Channel::Telco).as_deref(), Some("calls-only"));
        assert_eq!(find(&routes, Channel::Wa).as_deref(), Some("chats"));
        assert_eq!(find(&routes[1..], Channel::Telco).as_deref(), Some("both"));
        assert_eq!(find(&routes[..1], Channel::Wa), None);
    }
}
