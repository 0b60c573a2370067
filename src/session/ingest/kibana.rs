//! Links into Kibana for a period, in forms that 8.x and 9.x both accept. Must not open anything.

use crate::observe::Time;
use crate::session::Session;
use chrono::SecondsFormat;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A page of Kibana.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KibanaLink {
    pub name: &'static str,
    pub url: String,
}

/// The dashboards of `assets/kibana`, which are there once they were imported: what each is called here, and its id.
const OWN: [(&str, &str); 3] = [
    ("edot-tui: the session", "edot-tui-session"),
    ("edot-tui: decisions", "edot-tui-decisions"),
    ("edot-tui: losses", "edot-tui-losses"),
];

/// Links for a session's time and HPA; empty where Kibana's address is unknown.
pub fn of(session: &Session) -> Vec<KibanaLink> {
    let window = session.began.zip(session.now);
    let about = session.ingest.cluster.as_ref().filter(|a| !a.kibana.is_empty());
    let Some(((from, to), about)) = window.zip(about) else { return Vec::new() };
    let version = if about.kibana_version.is_empty() { &about.version } else { &about.kibana_version };
    let hpa = (session.watching.namespace.as_str(), session.watching.hpa.as_str());
    links(&about.kibana, version, hpa, from, to)
}

/// Links for `from..to` at Kibana's base address; edot-tui's own dashboards are filtered by the HPA (namespace, name).
fn links(base: &str, version: &str, (namespace, hpa): (&str, &str), from: Time, to: Time) -> Vec<KibanaLink> {
    let base = base.trim_end_matches('/');
    let iso = |t: Time| t.to_rfc3339_opts(SecondsFormat::Millis, true);
    let (from, to) = (iso(from), iso(to));
    let range = format!(
        "rangeFrom={}&rangeTo={}&environment=ENVIRONMENT_ALL&comparisonEnabled=false",
        encode(&from),
        encode(&to)
    );
    let params = |query: &str, columns: &str| {
        format!(
            r#"{{"dataViewSpec":{{"title":"logs-*","timeFieldName":"@timestamp"}},"timeRange":{{"from":"{from}","to":"{to}"}},"query":{{"language":"kuery","query":"{query}"}},"columns":[{columns}]}}"#
        )
    };
    let discover = |query: &str, columns: &str| {
        format!("app/r?l=DISCOVER_APP_LOCATOR&v={}&p={}", encode(version), encode(&params(query, columns)))
    };
    let columns = r#""service.name","log.level","message","trace.id""#;
    let pages = [
        ("APM: services", format!("app/apm/services?{range}")),
        ("APM: traces", format!("app/apm/traces?{range}")),
        ("APM: service map", format!("app/apm/service-map?{range}")),
        ("Discover: logs", discover("", columns)),
        ("Discover: logs without a level", discover("not log.level : *", columns)),
        ("Dashboards", format!("app/dashboards#/list?_g=(time:(from:'{from}',to:'{to}'))")),
    ];
    let query = format!(r#"namespace:"{namespace}" and hpa:"{hpa}""#);
    let own = OWN.map(|(name, id)| {
        let state =
            format!("_g=(time:(from:'{from}',to:'{to}'))&_a=(query:(language:kuery,query:'{}'))", encode(&query));
        (name, format!("app/dashboards#/view/{id}?{state}"))
    });
    pages.into_iter().chain(own).map(|(name, path)| KibanaLink { name, url: format!("{base}/{path}") }).collect()
}

/// Percent-encoded for a query.
fn encode(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::links;
    use crate::observe::Time;

    #[test]
    fn links_carry_the_period() {
        let at = |s| Time::from_timestamp(s, 0).unwrap();
        let hpa = ("observability-lab", "edot-gateway-hpa");
        let all = links("https://kb.example.com/s/lab/", "8.19.21", hpa, at(1_795_000_000), at(1_795_000_600));
        assert_eq!(
            all[0].url,
            "https://kb.example.com/s/lab/app/apm/services?rangeFrom=2026-11-18T11%3A06%3A40.000Z&rangeTo=2026-11-18T11%3A16%3A40.000Z&environment=ENVIRONMENT_ALL&comparisonEnabled=false"
        );
        let discover = &all[3].url;
        assert!(discover.starts_with("https://kb.example.com/s/lab/app/r?l=DISCOVER_APP_LOCATOR&v=8.19.21&p=%7B%22"));
        let own = &all[6].url;
        assert!(own.starts_with("https://kb.example.com/s/lab/app/dashboards#/view/edot-tui-session?_g=(time:(from:'"));
        assert!(
            own.ends_with("query:'namespace%3A%22observability-lab%22%20and%20hpa%3A%22edot-gateway-hpa%22'))"),
            "{own}"
        );
        assert!(all.iter().all(|l| l.url.contains("2026-11-18T11") && !l.url.contains([' ', '"', '\n'])), "{all:?}");
    }
}
