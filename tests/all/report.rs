//! The demonstration's report, made by the built program and opened in a browser: every part of every call, at the width of
//! a screen and of a telephone, in light and in dark.
//!
//! `cargo xtask test` builds the program and has a Chromium (`SWITCHHOOK_CHROMIUM`, else one on the `PATH`). Without
//! them this test is ignored, and says so.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use libtest_mimic::Trial;
use switchhook_tests::components;
use switchhook_tests::run::real;
use tokio::process::Command;

/// What a browser may take for one page on a busy machine.
const BROWSER_TIME_MAX: Duration = Duration::from_secs(60);
/// A page of one colour takes less.
const PICTURE_BYTES_MIN: usize = 10_000;
const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// What cannot be seen in the document is measured in the browser, and written on the root of the outermost one.
const PROBE: &str = "<script>
const root = document.documentElement;
const told = top.document.documentElement.dataset;
const said = [...document.querySelectorAll('main *')].filter(e => e.namespaceURI === root.namespaceURI
  && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
told.width = innerWidth;
told.overflow = root.scrollWidth > innerWidth ? 'yes' : 'no';
told.smallest = Math.min(...said.map(e => parseFloat(getComputedStyle(e).fontSize)));
told.flat = [...document.querySelectorAll('svg')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width < 300 || box.height < 30;
}).length;
told.paper = getComputedStyle(document.body).backgroundColor;
</script></body>";

pub(crate) fn trials() -> Vec<Trial> {
    let missing = match (components::program(), chromium()) {
        (None, _) => "needs the program: cargo build -p switchhook",
        (_, None) => "needs chromium: cargo xtask test",
        _ => "",
    };
    let trial = real("report::a_browser_shows_every_part_of_every_call", |_| is_shown());
    vec![trial.with_kind(missing).with_ignored_flag(!missing.is_empty())]
}

async fn is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut demo = Command::new(components::program().expect("the trial is ignored without it"));
    demo.args(["demo", "--seconds", "2", "--dir"]).arg(folder.path()).current_dir(components::root());
    let demo = tokio::time::timeout(BROWSER_TIME_MAX, demo.output()).await.expect("it ends").expect("it starts");
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));

    let page = folder.path().join("report.html");
    let html = std::fs::read_to_string(&page).expect("the demonstration wrote it");
    let browser = Browser { folder: folder.path() };
    check_parts(&browser.dom(&page, 1_200, false).await);
    let mut papers = Vec::new();
    for (width, dark) in [(1_200, false), (390, false), (390, true)] {
        let framed = folder.path().join("framed.html");
        std::fs::write(&framed, in_a_frame(&html, width)).expect("writable");
        let dom = browser.dom(&framed, width, dark).await;
        let root = dom.split_once("<html").and_then(|(_, rest)| rest.split_once('>')).expect("a document").0;
        assert_eq!(measured(root, "width"), width.to_string());
        assert_eq!(measured(root, "overflow"), "no", "at {width} px the page is wider than its window");
        assert_eq!(measured(root, "flat"), "0", "at {width} px a drawing has no size");
        let smallest: f64 = measured(root, "smallest").parse().expect("a size");
        assert!(smallest >= 11.0, "at {width} px the smallest text has {smallest} px");
        papers.push(measured(root, "paper").to_owned());

        let picture = browser.picture(&page, width, dark).await;
        assert!(picture.len() > PICTURE_BYTES_MIN, "at {width} px the picture has {} bytes", picture.len());
        let drawn = picture.get(16..20).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        assert_eq!(drawn, Some(width), "the width in the picture's header");
    }
    assert_eq!(papers[0], papers[1]);
    assert_ne!(papers[1], papers[2], "dark is another colour than light");
}

/// The page with its probe in a frame, since a browser's window has a least width.
fn in_a_frame(html: &str, width: u32) -> String {
    let page = html.replace("</body>", PROBE).replace('&', "&amp;").replace('"', "&quot;");
    format!("<!doctype html><html><body><iframe style=\"width:{width}px;border:0\" srcdoc=\"{page}\"></iframe></body>")
}

/// Every call of the table has its panel, and every panel its parts.
fn check_parts(dom: &str) {
    let panels: Vec<&str> = dom.split("<section class=\"call\"").skip(1).collect();
    assert_eq!(panels.len(), 3, "a panel for each call");
    for (number, panel) in (1..).zip(&panels) {
        assert!(panel.starts_with(&format!(" id=\"call-{number}\"")), "call {number} in its place");
        assert!(dom.contains(&format!("href=\"#call-{number}\"")), "call {number} in the table");
        for part in ["track caller", "track handler", "track events", "track buffer", "axis", "happened"] {
            assert_eq!(panel.matches(&format!("class=\"{part}\"")).count(), 1, "call {number}: {part}");
        }
        for track in ["caller", "handler", "buffer"] {
            let drawn = panel.split_once(&format!("\"track {track}\"")).expect("just seen").1;
            let drawn = drawn.split_once("</figure>").expect("a track ends").0;
            assert!(drawn.contains("<title>") && !drawn.contains("d=\"\""), "call {number}: {track} shows nothing");
        }
        assert!(panel.contains("<b>answer</b> succeeded"), "call {number}: its first command");
        assert!(panel.contains("<b>ended</b>: "), "call {number}: its end");
    }
    assert!(panels[0].contains("class=\"track latency\""), "an echo has a round trip");
    assert!(panels[1].contains("<b>connect</b> failed with <bdi>CALL_UNANSWERED</bdi>"), "nobody picked up");
    assert!(panels[2].contains("<b>clear</b> dropped "), "the greeting fell silent");
}

/// What the probe wrote on the root.
fn measured<'a>(root: &'a str, what: &str) -> &'a str {
    let value = root.split_once(&format!("data-{what}=\"")).and_then(|(_, rest)| rest.split_once('"'));
    value.unwrap_or_else(|| panic!("the probe did not measure {what}: {root}")).0
}

/// A browser whose every file is in one folder.
struct Browser<'a> {
    folder: &'a Path,
}

impl Browser<'_> {
    async fn dom(&self, page: &Path, width: u32, dark: bool) -> String {
        let output = self.open(page, width, dark, "--dump-dom".into()).await;
        String::from_utf8(output).expect("a document is text")
    }

    async fn picture(&self, page: &Path, width: u32, dark: bool) -> Vec<u8> {
        let path = self.folder.join(format!("{width}-{dark}.png"));
        let mut argument = OsString::from("--screenshot=");
        argument.push(&path);
        self.open(page, width, dark, argument).await;
        std::fs::read(path).expect("the browser made a picture")
    }

    async fn open(&self, page: &Path, width: u32, dark: bool, what: OsString) -> Vec<u8> {
        let mut profile = OsString::from("--user-data-dir=");
        profile.push(self.folder.join("profile"));
        let mut address = OsString::from("file://");
        address.push(page);
        let mut browser = Command::new(chromium().expect("the trial is ignored without it"));
        browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
        browser.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        browser.args(["--hide-scrollbars", &format!("--window-size={width},2000")]);
        browser.args(dark.then_some("--force-dark-mode")).arg(profile).arg(what).arg(address);
        browser.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(BROWSER_TIME_MAX, browser.output()).await.expect("the browser hangs");
        let output = output.expect("the browser starts");
        assert!(output.status.success(), "the browser failed: {}", output.status);
        output.stdout
    }
}

fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SWITCHHOOK_CHROMIUM") {
        return on_the_path(Path::new(&named));
    }
    CHROMIUM.iter().find_map(|name| on_the_path(Path::new(name)))
}

/// A path itself counts too: joined to a folder it stays what it is.
fn on_the_path(name: &Path) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}
