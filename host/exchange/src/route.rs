//! Which plugin answers which number. Pure.

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
    /// Only calls of this connector.
    pub connector: Option<String>,
    /// The plugin's name.
    pub plugin: String,
}

/// The plugin of the first route that matches.
pub(crate) fn find<'a>(routes: &'a [Route], connector: &str, from: &str, to: &str) -> Option<&'a str> {
    let fits = |route: &&Route| {
        route.to.matches(to)
            && route.from.matches(from)
            && route.connector.as_deref().is_none_or(|wanted| wanted == connector)
    };
    routes.iter().find(fits).map(|route| route.plugin.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(to: Pattern, from: Pattern, connector: Option<&str>, plugin: &str) -> Route {
        Route { to, from, connector: connector.map(str::to_string), plugin: plugin.to_string() }
    }

    #[test]
    fn the_first_match_wins() {
        let routes = [
            route(Pattern::Exact("+15550001".into()), Pattern::Any, None, "exact"),
            route(Pattern::Prefix("+1555".into()), Pattern::Suffix("99".into()), None, "suffix"),
            route(Pattern::Prefix("+1555".into()), Pattern::Any, Some("second"), "second"),
            route(Pattern::Any, Pattern::Any, None, "any"),
        ];
        let find = |connector, from, to| find(&routes, connector, from, to);
        assert_eq!(find("main", "+49", "+15550001"), Some("exact"));
        assert_eq!(find("main", "+4999", "+15550002"), Some("suffix"));
        assert_eq!(find("second", "+49", "+15550002"), Some("second"));
        assert_eq!(find("main", "+49", "+15550002"), Some("any"));
        assert_eq!(super::find(&routes[..3], "main", "+49", "+44"), None);
    }
}
