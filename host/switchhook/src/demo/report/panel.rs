//! One call's panel: heading, tracks on one time axis, and what happened, in words.

use std::fmt::Write;
use std::time::Duration;

use call::Happening;

use super::axis::{self, Axis};
use super::events::{self, Item};
use super::line;
use super::text::{call_id, escape, length, name};
use super::wave::{self, Wave};
use crate::demo::table::CallSummary;

/// All that the page shows of one call. Times are counted from the placing of the call.
#[derive(Clone, Debug)]
pub struct CallPicture<'a> {
    /// Its row in the table.
    pub summary: CallSummary,
    /// What answered.
    pub plugin: String,
    /// What the caller does, in a sentence.
    pub about: String,
    /// Its recording, a file beside the page.
    pub recording: String,
    /// How long it was.
    pub length: Duration,
    /// What the caller said.
    pub caller: Wave<'a>,
    /// What the caller heard of the handler.
    pub handler: Wave<'a>,
    /// What happened.
    pub journal: Vec<(Duration, Happening)>,
    /// How much more happened.
    pub journal_left_out: u64,
    /// Audio that waited to be pulled, ms.
    pub buffer_ms: Vec<(Duration, f64)>,
    /// How long what the caller said took to come back, ms; `None` when the handler is no echo.
    pub round_trip_ms: Option<Vec<(Duration, f64)>>,
    /// What went wrong on the host's side, if anything did.
    pub trouble: Option<String>,
}

/// The panel of the call of this number, counted from 0.
pub fn panel(number: usize, call: &CallPicture<'_>) -> String {
    let axis = Axis::new(call.length);
    let items = events::items(&call.journal, call.caller.sample_rate_hz, axis);
    let id = call_id(number);
    let mut html = format!("<section class=\"call\" id=\"{id}\" aria-labelledby=\"{id}-title\">\n");
    html.push_str(&heading(&id, call));
    let min_width = (axis.span_s() * events::SECOND_PX_MIN).min(6_000.0);
    push(
        &mut html,
        &format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Tracks of {}\">",
            escape(&call.summary.call)
        ),
    );
    push(&mut html, &format!("<div class=\"plot\" style=\"min-width:{min_width:.0}px\">"));
    html.push_str(&rules(axis, &items));
    let full = call.caller.peak().max(call.handler.peak());
    html.push_str(&wave_track("caller", "Caller", &call.caller, axis, full));
    html.push_str(&event_track(&id, &items, axis));
    html.push_str(&wave_track("handler", "Handler", &call.handler, axis, full));
    html.push_str(&line_track("buffer", "Buffer", "waits to be pulled", &call.buffer_ms, axis));
    if let Some(points) = &call.round_trip_ms {
        html.push_str(&line_track("latency", "Round trip", "until the echo is back", points, axis));
    }
    html.push_str(&labels(axis));
    html.push_str("</div>\n</div>\n");
    html.push_str(&happened(&id, call, &items));
    html.push_str("</section>\n");
    html
}

fn heading(id: &str, call: &CallPicture<'_>) -> String {
    let CallPicture { summary, plugin, about, recording, .. } = call;
    let mut html = format!(
        "<header><h2 id=\"{id}-title\">{} <span class=\"plugin\">{}</span></h2><p>{} \
         <a href=\"{}\">Listen</a>: caller left, handler right.</p>\n",
        name(&summary.call),
        name(plugin),
        escape(about),
        escape(recording)
    );
    if let Some(trouble) = &call.trouble {
        push(&mut html, &format!("<p class=\"trouble\">{}</p>", name(trouble)));
    }
    html.push_str("</header>\n");
    html
}

/// Lines through all tracks: the labelled times, and what is worth seeing against the audio.
fn rules(axis: Axis, items: &[Item]) -> String {
    let mut html = String::from("<div class=\"rules\" aria-hidden=\"true\">");
    for at in axis.labels_s() {
        let _ = write!(html, "<i class=\"tick\" style=\"left:{:.3}%\"></i>", at / axis.span_s() * 100.0);
    }
    for item in items {
        let at = item.until.unwrap_or(item.from);
        let _ = write!(html, "<i class=\"{}\" style=\"left:{:.3}%\"></i>", item.kind.class(), axis.share(at) * 100.0);
    }
    html.push_str("</div>\n");
    html
}

fn wave_track(class: &str, title: &str, wave: &Wave<'_>, axis: Axis, full: u16) -> String {
    let (level, path) = (wave::level(wave.peak()), wave.path(axis, full));
    let drawn = format!("<path class=\"zero\" d=\"M0 {0}H{1}\"/><path d=\"{path}\"/>", wave::HEIGHT / 2.0, axis::WIDTH);
    track(class, title, &level, wave::HEIGHT, &drawn)
}

fn line_track(class: &str, title: &str, what: &str, points: &[(Duration, f64)], axis: Axis) -> String {
    let end = line::scale_end(points);
    let (line, area) = line::paths(points, axis, end);
    let most = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let most = format!("{what}: at most {} ms", if most < 10.0 { (most * 10.0).round() / 10.0 } else { most.round() });
    let note = if points.is_empty() { "nothing was measured" } else { most.as_str() };
    let drawn = format!(
        "<path class=\"zero\" d=\"M0 {0}H{1}\"/><path class=\"area\" d=\"{area}\"/><path class=\"line\" d=\"{line}\"/>",
        line::HEIGHT,
        axis::WIDTH
    );
    if points.is_empty() {
        return track(class, title, note, line::HEIGHT, &drawn);
    }
    let scale = format!("<span class=\"scale\" aria-hidden=\"true\">{end} ms</span>");
    track(class, title, note, line::HEIGHT, &drawn).replace("</figure>", &format!("{scale}</figure>"))
}

fn track(class: &str, title: &str, note: &str, height: f64, drawn: &str) -> String {
    let (width, title, note) = (axis::WIDTH, escape(title), escape(note));
    format!(
        "<figure class=\"track {class}\"><figcaption><b>{title}</b> {note}</figcaption>\
         <svg viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{title}: {note}\">\
         <title>{title}: {note}</title>{drawn}</svg></figure>\n"
    )
}

fn event_track(id: &str, items: &[Item], axis: Axis) -> String {
    let lanes = items.iter().map(|item| item.lane + 1).max().unwrap_or(1);
    let mut html = format!(
        "<figure class=\"track events\"><figcaption><b>Commands and marks</b></figcaption>\
         <div class=\"lanes\" style=\"--lanes:{lanes}\">"
    );
    for (index, item) in items.iter().enumerate() {
        let (from, class) = (axis.share(item.from) * 100.0, item.kind.class());
        if let Some(until) = item.until {
            let width = axis.share(until) * 100.0 - from;
            let _ = write!(
                html,
                "<i class=\"bar {class}\" style=\"--lane:{};left:{from:.3}%;width:{width:.3}%\"></i>",
                item.lane
            );
        }
        let _ = write!(
            html,
            "<a class=\"flag {class}\" href=\"#{id}-{0}\" style=\"--lane:{1};left:min({from:.3}%,100% - 22px)\">{0}</a>",
            index + 1,
            item.lane
        );
    }
    html.push_str("</div></figure>\n");
    html
}

fn labels(axis: Axis) -> String {
    let mut html = String::from("<div class=\"axis\">");
    for at in axis.labels_s() {
        let _ = write!(html, "<span style=\"left:{:.3}%\">{}</span>", at / axis.span_s() * 100.0, axis::label(at));
    }
    html.push_str("</div>\n");
    html
}

fn happened(id: &str, call: &CallPicture<'_>, items: &[Item]) -> String {
    if items.is_empty() {
        return "<p class=\"nothing\">The host has nothing to tell of this call.</p>\n".to_owned();
    }
    let mut html = String::from("<ol class=\"happened\">\n");
    for (index, item) in items.iter().enumerate() {
        let (number, class) = (index + 1, item.kind.class());
        let line = format!(
            "<li id=\"{id}-{number}\"><span class=\"flag {class}\">{number}</span><time>{:.3} s</time><span>{}</span></li>",
            item.from.as_secs_f64(),
            item.html
        );
        push(&mut html, &line);
    }
    html.push_str("</ol>\n");
    if call.journal_left_out > 0 {
        push(
            &mut html,
            &format!("<p class=\"nothing\">And {} more that the journal had no place for.</p>", call.journal_left_out),
        );
    }
    if let Some(setup) = call.summary.setup {
        push(
            &mut html,
            &format!("<p class=\"nothing\">The phone rang for {} until it was answered.</p>", length(setup)),
        );
    }
    html
}

fn push(html: &mut String, element: &str) {
    html.push_str(element);
    html.push('\n');
}
