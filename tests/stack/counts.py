"""What the collectors counted, and what Elasticsearch holds. Only reads."""

import re
import sys
import time

from processes import ask

FIELDS = ("log.level", "trace.id", "span.id", "service.name")
MISSING = "(missing value)"


def totals(port):
    """A collector's counters and gauges, summed over all labels but receiver, exporter and connector: {(metric, component): value}."""
    out = {}
    for line in ask(f"http://127.0.0.1:{port}/metrics").splitlines():
        if found := re.match(r"otelcol_(\w+)\{(.*)\} ([-+.\deE]+)$", line):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', found[2]))
            key = (found[1], labels.get("exporter") or labels.get("receiver") or labels.get("connector") or "")
            out[key] = out.get(key, 0) + float(found[3])
    return out


def settled(ports, seconds=90):
    """The totals of all collectors once nothing moves and the queues are empty."""
    before, still, end = None, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        now = {name: totals(port) for name, port in ports.items()}
        moving = {(n, k): v for n, t in now.items() for k, v in t.items() if re.search("sent_|accepted_|queue_size$", k[0])}
        queued = sum(v for (_, (metric, _)), v in moving.items() if metric == "exporter_queue_size")
        still = still + 1 if moving == before and queued == 0 else 0
        if still >= 5:
            return now
        before = moving
        time.sleep(1.5)
    sys.exit("the collectors do not come to rest")


def received(of, kind):
    return int(sum(v for (metric, receiver), v in of.items() if metric == f"receiver_accepted_{kind}" and receiver in ("otlp", "file_log")))


def sent(of, kind):
    """What the exporters handed on. The exporters inside a load-balancing one count as well as itself: they are left out."""
    every = {name: v for (metric, name), v in of.items() if metric == f"exporter_sent_{kind}"}
    around = [name for name in every if name.startswith("load_balancing") and ":" not in name]
    return int(sum(v for name, v in every.items() if name in around or not (around and ":" in name)))


def lost(of):
    pattern = r"(exporter_(send|enqueue)_failed|receiver_(refused|failed)|processor_\w*refused)"
    return {metric: v for (metric, _), v in of.items() if v and re.match(pattern, metric)}


def documents(es, stream, since):
    """All documents of a pattern of data streams that are not older than `since`, each with its data stream's name in `_stream`."""
    ask(f"{es}/{stream}/_refresh", method="POST")
    query = {"size": 5000, "sort": ["_doc"], "query": {"range": {"@timestamp": {"gte": since}}}}
    page = ask(f"{es}/{stream}/_search?scroll=1m&ignore_unavailable=true", query)
    out = []
    while page["hits"]["hits"]:
        out += [{**hit["_source"], "_stream": re.sub(r"^\.ds-|-[\d.]+-\d+$", "", hit["_index"])} for hit in page["hits"]["hits"]]
        page = ask(f"{es}/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})
    return out


def lacking_fields(es, since):
    """How many records of each service lack a field, asked as Kibana would, by the fields' names; and how many have each level."""
    missing = {field: {"filter": {"bool": {"must_not": [{"exists": {"field": field}}]}}} for field in FIELDS}
    query = {
        "size": 0,
        "query": {"range": {"@timestamp": {"gte": since}}},
        "aggs": {
            "services": {"terms": {"field": "service.name", "size": 50, "missing": MISSING}, "aggs": missing},
            "levels": {"terms": {"field": "log.level", "missing": MISSING}},
        },
    }
    found = ask(f"{es}/logs-*.otel-*/_search", query)["aggregations"]
    services = {b["key"]: (b["doc_count"], {field: b[field]["doc_count"] for field in FIELDS}) for b in found["services"]["buckets"]}
    return services, {b["key"]: b["doc_count"] for b in found["levels"]["buckets"]}


def attribute(document, name):
    return document.get("resource", {}).get("attributes", {}).get(name, MISSING)


def whole_traces(spans):
    """Of the traces that reach Redis: those that lead there from a frontend's server span by an unbroken chain, and the others' chains."""
    by_id = {(s["trace_id"], s["span_id"]): s for s in spans}
    wanted = [("backend", "Client"), ("backend", "Server"), ("frontend", "Client"), ("frontend", "Server")]
    whole, broken = set(), []
    for span in spans:
        if "redis" not in (span["attributes"].get("db.system"), span["attributes"].get("db.system.name")):
            continue
        chain, at = [], span
        while at is not None:
            chain.append((attribute(at, "service.name"), at["kind"]))
            at = by_id.get((at["trace_id"], at.get("parent_span_id")))
        if chain == wanted:
            whole.add(span["trace_id"])
        else:
            broken.append(chain)
    return whole, broken
