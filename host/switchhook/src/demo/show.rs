//! What a demonstration shows of each handler: who calls it, and who is called. One row a handler.

use std::path::Path;

use sim::Caller;

use super::caller;

/// One kind of call.
#[derive(Clone, Copy, Debug)]
pub struct Show {
    /// The plugin, as its component's file is called.
    pub plugin: &'static str,
    /// What the caller does, in a sentence.
    pub about: &'static str,
    /// Whether the handler plays back what it hears, so that a round trip can be measured.
    pub echo: bool,
    /// The caller of this number, who speaks for so many seconds, and the callee.
    pub caller: fn(usize, u32) -> Caller,
}

/// Everything that can be shown. The last row is for a handler of which nothing is known.
pub const SHOWS: [Show; 2] = [
    Show {
        plugin: "echo",
        about: "The caller says tones and hears them come back.",
        echo: true,
        caller: caller::tones,
    },
    Show { plugin: "", about: "The caller says tones.", echo: false, caller: caller::tones },
];

/// What there is to show of a component.
pub fn of(component: &Path) -> Show {
    let name = component.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let [.., other] = SHOWS;
    SHOWS.into_iter().find(|show| show.plugin == name).unwrap_or(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_component_can_be_shown() {
        assert!(of(Path::new("plugins/echo.wasm")).echo);
        for unknown in ["other.wasm", "", "/"] {
            assert!(!of(Path::new(unknown)).echo, "{unknown}");
        }
    }
}
