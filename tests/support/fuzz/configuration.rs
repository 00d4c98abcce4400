//! The configuration: any text is either good, and then everything in it is legal, or has problems that can be shown.

use std::path::Path;

use switchhook::config::{self, Config, Pattern, Problems, Source};
use switchhook::limits::{CONFIG_PROBLEMS_MAX, NAME_BYTES_MAX, PLAYOUT_BYTES_MAX, PLUGIN_TIME_MS_MAX};

use super::INPUT_BYTES_MAX;

/// Whatever includes this module has a `Cargo.toml` in this folder: a file that a plugin's source can name.
const FOLDER: &str = env!("CARGO_MANIFEST_DIR");
/// Devices block, or never end; a configuration that names one is no matter of this test.
const NOT_OPENED: [&str; 3] = ["/dev", "/proc", "/sys"];

/// The bytes as the text of a file, in an environment without variables.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if bytes.len() > INPUT_BYTES_MAX || NOT_OPENED.iter().any(|path| text.contains(path)) {
        return;
    }
    match config::resolve(&Path::new(FOLDER).join("t.toml"), text, &|_| None) {
        Ok(config) => is_legal(&config),
        Err(problems) => can_be_shown(&problems, text),
    }
}

fn is_legal(config: &Config) {
    assert!(!config.tenants.is_empty());
    are_names(config.tenants.iter().map(|tenant| tenant.name.as_str()));
    for tenant in &config.tenants {
        assert!(!tenant.connectors.is_empty() && !tenant.routes.is_empty());
        are_names(tenant.connectors.iter().map(|connector| connector.name.as_str()));
        are_names(tenant.plugins.iter().map(|plugin| plugin.name.as_str()));
        for route in &tenant.routes {
            assert!(route.plugin.get() < tenant.plugins.len());
            assert_eq!(tenant.connector_of(route).is_some(), route.connector.is_some());
            for pattern in [&route.to, &route.from] {
                match pattern {
                    Pattern::Any => {}
                    Pattern::Exact(part) | Pattern::Prefix(part) | Pattern::Suffix(part) => assert!(!part.is_empty()),
                }
            }
        }
        for connector in &tenant.connectors {
            let bytes = connector.playout_bytes_max;
            assert!(bytes.is_power_of_two() && bytes as u64 <= PLAYOUT_BYTES_MAX);
            let url = connector.base_url.url();
            assert!(matches!(url.scheme(), "ws" | "wss") && url.host().is_some());
            let credentials = &connector.credentials;
            assert!(credentials.key().is_some() || credentials.certificate().is_some());
            let key = credentials.key().map(|key| [key.api_key.expose(), &key.connector_uuid]);
            for header in key.into_iter().flatten().chain([connector.sdk_version.as_str()]) {
                assert!(!header.is_empty() && header.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
        for plugin in &tenant.plugins {
            let limits = plugin.limits;
            assert!(limits.calls_max >= 1 && limits.memory_bytes_max >= 1 << 16);
            let times = [limits.start_max, limits.run_max, limits.grace_max];
            assert!(times.iter().all(|time| (1..=u128::from(PLUGIN_TIME_MS_MAX)).contains(&time.as_millis())));
            assert!(plugin.config.is_sorted() && is_file(&plugin.source));
        }
    }
    assert!(!format!("{config:?}").is_empty());
}

fn are_names<'a>(names: impl Iterator<Item = &'a str>) {
    let mut names: Vec<&str> = names.collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "names are unique");
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    assert!(names.iter().all(|name| (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(legal)));
}

/// Each problem is one line that says what and where, and no line disturbs a terminal.
fn can_be_shown(problems: &Problems, text: &str) {
    let list = problems.list();
    assert!(!list.is_empty() && list.len() <= CONFIG_PROBLEMS_MAX);
    assert!(problems.omitted() == 0 || list.len() == CONFIG_PROBLEMS_MAX);
    let lines = text.split('\n').count();
    for problem in list {
        let place = problem.place.as_ref().expect("the file could be read");
        let line = place.line as usize;
        assert!((1..=lines).contains(&line), "line {line} of {lines}: {problem:?}");
        let columns = text.split('\n').nth(line - 1).map_or(0, |line| line.chars().count());
        assert!((1..=columns + 1).contains(&(place.column as usize)), "of {columns} columns: {problem:?}");
        assert!(!problem.what.is_empty() && !problem.help.is_empty(), "{problem:?}");
        for shown in [&place.key, &problem.what, &problem.help] {
            assert!(!shown.chars().any(char::is_control), "{problem:?}");
        }
    }
    let shown = problems.to_string();
    assert_eq!(shown.lines().count(), list.len() + usize::from(problems.omitted() > 0), "{shown:?}");
}

fn is_file(source: &Source) -> bool {
    match source {
        Source::File(path) => path.is_file(),
        Source::Oci(..) => true,
    }
}
