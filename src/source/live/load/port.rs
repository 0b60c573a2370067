//! Where k6's REST API listens in its pod, as far as its arguments and environment say. Must not ask it.

use crate::observe::PodSeen;
use crate::source::live::convert;
use crate::source::live::discovered::PodTarget;
use crate::source::live::wire::{Container, Pod};

/// k6 in a pod, and the port of its REST API.
pub fn inside(pod: &Pod, seen: &PodSeen) -> PodTarget {
    let inside = PodTarget::of(seen, super::is_k6);
    let container = pod.spec.containers.iter().find(|c| convert::name(&c.name) == inside.container);
    PodTarget { port: container.and_then(of), ..inside }
}

/// The port after `--address` or `-a`, else the one in `K6_ADDRESS`; None where neither says one.
fn of(container: &Container) -> Option<u16> {
    // A shell's line is one argument.
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
    use super::of;
    use serde_json::{Value, json};

    fn port(container: Value) -> Option<u16> {
        of(&serde_json::from_value(container).unwrap())
    }

    #[test]
    fn arguments_go_before_the_environment() {
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
    fn where_nothing_is_said_nothing_is_known() {
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
