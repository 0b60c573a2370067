//! The kinds that need little code: events, nodes, services, metrics and so on.

use super::{Printer, age, age_of, each, labels, name, narrow, number, or_none, text, wide};
use crate::lab::model::Time;
use serde_json::{Value, json};

pub const ANY: Printer =
    Printer { columns: &[narrow("Name"), narrow("Age")], cells: |it, now| vec![name(it), age_of(it, now)] };

pub const EVENTS: Printer = Printer {
    columns: &[
        narrow("Last Seen"),
        narrow("Type"),
        narrow("Reason"),
        narrow("Object"),
        wide("Subobject"),
        wide("Source"),
        narrow("Message"),
        wide("First Seen"),
        wide("Count"),
        wide("Name"),
    ],
    cells: event,
};

/// An event with the field names of either group.
fn event(it: &Value, now: Time) -> Vec<Value> {
    let either = |core: &str, group: &str| match text(it, core) {
        "" => text(it, group).to_owned(),
        text => text.to_owned(),
    };
    let about = |key: &str| either(&format!("/involvedObject/{key}"), &format!("/regarding/{key}"));
    let micro = text(it, "/eventTime");
    let stamped = |core: &str, group: &str| match either(core, group) {
        stamp if stamp.is_empty() => micro.to_owned(),
        stamp => stamp,
    };
    let first = stamped("/firstTimestamp", "/deprecatedFirstTimestamp");
    let last = match text(it, "/series/lastObservedTime") {
        "" => stamped("/lastTimestamp", "/deprecatedLastTimestamp"),
        series => series.to_owned(),
    };
    let component = match either("/source/component", "/deprecatedSource/component") {
        none if none.is_empty() => either("/reportingComponent", "/reportingController"),
        component => component,
    };
    let host = either("/source/host", "/deprecatedSource/host");
    let source = if host.is_empty() { component } else { format!("{component}, {host}") };
    let count = number(it, "/series/count").max(number(it, "/count")).max(number(it, "/deprecatedCount")).max(1);
    vec![
        json!(age::since(&last, now)),
        json!(text(it, "/type")),
        json!(text(it, "/reason")),
        json!(format!("{}/{}", about("kind").to_lowercase(), about("name"))),
        json!(about("fieldPath")),
        json!(source),
        json!(either("/message", "/note").trim()),
        json!(age::since(&first, now)),
        json!(count),
        name(it),
    ]
}

pub const NODES: Printer = Printer {
    columns: &[
        narrow("Name"),
        narrow("Status"),
        narrow("Roles"),
        narrow("Age"),
        narrow("Version"),
        wide("Internal-IP"),
        wide("External-IP"),
        wide("OS-Image"),
        wide("Kernel-Version"),
        wide("Container-Runtime"),
    ],
    cells: |it, now| {
        let ready = each(it, "/status/conditions").find(|c| c["type"] == "Ready");
        let mut status = match ready.map(|c| c["status"] == "True") {
            Some(true) => "Ready".to_owned(),
            Some(false) => "NotReady".to_owned(),
            None => "Unknown".to_owned(),
        };
        if it["spec"]["unschedulable"] == true {
            status.push_str(",SchedulingDisabled");
        }
        let own = it["metadata"]["labels"].as_object().into_iter().flatten();
        let roles: Vec<&str> = own.filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
        let address = |kind: &str| {
            let found = each(it, "/status/addresses").find(|a| a["type"] == kind);
            or_none(found.map(|a| text(a, "/address")).unwrap_or_default())
        };
        let info = |key: &str| text(it, &format!("/status/nodeInfo/{key}")).to_owned();
        vec![
            name(it),
            json!(status),
            or_none(roles.join(",")),
            age_of(it, now),
            json!(info("kubeletVersion")),
            address("InternalIP"),
            address("ExternalIP"),
            json!(info("osImage")),
            json!(info("kernelVersion")),
            json!(info("containerRuntimeVersion")),
        ]
    },
};

pub const NAMESPACES: Printer = Printer {
    columns: &[narrow("Name"), narrow("Status"), narrow("Age")],
    cells: |it, now| vec![name(it), json!(text(it, "/status/phase")), age_of(it, now)],
};

pub const SERVICES: Printer = Printer {
    columns: &[
        narrow("Name"),
        narrow("Type"),
        narrow("Cluster-IP"),
        narrow("External-IP"),
        narrow("Port(s)"),
        narrow("Age"),
        wide("Selector"),
    ],
    cells: |it, now| {
        let port = |p: &Value| match p["nodePort"].as_i64() {
            Some(node) => format!("{}:{node}/{}", number(p, "/port"), text(p, "/protocol")),
            None => format!("{}/{}", number(p, "/port"), text(p, "/protocol")),
        };
        let ports: Vec<String> = each(it, "/spec/ports").map(port).collect();
        vec![
            name(it),
            json!(text(it, "/spec/type")),
            or_none(text(it, "/spec/clusterIP")),
            json!("<none>"),
            or_none(ports.join(",")),
            age_of(it, now),
            or_none(labels(it, "/spec/selector")),
        ]
    },
};

fn count(it: &Value, pointers: &[&str]) -> usize {
    let of = |at: &&str| it.pointer(at).and_then(Value::as_object).map_or(0, serde_json::Map::len);
    pointers.iter().map(of).sum()
}

pub const CONFIGMAPS: Printer = Printer {
    columns: &[narrow("Name"), narrow("Data"), narrow("Age")],
    cells: |it, now| vec![name(it), json!(count(it, &["/data", "/binaryData"])), age_of(it, now)],
};

pub const SECRETS: Printer = Printer {
    columns: &[narrow("Name"), narrow("Type"), narrow("Data"), narrow("Age")],
    cells: |it, now| vec![name(it), json!(text(it, "/type")), json!(count(it, &["/data"])), age_of(it, now)],
};

pub const ENDPOINTS: Printer = Printer {
    columns: &[narrow("Name"), narrow("Endpoints"), narrow("Age")],
    cells: |it, now| {
        let all = each(it, "/subsets").flat_map(|subset| {
            let ports: Vec<i64> = each(subset, "/ports").map(|p| number(p, "/port")).collect();
            let one = move |a: &Value| ports.iter().map(|p| format!("{}:{p}", text(a, "/ip"))).collect::<Vec<_>>();
            each(subset, "/addresses").flat_map(one).collect::<Vec<_>>()
        });
        vec![name(it), or_none(all.collect::<Vec<_>>().join(",")), age_of(it, now)]
    },
};

pub const ENDPOINTSLICES: Printer = Printer {
    columns: &[narrow("Name"), narrow("AddressType"), narrow("Ports"), narrow("Endpoints"), narrow("Age")],
    cells: |it, now| {
        let ports: Vec<String> = each(it, "/ports").map(|p| number(p, "/port").to_string()).collect();
        let all = each(it, "/endpoints").flat_map(|e| each(e, "/addresses")).filter_map(Value::as_str);
        let unset = |list: String| if list.is_empty() { json!("<unset>") } else { json!(list) };
        let kind = json!(text(it, "/addressType"));
        let addresses = unset(all.collect::<Vec<_>>().join(","));
        vec![name(it), kind, unset(ports.join(",")), addresses, age_of(it, now)]
    },
};

pub const ELASTICSEARCHES: Printer = Printer {
    columns: &[narrow("Name"), narrow("Health"), narrow("Nodes"), narrow("Version"), narrow("Phase"), narrow("Age")],
    cells: |it, now| {
        let status = |key: &str| text(it, &format!("/status/{key}")).to_owned();
        let nodes = json!(number(it, "/status/availableNodes"));
        vec![
            name(it),
            json!(status("health")),
            nodes,
            json!(status("version")),
            json!(status("phase")),
            age_of(it, now),
        ]
    },
};

pub const POD_METRICS: Printer = Printer {
    columns: &[narrow("Name"), narrow("cpu"), narrow("memory"), narrow("Window")],
    cells: |it, _| {
        let sum = |resource: &str, unit: &str| {
            let all = each(it, "/containers")
                .map(|c| text(c, &format!("/usage/{resource}")).trim_end_matches(unit).parse::<i64>().unwrap_or(0));
            json!(format!("{}{unit}", all.sum::<i64>()))
        };
        vec![name(it), sum("cpu", "n"), sum("memory", "Ki"), json!(text(it, "/window"))]
    },
};

pub const NODE_METRICS: Printer = Printer {
    columns: &[narrow("Name"), narrow("cpu"), narrow("memory"), narrow("Window")],
    cells: |it, _| {
        vec![name(it), json!(text(it, "/usage/cpu")), json!(text(it, "/usage/memory")), json!(text(it, "/window"))]
    },
};
