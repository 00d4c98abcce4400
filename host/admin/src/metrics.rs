//! What Prometheus reads: counters that are added to as calls go by, and values that are looked up when somebody asks.
//!
//! Labels are names of the configuration and words of closed sets, so that no caller and no peer can make a new series.

use std::fmt;
use std::time::Duration;

use call::NetworkUsage;
use exchange::{
    CallRecord, ConnectorView, Handle, HandlerFault, LeftCall, PluginCounts, QuotaView, TenantView, Withdrawn,
};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use traces::SpanCounts;

/// Seconds that tell a good set-up from a bad one: what a caller does not notice, what they do, and what ends the call.
const SETUP_BUCKETS_S: [f64; 13] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

macro_rules! labels {
    ($name:ident $(, $word:ident)?) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
        struct $name {
            tenant: String,
            plugin: String,
            $($word: &'static str,)?
        }
    };
}

labels!(PluginLabels);
labels!(ReasonLabels, reason);
labels!(EndLabels, end);
labels!(PartLabels, part);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    tenant: String,
    plugin: String,
    code: &'static str,
    then: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LeftLabels {
    tenant: String,
    connector: String,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    result: &'static str,
}

#[derive(Clone, Debug)]
struct Setups;

impl MetricConstructor<Histogram> for Setups {
    fn new_metric(&self) -> Histogram {
        Histogram::new(SETUP_BUCKETS_S)
    }
}

/// What is counted as calls go by.
#[derive(Debug)]
pub(crate) struct Metrics {
    claimed: Family<PluginLabels, Counter>,
    taken: Family<PluginLabels, Counter>,
    left: Family<LeftLabels, Counter>,
    ended: Family<ReasonLabels, Counter>,
    guests: Family<EndLabels, Counter>,
    faults: Family<FaultLabels, Counter>,
    withdrawn: Family<PluginLabels, Counter>,
    reloads: Family<ReloadLabels, Counter>,
    setup: Family<PartLabels, Histogram, Setups>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            claimed: Family::default(),
            taken: Family::default(),
            left: Family::default(),
            ended: Family::default(),
            guests: Family::default(),
            faults: Family::default(),
            withdrawn: Family::default(),
            reloads: Family::default(),
            setup: Family::new_with_constructor(Setups),
        }
    }
}

impl Metrics {
    pub(crate) fn claimed(&self, tenant: &str, plugin: &str) {
        let labels = PluginLabels { tenant: tenant.to_owned(), plugin: plugin.to_owned() };
        self.claimed.get_or_create(&labels).inc();
    }

    pub(crate) fn taken(&self, tenant: &str, plugin: &str) {
        let labels = PluginLabels { tenant: tenant.to_owned(), plugin: plugin.to_owned() };
        self.taken.get_or_create(&labels).inc();
    }

    pub(crate) fn left(&self, left: &LeftCall<'_>) {
        let LeftCall { tenant, connector, why, .. } = *left;
        let labels = LeftLabels { tenant: tenant.to_owned(), connector: connector.to_owned(), reason: why.as_str() };
        self.left.get_or_create(&labels).inc();
    }

    pub(crate) fn failed(&self, fault: &HandlerFault<'_>) {
        let HandlerFault { tenant, plugin, code, then, .. } = *fault;
        let labels = FaultLabels { tenant: tenant.to_owned(), plugin: plugin.to_owned(), code, then };
        self.faults.get_or_create(&labels).inc();
    }

    pub(crate) fn withdrawn(&self, withdrawn: &Withdrawn<'_>) {
        let Withdrawn { tenant, plugin, .. } = *withdrawn;
        let labels = PluginLabels { tenant: tenant.to_owned(), plugin: plugin.to_owned() };
        self.withdrawn.get_or_create(&labels).inc();
    }

    pub(crate) fn reloaded(&self, result: &'static str) {
        self.reloads.get_or_create(&ReloadLabels { result }).inc();
    }

    pub(crate) fn ended(&self, call: &CallRecord) {
        let (tenant, plugin) = (&call.tenant, &call.plugin);
        let labels = ReasonLabels { tenant: tenant.clone(), plugin: plugin.clone(), reason: call.end.as_str() };
        self.ended.get_or_create(&labels).inc();
        let end = call.guest.as_ref().map_or("NONE", |guest| guest.code());
        self.guests.get_or_create(&EndLabels { tenant: tenant.clone(), plugin: plugin.clone(), end }).inc();
        let observe = |part, time: Duration| {
            let labels = PartLabels { tenant: tenant.clone(), plugin: plugin.clone(), part };
            self.setup.get_or_create(&labels).observe(time.as_secs_f64());
        };
        observe("guest", call.setup.guest);
        if call.began.is_some() {
            observe("voice", call.setup.voice);
        }
        if let Some(total) = call.setup.total() {
            observe("total", total);
        }
    }

    /// Everything as text, in the format of OpenMetrics, which Prometheus reads.
    pub(crate) fn text(&self, handle: &Handle, spans: Option<SpanCounts>) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("switchhook");
        registry.register("config_reloads", "Configurations that were read anew, by result", self.reloads.clone());
        registry.register("calls_claimed", "Calls that were claimed", self.claimed.clone());
        registry.register("calls_taken", "Calls that were taken from other hosts", self.taken.clone());
        registry.register(
            "calls_left",
            "Announcements of calls that were left to others, by reason",
            self.left.clone(),
        );
        registry.register("calls_ended", "Calls that are over, by reason", self.ended.clone());
        registry.register(
            "guests_ended",
            "How handlers ended; NONE: none ran, or it had to be dropped",
            self.guests.clone(),
        );
        registry.register(
            "handler_faults",
            "Steps of fault policies, by the fault that called for them",
            self.faults.clone(),
        );
        registry.register(
            "versions_withdrawn",
            "Versions that failed their calls over and over",
            self.withdrawn.clone(),
        );
        let help = "Set-up of calls: making the guest, opening the voice socket, and from the ringing to the answer";
        registry.register_with_unit("call_setup", help, Unit::Seconds, self.setup.clone());
        if let Some(SpanCounts { exported, dropped }) = spans {
            let exporting = [
                ("trace_spans_exported", "Spans of calls that a collector took", exported),
                ("trace_spans_dropped", "Spans of calls that no collector took", dropped),
            ];
            for (name, help, value) in exporting {
                let counter = Counter::<u64>::default();
                counter.inc_by(value);
                registry.register(name, help, counter);
            }
        }
        registry.register_collector(Box::new(Looked(handle.clone())));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// What is looked up when somebody asks.
struct Looked(Handle);

impl fmt::Debug for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Looked")
    }
}

type Labels<'a> = Vec<(&'static str, &'a str)>;
/// A metric's name, its help and its value.
type Row<T> = (&'static str, &'static str, fn(&T) -> u64);
type NoExemplar<'a> = Option<&'a Exemplar<[(&'static str, &'static str); 0], u64>>;

impl Collector for Looked {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut counts: Vec<_> = self.0.counts().into_iter().collect();
        counts.sort_by(|(one, _), (other, _)| one.cmp(other));
        let per_plugin: [Row<PluginCounts>; 5] = [
            ("audio_frames_in", "Audio frames from callers", |counts| counts.stats.frames_in),
            ("audio_frames_out", "Audio frames to callers", |counts| counts.stats.frames_out),
            ("audio_samples_in", "Samples from callers", |counts| counts.stats.samples_in),
            ("audio_samples_lost", "Samples that handlers were too late for", |counts| counts.stats.samples_lost),
            ("commands", "Commands of handlers that were accepted", |counts| counts.stats.commands),
        ];
        for (name, help, value) in per_plugin {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for ((tenant, plugin), counts) in &counts {
                counter(&mut metric, &vec![("tenant", tenant), ("plugin", plugin)], value(counts))?;
            }
        }
        let help = "Processor time of handlers";
        let mut metric = encoder.encode_descriptor("handler_cpu", help, Some(&Unit::Seconds), MetricType::Counter)?;
        for ((tenant, plugin), counts) in &counts {
            let labels: Labels<'_> = vec![("tenant", tenant), ("plugin", plugin)];
            let mut metric = metric.encode_family(&labels)?;
            metric.encode_counter::<[(&str, &str); 0], f64, u64>(&counts.cpu.as_secs_f64(), None)?;
        }
        let help = "Time for which handlers were parked, since they or their tenant had used up their share";
        let mut metric =
            encoder.encode_descriptor("handler_parked", help, Some(&Unit::Seconds), MetricType::Counter)?;
        for ((tenant, plugin), counts) in &counts {
            let labels: Labels<'_> = vec![("tenant", tenant), ("plugin", plugin)];
            let mut metric = metric.encode_family(&labels)?;
            metric.encode_counter::<[(&str, &str); 0], f64, u64>(&counts.parked.as_secs_f64(), None)?;
        }
        let tenants = self.0.tenants();
        quotas(&mut encoder, &tenants)?;
        networks(&mut encoder, &tenants)?;
        let mut metric = encoder.encode_descriptor("calls", "Calls that are here", None, MetricType::Gauge)?;
        for tenant in &tenants {
            for plugin in &tenant.plugins {
                let key = (tenant.name.clone(), plugin.name.clone());
                let calls = counts.iter().find(|(known, _)| *known == key).map_or(0, |(_, counts)| counts.calls);
                let labels: Labels<'_> = vec![("tenant", &tenant.name), ("plugin", &plugin.name)];
                metric.encode_family(&labels)?.encode_gauge(&(calls as u64))?;
            }
        }
        let open = u64::from(self.0.is_open());
        encoder
            .encode_descriptor("open", "1 while new calls are taken", None, MetricType::Gauge)?
            .encode_gauge(&open)?;
        let connectors: Vec<_> = tenants.into_iter().flat_map(|tenant| tenant.connectors).collect();
        links(&mut encoder, &connectors)
    }
}

/// What tenants use of their quotas, and the quotas that there are.
fn quotas(encoder: &mut DescriptorEncoder<'_>, tenants: &[TenantView]) -> Result<(), fmt::Error> {
    type Value = fn(&QuotaView) -> Option<u64>;
    let gauges: [(&str, &str, Value); 7] = [
        ("tenant_calls", "Calls and chats of the tenant that are here", |view| Some(view.calls as u64)),
        ("tenant_calls_max", "What of them its quota allows", |view| view.quota.calls_max.map(|max| max as u64)),
        ("tenant_setups_per_s_max", "Calls and chats a second that its quota allows", |view| {
            view.quota.setups_per_s_max.map(u64::from)
        }),
        ("tenant_places_per_s_max", "Calls and chats that its quota allows to be placed in a second", |view| {
            view.quota.places_per_s_max.map(u64::from)
        }),
        ("tenant_cpu_percent_max", "Percent of a core that its quota allows", |view| {
            view.quota.cpu_percent_max.map(u64::from)
        }),
        ("tenant_memory_bytes", "Memory of the tenant's guests, and what they make the host hold", |view| {
            Some(view.memory_bytes)
        }),
        ("tenant_memory_bytes_max", "What of that its quota allows", |view| view.quota.memory_bytes_max),
    ];
    for (name, help, value) in gauges {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for tenant in tenants {
            if let Some(value) = value(&tenant.quota) {
                let labels: Labels<'_> = vec![("tenant", &tenant.name)];
                metric.encode_family(&labels)?.encode_gauge(&value)?;
            }
        }
    }
    Ok(())
}

/// What handlers do with other hosts.
fn networks(encoder: &mut DescriptorEncoder<'_>, tenants: &[TenantView]) -> Result<(), fmt::Error> {
    let plugins = || {
        let of_tenant = |tenant: &'_ TenantView| {
            tenant.plugins.iter().map(|plugin| (tenant.name.clone(), plugin.clone())).collect::<Vec<_>>()
        };
        tenants.iter().flat_map(of_tenant).filter_map(|(tenant, plugin)| Some((tenant, plugin.name, plugin.network?)))
    };
    let help = "Sockets and requests of handlers to other hosts that are open or under way";
    let mut metric = encoder.encode_descriptor("network_open", help, None, MetricType::Gauge)?;
    for (tenant, plugin, usage) in plugins() {
        let labels: Labels<'_> = vec![("tenant", &tenant), ("plugin", &plugin)];
        metric.encode_family(&labels)?.encode_gauge(&usage.open)?;
    }
    let counters: [Row<NetworkUsage>; 3] = [
        ("network_connections", "Connections of handlers to other hosts that stood", |usage| usage.connections),
        ("network_received_bytes", "Bytes that handlers got from other hosts", |usage| usage.received_bytes),
        ("network_sent_bytes", "Bytes that handlers sent to other hosts", |usage| usage.sent_bytes),
    ];
    for (name, help, value) in counters {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (tenant, plugin, usage) in plugins() {
            counter(&mut metric, &vec![("tenant", &tenant), ("plugin", &plugin)], value(&usage))?;
        }
    }
    let help = "What handlers wanted of other hosts and did not get, by reason";
    let mut metric = encoder.encode_descriptor("network_refusals", help, None, MetricType::Counter)?;
    for (tenant, plugin, usage) in plugins() {
        for (reason, count) in [("not-granted", usage.not_granted), ("full", usage.full)] {
            counter(&mut metric, &vec![("tenant", &tenant), ("plugin", &plugin), ("reason", reason)], count)?;
        }
    }
    Ok(())
}

fn links(encoder: &mut DescriptorEncoder<'_>, connectors: &[ConnectorView]) -> Result<(), fmt::Error> {
    let mut metric =
        encoder.encode_descriptor("link_up", "1 while the session manager is up", None, MetricType::Gauge)?;
    for link in connectors {
        let labels: Labels<'_> = vec![("tenant", &link.tenant), ("connector", &link.name)];
        metric.encode_family(&labels)?.encode_gauge(&u64::from(link.up))?;
    }
    let per_link: [Row<ConnectorView>; 6] = [
        ("link_set_ups", "Session-manager sockets that were set up", |link| link.counts.set_ups),
        ("link_losses", "Session-manager sockets that were lost", |link| link.counts.losses),
        ("link_refusals", "Dials of session managers that failed", |link| link.counts.refusals),
        ("calls_announced", "Announcements of calls", |link| link.counts.announced),
        ("claims", "Claims that were granted", |link| link.counts.claims),
        ("claims_failed", "Claims that were not granted", |link| link.counts.claims_failed),
    ];
    for (name, help, value) in per_link {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for link in connectors {
            counter(&mut metric, &vec![("tenant", &link.tenant), ("connector", &link.name)], value(link))?;
        }
    }
    let help = "What servers sent wrong, by socket and kind";
    let mut metric = encoder.encode_descriptor("oddities", help, None, MetricType::Counter)?;
    for link in connectors {
        let sockets = [("manager", &link.counts.oddities_manager), ("voice", &link.counts.oddities_voice)];
        for (socket, oddities) in sockets {
            for (kind, count) in oddities {
                let labels = vec![
                    ("tenant", link.tenant.as_str()),
                    ("connector", &link.name),
                    ("socket", socket),
                    ("kind", kind),
                ];
                counter(&mut metric, &labels, *count)?;
            }
        }
    }
    Ok(())
}

fn counter(metric: &mut MetricEncoder<'_>, labels: &Labels<'_>, value: u64) -> Result<(), fmt::Error> {
    let exemplar: NoExemplar<'_> = None;
    metric.encode_family(labels)?.encode_counter(&value, exemplar)
}
