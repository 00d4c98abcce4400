//! What is shown: one look at the host, and what it shows when it is compared with the look before. Pure.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::Value;

use crate::cli::remote;

/// What `top` knows.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// The tenants, in the host's order.
    pub(super) tenants: Vec<TenantLine>,
    /// The calls that were listed, in the wanted order.
    pub(super) calls: Vec<CallLine>,
    /// Calls in all.
    pub(super) total: u64,
    /// Why the last look failed.
    pub(super) trouble: Option<String>,
    /// How many lines of calls are left out at the top.
    pub(super) skipped: usize,
    order: Order,
    /// Of each call, its processor time in microseconds.
    before: HashMap<String, u64>,
    looked: Option<Instant>,
}

/// What stands first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// The call whose handler computes most.
    #[default]
    Cpu,
    /// The oldest.
    Age,
    /// The one with the most audio waiting.
    Buffer,
}

/// One tenant.
#[derive(Debug, PartialEq)]
pub(super) struct TenantLine {
    pub(super) name: String,
    pub(super) links_up: usize,
    pub(super) links: usize,
    pub(super) calls: u64,
    pub(super) calls_max: Option<u64>,
    pub(super) memory_bytes: u64,
}

/// One call.
#[derive(Debug, PartialEq)]
pub(super) struct CallLine {
    pub(super) id: String,
    pub(super) tenant: String,
    pub(super) plugin: String,
    pub(super) version: String,
    pub(super) state: String,
    pub(super) age_ms: u64,
    /// Percent of a core since the look before.
    pub(super) cpu_percent: f64,
    pub(super) queued_samples: u64,
    pub(super) samples_lost: u64,
}

impl Picture {
    /// Takes a look.
    pub(super) fn take(&mut self, tenants: &Value, calls: &Value, now: Instant) {
        let since = self.looked.replace(now).map(|before| now.saturating_duration_since(before));
        self.tenants = list(&tenants["tenants"]).map(tenant_line).collect();
        self.total = number(calls, "total");
        let mut seen = HashMap::new();
        self.calls = list(&calls["calls"])
            .map(|call| {
                let mut line = call_line(call);
                let cpu_us = number(call, "cpu_us");
                if let (Some(before), Some(since)) = (self.before.get(&line.id), since)
                    && !since.is_zero()
                {
                    line.cpu_percent = 100.0 * cpu_us.saturating_sub(*before) as f64 / since.as_micros() as f64;
                }
                seen.insert(line.id.clone(), cpu_us);
                line
            })
            .collect();
        self.before = seen;
        self.trouble = None;
        self.sort();
    }

    /// A look failed: what was seen before stays, with the reason.
    pub(super) fn lost(&mut self, why: String) {
        self.trouble = Some(why);
    }

    pub(super) fn order_by(&mut self, order: Order) {
        self.order = order;
        self.skipped = 0;
        self.sort();
    }

    pub(super) fn order(&self) -> Order {
        self.order
    }

    /// Moves the list of calls by so many lines, as far as it goes.
    pub(super) fn scroll(&mut self, lines: isize) {
        self.skipped = self.skipped.saturating_add_signed(lines).min(self.calls.len().saturating_sub(1));
    }

    /// Percent of a core, all calls together.
    pub(super) fn cpu_percent(&self) -> f64 {
        // The sum of no floats is -0.
        self.calls.iter().fold(0.0, |sum, call| sum + call.cpu_percent)
    }

    fn sort(&mut self) {
        match self.order {
            Order::Cpu => self.calls.sort_by(|one, other| other.cpu_percent.total_cmp(&one.cpu_percent)),
            Order::Age => self.calls.sort_by_key(|call| std::cmp::Reverse(call.age_ms)),
            Order::Buffer => self.calls.sort_by_key(|call| std::cmp::Reverse(call.queued_samples)),
        }
        self.skipped = self.skipped.min(self.calls.len().saturating_sub(1));
    }
}

impl Order {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Age => "age",
            Self::Buffer => "buffer",
        }
    }
}

fn tenant_line(tenant: &Value) -> TenantLine {
    let links = || list(&tenant["connectors"]);
    TenantLine {
        name: text(tenant, "name"),
        links_up: links().filter(|link| link["up"] == true).count(),
        links: links().count(),
        calls: number(&tenant["quota"], "calls"),
        calls_max: tenant["quota"]["calls_max"].as_u64(),
        memory_bytes: number(&tenant["quota"], "memory_bytes"),
    }
}

fn call_line(call: &Value) -> CallLine {
    let (stage, state) = (text(call, "stage"), text(call, "state"));
    CallLine {
        id: text(call, "id"),
        tenant: text(call, "tenant"),
        plugin: text(call, "plugin"),
        version: text(call, "version"),
        state: if stage == "talking" { state } else { stage },
        age_ms: number(call, "duration_ms"),
        cpu_percent: 0.0,
        queued_samples: number(&call["buffers"], "queued_samples"),
        samples_lost: number(&call["audio"], "samples_lost"),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value, field: &str) -> String {
    remote::text(value, field).to_owned()
}

fn number(value: &Value, field: &str) -> u64 {
    value[field].as_u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn calls(of: &[(&str, u64, u64, u64)]) -> Value {
        let call = |(id, cpu_us, age_ms, queued): &(&str, u64, u64, u64)| {
            json!({"id": id, "tenant": "acme", "plugin": "echo", "version": "v", "stage": "talking", "state": "answered",
                   "duration_ms": age_ms, "cpu_us": cpu_us, "buffers": {"queued_samples": queued}, "audio": null})
        };
        json!({"total": of.len(), "calls": of.iter().map(call).collect::<Vec<_>>()})
    }

    fn ids(picture: &Picture) -> Vec<&str> {
        picture.calls.iter().map(|call| call.id.as_str()).collect()
    }

    #[test]
    fn shares_of_the_processor_are_those_between_two_looks() {
        let (mut picture, start) = (Picture::default(), Instant::now());
        assert!(picture.cpu_percent().is_sign_positive(), "nobody reads -0 %");
        picture.take(&Value::Null, &calls(&[("a", 5_000_000, 1, 0), ("b", 0, 2, 0)]), start);
        assert_eq!(picture.cpu_percent(), 0.0, "one look shows no share");
        let second = calls(&[("a", 5_100_000, 1, 0), ("b", 500_000, 2, 0), ("c", 900_000, 0, 0)]);
        picture.take(&Value::Null, &second, start + Duration::from_secs(2));
        let shares: Vec<_> = picture.calls.iter().map(|call| (call.id.as_str(), call.cpu_percent)).collect();
        assert_eq!(shares, [("b", 25.0), ("a", 5.0), ("c", 0.0)]);
        assert_eq!(picture.cpu_percent(), 30.0);
    }

    #[test]
    fn the_order_is_as_wanted_and_stays() {
        let mut picture = Picture::default();
        let some = [("a", 0, 10, 5), ("b", 0, 30, 0), ("c", 0, 20, 9)];
        picture.take(&Value::Null, &calls(&some), Instant::now());
        picture.order_by(Order::Age);
        assert_eq!(ids(&picture), ["b", "c", "a"]);
        picture.order_by(Order::Buffer);
        assert_eq!(ids(&picture), ["c", "a", "b"]);
        picture.take(&Value::Null, &calls(&some), Instant::now());
        assert_eq!(ids(&picture), ["c", "a", "b"]);
    }

    #[test]
    fn the_list_is_scrolled_within_its_ends() {
        let mut picture = Picture::default();
        picture.scroll(3);
        assert_eq!(picture.skipped, 0);
        picture.take(&Value::Null, &calls(&[("a", 0, 0, 0), ("b", 0, 0, 0)]), Instant::now());
        picture.scroll(10);
        assert_eq!(picture.skipped, 1);
        picture.scroll(-10);
        assert_eq!(picture.skipped, 0);
        picture.scroll(1);
        picture.take(&Value::Null, &calls(&[("a", 0, 0, 0)]), Instant::now());
        assert_eq!(picture.skipped, 0, "what is gone is not skipped");
    }

    #[test]
    fn an_odd_answer_is_shown_as_far_as_it_goes() {
        let mut picture = Picture::default();
        picture.take(&json!([1]), &json!({"total": "many", "calls": [7, {"id": "a"}]}), Instant::now());
        assert_eq!((picture.total, picture.tenants.len()), (0, 0));
        assert_eq!(ids(&picture), ["-", "a"]);
    }
}
