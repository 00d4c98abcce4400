//! The page as a whole: hostile names, calls of which nothing is known, long calls.

use std::time::Duration;

use call::{EndReason, Happening};

use super::{CallPicture, Wave, page};
use crate::demo::table::CallSummary;

const S: Duration = Duration::from_secs(1);

fn picture<'a>(call: &str, samples: &'a [i16]) -> CallPicture<'a> {
    let summary = CallSummary {
        call: call.into(),
        outcome: "caller-hung-up".into(),
        setup: Some(Duration::from_millis(12)),
        frames_in: 300,
        frames_out: 299,
        round_trip_p50: None,
        round_trip_p99: None,
        dropped: 0,
        pulled_bytes: 0,
    };
    let wave = Wave { samples, sample_rate_hz: 8_000, from: S };
    CallPicture {
        summary,
        plugin: "echo".into(),
        about: "Says tones.".into(),
        recording: format!("{call}.wav"),
        length: S * 3,
        caller: wave,
        handler: wave,
        journal: vec![
            (S, Happening::Accepted { command: 1, name: "answer" }),
            (S, Happening::Outcome { command: 1, name: "answer", failure: None }),
            (S * 2, Happening::Mark { name: "m".into(), played: true }),
            (S * 3, Happening::Ended(EndReason::Terminated)),
        ],
        journal_left_out: 0,
        buffer_ms: vec![(S, 20.0), (S * 2, 40.0)],
        round_trip_ms: Some(vec![(S * 2, 41.0)]),
        trouble: None,
    }
}

/// Elements of the body that were opened and not closed.
fn unclosed(html: &str) -> Vec<String> {
    let mut open = Vec::new();
    let body = html.split_once("</head>").map_or(html, |(_, body)| body).trim_end().trim_end_matches("</html>");
    for tag in body.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag)) {
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed), "closed out of order: <{tag}>"),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    open
}

#[test]
fn every_part_of_a_call_is_there_once() {
    let samples = [100; 16_000];
    let html = page(&[picture("call-1", &samples), picture("call-2", &samples)]);
    for part in ["track caller", "track handler", "track events", "track buffer", "track latency", "happened", "axis"] {
        assert_eq!(html.matches(&format!("class=\"{part}\"")).count(), 2, "{part}");
    }
    for id in ["call-1", "call-2", "call-1-1", "call-2-3", "calls"] {
        assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
    }
    assert_eq!(html.matches("<title>").count(), 1 + 2 * 4, "the page and every drawing");
    assert!(unclosed(&html).is_empty(), "{html}");
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    let html = page(&[picture("call-1", &[1; 8_000])]);
    for word in ["<script", "<link", "<img", "http:", "https:", "@import", "url(", "src=", " onload", " onclick"] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn hostile_names_change_nothing_of_the_page() {
    let hostile = "</style></section><script>x</script><b a=\"'&\u{0}";
    let mut call = picture(hostile, &[1; 8_000]);
    call.plugin = hostile.into();
    call.about = hostile.into();
    call.trouble = Some(hostile.into());
    call.summary.outcome = hostile.into();
    call.journal.push((S, Happening::Mark { name: hostile.into(), played: false }));
    call.journal.push((S, Happening::CallError { code: hostile.into() }));
    let html = page(&[call]);
    assert!(!html.contains("<script") && !html.contains('\0') && html.matches("</style>").count() == 1);
    assert!(unclosed(&html).is_empty());
}

#[test]
fn a_call_of_which_nothing_is_known_has_its_panel() {
    let mut call = picture("call-1", &[]);
    call.length = Duration::ZERO;
    call.summary.setup = None;
    call.journal.clear();
    call.buffer_ms.clear();
    call.round_trip_ms = Some(Vec::new());
    call.trouble = Some("the host did not take it".into());
    let html = page(&[call]);
    assert!(html.contains("silent") && html.contains("nothing was measured") && html.contains("did not take it"));
    assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
    assert!(unclosed(&html).is_empty());
    assert!(page(&[]).contains("id=\"calls\""));
}

#[test]
fn a_long_call_makes_no_long_page() {
    let samples: Vec<i16> = (0..8_000 * 1_800).map(|index| (index % 251) as i16).collect();
    let mut call = picture("call-1", &samples);
    call.length = S * 1_800;
    let html = page(&[call]);
    assert!(html.len() < 120_000, "{} bytes", html.len());
    assert!(html.contains("min-width:6000px"), "it is scrolled");
}
