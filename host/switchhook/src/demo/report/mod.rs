//! The page that a demonstration leaves behind: `report.html`, self-contained, without scripts.
//!
//! Pure functions from plain structs to text. Everything that a handler or a carrier could have named goes through
//! [`text`]. Drawings are stretched to the width that there is while their words keep their size, so that the page can
//! be read on a telephone; calls of minutes are scrolled inside their panel.

pub mod axis;
pub mod events;
pub mod line;
pub mod panel;
pub mod table;
pub mod text;
pub mod wave;

#[cfg(test)]
mod tests;

pub use panel::CallPicture;
pub use wave::Wave;

/// The name of the page in the demonstration's folder.
pub const FILE_NAME: &str = "report.html";

/// The look of the page.
const STYLE: &str = include_str!("style.css");

/// The page.
pub fn page(calls: &[CallPicture<'_>]) -> String {
    let rows: Vec<(String, &crate::demo::table::CallSummary)> =
        calls.iter().enumerate().map(|(number, call)| (text::call_id(number), &call.summary)).collect();
    let one_call = if calls.len() == 1 { "one simulated call" } else { "simulated calls" };
    let count = if calls.len() == 1 { String::new() } else { format!("{} ", calls.len()) };
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Switchhook: what happened in {count}{one_call}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>What happened in {count}{one_call}</h1>\n\
         <p>Callers rang at a simulated Telcoflow on loopback, and handlers in their sandboxes answered. Each panel is one \
         call on one time axis, which begins when the phone rings. Numbers on it lead to the list below it.</p>\n"
    );
    html.push_str(&table::table(&rows));
    for (number, call) in calls.iter().enumerate() {
        html.push_str(&panel::panel(number, call));
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}
