//! The port of k6's REST API in a pod, from k6's arguments and environment. Must not connect to it.

use super::jobs::is_k6;
use crate::observe::PodSeen;
use crate::source::live::convert;
use crate::source::live::discovered::PodTarget;
use crate::source::live::wire::{Container, Pod};

/// k6 in a pod, and the port of its REST API.
pub fn k6_pod(pod: &Pod, seen: &PodSeen) -> PodTarget {
    let inside = PodTarget::of(seen, is_k6);
    let container = pod.spec.containers.iter().find(|c| convert::name(&c.name) == inside.container);
    PodTarget { port: container.and_then(rest_port), ..inside }
}

/// The port after `--address` or `-a`, else the one in `K6_ADDRESS`; None where neither has one.
fn rest_port(container: &Container) -> Option<u16> {
    // `sh -c` gets a whole command line as one argument.
    let words: Vec<&str> = container.command.iter().chain(&container.args).flat_map(|a| a.split_whitespace()).collect();
    let after = |i: usize| match words[i] {
        "--address" | "-a" => words.get(i + 1).copied(),
        word => word.strip_prefix("--address=").or_else(|| word.strip_prefix("-a=")),
    };
    let named = (0..words.len()).filter_map(after).next_back();
    let variable = || container.env.iter().find(|v| v.name == "K6_ADDRESS")?.value.as_deref();
    let address = named.or_else(variable)?.trim_matches(['"', '\'']);
    address.rsplit_once(':')?.1.parse().ok().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::rest_port;
    use serde_json::{Value, json};

    fn port(container: Value) -> Option<u16> {
        rest_port(&serde_json::from_value(container).unwrap())
    }

    #[test]
    fn arguments_override_the_environment() {
        let env = json!([{"name": "TOKEN"}, {"name": "K6_ADDRESS", "value": "localhost:7001"}]);
        for args in [
            json!(["run", "--address", "0.0.0.0:7000", "x.js"]),
            json!(["run", "--address=:7000"]),
            json!(["-a", "[::]:7000"]),
            json!(["-c", "k6 run --address=\"127.0.0.1:7000\" x.js || true"]),
        ] {
            assert_eq!(port(json!({"args": args, "env": env})), Some(7000), "{args}");
        }
        assert_eq!(port(json!({"command": ["k6", "run", "x.js"], "env": env})), Some(7001));
    }

    #[test]
    fn without_an_address_the_port_is_unknown() {
        for container in [
            json!({}),
            json!({"args": ["--address"]}),
            json!({"args": ["--address", "$(ADDR)"]}),
            json!({"args": ["--address=:0"]}),
            json!({"env": [{"name": "K6_ADDRESS", "valueFrom": {}}]}),
        ] {
            assert_eq!(port(container.clone()), None, "{container}");
        }
    }
}
