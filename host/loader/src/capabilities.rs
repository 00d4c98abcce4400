//! What a version wants beyond its call, and how that differs from what the live one wants. Pure.

use std::collections::BTreeSet;
use std::fmt;

use sandbox::Inspection;

/// An interface that a version imports and that answers `NOT_GRANTED` without a grant.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Want {
    /// Its name: `key-value`.
    pub interface: String,
    /// The configuration's word for it: `key_value`.
    pub grant: String,
    /// Whether the plugin has that grant.
    pub granted: bool,
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.interface)
    }
}

/// What a component wants, by name.
pub(crate) fn wants(of: &Inspection, granted: &BTreeSet<String>) -> Vec<Want> {
    let wants = of.imports.iter().filter_map(|import| {
        let grant = import.grant?.to_owned();
        let name = import.name.split('@').next()?;
        // Of WASI there is one package for one purpose; its interfaces have names that say little.
        let interface = match name.split_once('/')? {
            (package, _) if package.starts_with("wasi:") => package.to_owned(),
            (_, interface) => interface.to_owned(),
        };
        let granted = granted.contains(&grant);
        Some(Want { interface, grant, granted })
    });
    wants.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What a version wants that nobody has agreed to: more than the live one, or, where nothing is live, more than the
/// configuration grants.
pub(crate) fn also_wants(new: Vec<Want>, live: Option<&[Want]>) -> Vec<Want> {
    let is_new = |want: &Want| match live {
        Some(live) => live.iter().all(|known| known.interface != want.interface),
        None => !want.granted,
    };
    new.into_iter().filter(is_new).collect()
}

/// `key-value and http`, for sentences.
pub(crate) fn listed(wants: &[Want]) -> String {
    let names: Vec<&str> = wants.iter().map(|want| want.interface.as_str()).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use sandbox::{Import, World};

    use super::*;

    fn inspection(imports: &[(&str, Option<&'static str>)]) -> Inspection {
        let import = |(name, grant): &(&str, _)| Import { name: (*name).to_owned(), grant: *grant };
        Inspection {
            world: World::CallHandler,
            chats: false,
            imports: imports.iter().map(import).collect(),
            languages: Vec::new(),
            toolchains: Vec::new(),
            size_bytes: 1,
        }
    }

    fn names(wants: &[Want]) -> Vec<&str> {
        wants.iter().map(|want| want.interface.as_str()).collect()
    }

    #[test]
    fn what_is_wanted_has_the_interfaces_names() {
        let of = inspection(&[
            ("switchhook:handler/events@0.1.0", None),
            ("switchhook:handler/key-value@0.1.0", Some("key_value")),
            ("switchhook:handler/http@0.1.0", Some("hosts")),
        ]);
        let wants = wants(&of, &BTreeSet::from(["hosts".to_owned()]));
        assert_eq!(names(&wants), ["http", "key-value"]);
        assert_eq!(wants.iter().map(|want| want.granted).collect::<Vec<_>>(), [true, false]);
        assert_eq!(listed(&wants), "http and key-value");
        let of = inspection(&[("wasi:http/types@0.2.12", None), ("wasi:http/outgoing-handler@0.2.0", Some("hosts"))]);
        assert_eq!(names(&super::wants(&of, &BTreeSet::new())), ["wasi:http"]);
    }

    #[test]
    fn only_more_than_before_is_new() {
        let granted = BTreeSet::from(["recording".to_owned()]);
        let of = |imports: &[_]| wants(&inspection(imports), &granted);
        let (recording, key_value) = (("a/recording@1", Some("recording")), ("a/key-value@1", Some("key_value")));
        let both = of(&[recording, key_value]);
        assert_eq!(names(&also_wants(both.clone(), Some(&of(&[recording])))), ["key-value"]);
        assert_eq!(names(&also_wants(both.clone(), Some(&both))), [""; 0]);
        assert_eq!(names(&also_wants(of(&[]), Some(&both))), [""; 0], "less is not more");
        assert_eq!(names(&also_wants(both, None)), ["key-value"], "the first may have what is granted");
    }
}
