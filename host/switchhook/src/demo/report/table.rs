//! The closing table, as the page shows it: each row leads to its panel.

use super::text::{escape, name};
use crate::demo::table::{CallSummary, HEADER, cells};

/// The table of these calls, each with the id of its panel.
pub fn table(calls: &[(String, &CallSummary)]) -> String {
    let mut html = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"All calls\">\n<table id=\"calls\">\n\
         <caption>All calls</caption>\n<thead><tr>",
    );
    for title in HEADER {
        html.push_str(&format!("<th scope=\"col\">{}</th>", escape(title)));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for (id, summary) in calls {
        html.push_str(&format!("<tr><th scope=\"row\"><a href=\"#{id}\">{}</a></th>", name(&summary.call)));
        for cell in cells(summary) {
            html.push_str(&format!("<td>{}</td>", escape(&cell)));
        }
        html.push_str(&format!("<td class=\"outcome\">{}</td></tr>\n", name(&summary.outcome)));
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
    html
}
