//! Text that comes from outside, made harmless in a page.

use std::time::Duration;

/// As the content of an element or of an attribute. Characters that cannot be shown become U+FFFD.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A name that others gave: escaped, and with its direction of writing kept to itself.
pub fn name(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(text))
}

/// As an id, unique as far as the call's number is: `call-7`.
pub fn call_id(number: usize) -> String {
    format!("call-{}", number + 1)
}

/// `12.3 ms`, and from a second on `12.34 s`.
pub fn length(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_a_name() {
        let hostile = "</bdi><script>alert('x')</script>\" onload=\"&\u{0}\u{202e}";
        let shown = name(hostile);
        let inside = shown.strip_prefix("<bdi>").and_then(|rest| rest.strip_suffix("</bdi>")).expect("wrapped");
        assert!(!inside.contains(['<', '>', '"', '\'', '\0']), "{inside}");
        assert!(inside.contains("&lt;script&gt;alert(&#39;x&#39;)") && inside.contains("&amp;"));
    }

    #[test]
    fn lengths_are_short() {
        assert_eq!(length(Duration::from_micros(12_345)), "12.3 ms");
        assert_eq!(length(Duration::from_millis(61_040)), "61.04 s");
    }
}
