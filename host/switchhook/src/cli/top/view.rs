//! The picture as a terminal shows it.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Row, Table};

use super::picture::{CallLine, Picture, TenantLine};

/// Percent of a core from which a call stands out.
const CPU_PERCENT_LOUD: f64 = 20.0;

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, picture: &Picture) {
    let tenants = u16::try_from(picture.tenants.len()).unwrap_or(u16::MAX).saturating_add(1);
    let rows = [Constraint::Length(1), Constraint::Max(tenants), Constraint::Length(1), Constraint::Min(2)];
    let [head, tenants, gap, calls] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(summary(picture), head);
    frame.render_widget(tenants_table(&picture.tenants), tenants);
    frame.render_widget(trouble(picture), gap);
    frame.render_widget(calls_table(picture, calls), calls);
}

fn summary(picture: &Picture) -> Line<'static> {
    let (up, links) =
        picture.tenants.iter().fold((0, 0), |(up, links), tenant| (up + tenant.links_up, links + tenant.links));
    let style = if up < links { Style::new().bold().fg(Color::Yellow) } else { Style::new().bold() };
    let text = format!(
        "{} calls  {:.0} % of a core  {up} of {links} links up   order: {}   c cpu  a age  b buffer  arrows scroll  q quit",
        picture.total,
        picture.cpu_percent(),
        picture.order().name()
    );
    Line::styled(text, style)
}

fn trouble(picture: &Picture) -> Line<'static> {
    picture.trouble.as_ref().map_or_else(Line::default, |why| Line::from(format!("no answer: {why}")).red().bold())
}

fn tenants_table(tenants: &[TenantLine]) -> Table<'static> {
    let rows = tenants.iter().map(|tenant| {
        let calls = match tenant.calls_max {
            Some(calls_max) => format!("{} of {calls_max}", tenant.calls),
            None => tenant.calls.to_string(),
        };
        let memory = format!("{:.1} MiB", tenant.memory_bytes as f64 / f64::from(1 << 20));
        let links = format!("{}/{}", tenant.links_up, tenant.links);
        let links = if tenant.links_up < tenant.links { Cell::from(links).yellow() } else { Cell::from(links) };
        Row::new([Cell::from(tenant.name.clone()), links, Cell::from(calls), Cell::from(memory)])
    });
    let widths = [Constraint::Fill(2), Constraint::Length(8), Constraint::Length(16), Constraint::Length(14)];
    Table::new(rows, widths).header(Row::new(["tenant", "links", "calls", "memory"]).underlined())
}

fn calls_table(picture: &Picture, area: Rect) -> Table<'static> {
    let shown = usize::from(area.height.saturating_sub(1));
    let rows = picture.calls.iter().skip(picture.skipped).take(shown).map(call_row);
    let widths = [
        Constraint::Fill(3),
        Constraint::Fill(2),
        Constraint::Fill(2),
        Constraint::Length(12),
        Constraint::Length(10),
        Constraint::Length(8),
        Constraint::Length(7),
        Constraint::Length(9),
        Constraint::Length(6),
    ];
    let header = ["call", "tenant", "plugin", "version", "state", "here", "cpu %", "queued", "lost"];
    Table::new(rows, widths).header(Row::new(header).underlined())
}

fn call_row(call: &CallLine) -> Row<'static> {
    let cells = [
        call.id.clone(),
        call.tenant.clone(),
        call.plugin.clone(),
        call.version.clone(),
        call.state.clone(),
        age(call.age_ms),
        format!("{:.1}", call.cpu_percent),
        call.queued_samples.to_string(),
        call.samples_lost.to_string(),
    ];
    let row = Row::new(cells);
    let odd = call.cpu_percent >= CPU_PERCENT_LOUD || call.samples_lost > 0;
    if odd { row.yellow() } else { row }
}

/// `0:07`, `12:34`, `1:02:03`.
fn age(ms: u64) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use serde_json::{Value, json};

    use super::*;

    fn calls(cpu_us: u64) -> Value {
        let call = |id: &str, cpu_us: u64| {
            json!({"id": id, "tenant": "acme", "plugin": "echo", "version": "1dd4b2b24b49", "stage": "talking",
                   "state": "answered", "duration_ms": 65_000, "cpu_us": cpu_us, "buffers": {"queued_samples": 320},
                   "audio": {"samples_lost": 0}})
        };
        json!({"total": 3, "calls": [call("quiet", 0), call("loud", cpu_us)]})
    }

    fn picture() -> Picture {
        let quota = json!({"calls": 3, "calls_max": 50, "memory_bytes": 3 << 20});
        let tenants =
            json!({"tenants": [{"name": "acme", "quota": quota, "connectors": [{"up": true}, {"up": false}]}]});
        let (mut picture, now) = (Picture::default(), Instant::now());
        picture.take(&tenants, &calls(0), now);
        picture.take(&tenants, &calls(250_000), now + Duration::from_secs(1));
        picture
    }

    fn drawn(picture: &Picture, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| draw(frame, picture)).expect("it is drawn");
        let buffer = terminal.backend().buffer().clone();
        let line = |row| (0..width).map(|column| buffer[(column, row)].symbol().to_owned()).collect::<String>();
        (0..height).map(|row| line(row).trim_end().to_owned()).collect()
    }

    #[test]
    fn tenants_and_calls_have_a_line_each() {
        let lines = drawn(&picture(), 120, 10);
        assert!(lines[0].starts_with("3 calls  25 % of a core  1 of 2 links up   order: cpu"), "{lines:#?}");
        let words = |line: &String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&lines[2]), ["acme", "1/2", "3", "of", "50", "3.0", "MiB"]);
        assert_eq!(words(&lines[5]), ["loud", "acme", "echo", "1dd4b2b24b49", "answered", "1:05", "25.0", "320", "0"]);
        assert_eq!(words(&lines[6])[0], "quiet");
        assert!(lines[7..].iter().all(String::is_empty), "{lines:#?}");
    }

    #[test]
    fn what_failed_is_said_beside_what_was_seen() {
        let mut picture = picture();
        picture.lost("nobody is there".to_owned());
        let lines = drawn(&picture, 120, 10);
        assert_eq!(lines[3], "no answer: nobody is there");
        assert!(lines[5].starts_with("loud"));
    }

    #[test]
    fn a_small_terminal_shows_what_fits() {
        for (width, height) in [(1, 1), (20, 3), (40, 6), (200, 60)] {
            assert_eq!(drawn(&picture(), width, height).len(), usize::from(height));
        }
    }

    #[test]
    fn ages_are_written_as_clocks_are() {
        assert_eq!([7_000, 754_000, 3_723_000].map(age), ["0:07", "12:34", "1:02:03"]);
    }
}
