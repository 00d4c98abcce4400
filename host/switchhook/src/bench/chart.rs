//! The steps drawn: processor time and round trip over the number of calls, one line a contender. One self-contained SVG.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::report::StepReport;

/// The plot's size within a panel, and where a panel begins.
const PLOT: (f64, f64) = (360.0, 220.0);
const PANEL_WIDTH: f64 = 460.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 50.0;
/// Colours that can be told apart on white and on black.
const COLOURS: [&str; 5] = ["#2a78c8", "#d9730d", "#2f9e63", "#b0539f", "#8a6d3b"];

/// One panel: its title, and what it shows of a step.
type Panel = (&'static str, fn(&StepReport) -> f64);

const PANELS: [Panel; 2] = [
    ("cpu, ms a call-second", |step| step.cpu_ms_per_call_s),
    ("round trip p99, ms", |step| step.load.rtt_us[1] as f64 / 1_000.0),
];

/// The chart as SVG text.
pub fn svg(steps: &[StepReport]) -> String {
    let mut lines: BTreeMap<&str, Vec<&StepReport>> = BTreeMap::new();
    for step in steps {
        lines.entry(&step.contender).or_default().push(step);
    }
    let (width, height) = (PANEL_WIDTH * PANELS.len() as f64, TOP + PLOT.1 + 60.0 + 18.0 * lines.len() as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<style>text{{fill:#333}}path,line{{fill:none}}\
         @media(prefers-color-scheme:dark){{text{{fill:#ddd}}}}</style>\n"
    );
    for (index, panel) in PANELS.iter().enumerate() {
        draw(&mut svg, PANEL_WIDTH * index as f64 + LEFT, *panel, steps, &lines);
    }
    for (index, name) in lines.keys().enumerate() {
        let (y, colour) = (TOP + PLOT.1 + 55.0 + 18.0 * index as f64, COLOURS[index % COLOURS.len()]);
        push(&mut svg, &format!("<rect x=\"{LEFT}\" y=\"{}\" width=\"14\" height=\"4\" fill=\"{colour}\"/>", y - 6.0));
        push(&mut svg, &format!("<text x=\"{}\" y=\"{y}\">{}</text>", LEFT + 22.0, escape(name)));
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(
    svg: &mut String,
    x0: f64,
    (title, value): Panel,
    steps: &[StepReport],
    lines: &BTreeMap<&str, Vec<&StepReport>>,
) {
    let calls_max = steps.iter().map(|step| f64::from(step.calls)).fold(1.0, f64::max);
    let value_max = steps.iter().map(value).fold(1e-9, f64::max) * 1.05;
    let x = |calls: u32| x0 + PLOT.0 * f64::from(calls) / calls_max;
    let y = |value: f64| TOP + PLOT.1 * (1.0 - value / value_max);
    push(svg, &format!("<text x=\"{x0}\" y=\"{}\" font-weight=\"bold\">{title}</text>", TOP - 18.0));
    for part in 0..=4 {
        let at = value_max * f64::from(part) / 4.0;
        let (left, right, height) = (x0, x0 + PLOT.0, y(at));
        push(
            svg,
            &format!("<line x1=\"{left}\" x2=\"{right}\" y1=\"{height:.1}\" y2=\"{height:.1}\" stroke=\"#8884\"/>"),
        );
        push(svg, &format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{at:.2}</text>", left - 6.0, height + 4.0));
    }
    for (index, line) in lines.values().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let points: Vec<(f64, f64)> = line.iter().map(|step| (x(step.calls), y(value(step)))).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        push(svg, &format!("<path d=\"M{}\" stroke=\"{colour}\" stroke-width=\"2\"/>", path.join(" L")));
        for (x, y) in points {
            push(svg, &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>"));
        }
    }
    let mut ticks: Vec<u32> = steps.iter().map(|step| step.calls).collect();
    ticks.sort_unstable();
    ticks.dedup();
    for calls in ticks {
        let (x, y) = (x(calls), TOP + PLOT.1 + 18.0);
        push(svg, &format!("<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{calls}</text>"));
    }
    push(svg, &format!("<text x=\"{}\" y=\"{}\">calls at once</text>", x0, TOP + PLOT.1 + 36.0));
}

fn push(svg: &mut String, element: &str) {
    // A text takes whatever is written to it.
    let _ = writeln!(svg, "{element}");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::svg;
    use crate::bench::load::LoadResult;
    use crate::bench::report::StepReport;

    #[test]
    fn every_step_is_a_point_in_each_panel() {
        let step = |contender: &str, calls| StepReport {
            contender: contender.into(),
            calls,
            cpu_ms_per_call_s: 1.0,
            private_bytes_per_call: 70_000.0,
            context_switches_per_frame: 1.0,
            load: LoadResult { rtt_us: [100, 200, 300], ..LoadResult::default() },
        };
        let chart = svg(&[step("a<b", 10), step("a<b", 300), step("c", 10)]);
        assert_eq!(chart.matches("<circle").count(), 6);
        assert!(chart.contains("a&lt;b") && chart.ends_with("</svg>\n"));
    }
}
