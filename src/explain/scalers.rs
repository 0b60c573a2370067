//! What decides over the target besides the HPA, in words. Must not find it out.

use crate::observe::{ScaledObjectSeen, TriggerSeen};
use crate::session::scalers::{Pause, falls_back, pause};

/// What a pause does.
pub fn paused(how: Pause) -> String {
    match how {
        Pause::All => "there is no HPA meanwhile, and the replicas stay as they are".into(),
        Pause::At(replicas) => format!("there is no HPA meanwhile, and the target is held at {replicas}"),
        Pause::ScaleIn => "the HPA's scale-down is turned off".into(),
        Pause::ScaleOut => "the HPA's scale-up is turned off".into(),
    }
}

/// `ScaledObject web: prometheus queue active, cpu; from 0 and to 0 it is KEDA that scales, 300 s after the last activity`.
pub fn scaled_object(made: &ScaledObjectSeen) -> String {
    let triggers: Vec<String> = made.triggers.iter().map(trigger).collect();
    let mut text = format!("ScaledObject {}: {}", made.name, triggers.join(", "));
    if let Some(formula) = &made.formula {
        text += &format!(", combined as {formula}");
    }
    if let Some(how) = pause(made) {
        return format!("{text}; paused: {}", paused(how));
    }
    if falls_back(made) {
        let replicas = made.fallback.as_ref().and_then(|f| f.replicas);
        let at = replicas.map(|replicas| format!(", which asks for {replicas}")).unwrap_or_default();
        return format!("{text}; a trigger fails, so its metric is the fallback{at}");
    }
    match (made.min_replicas.unwrap_or(0), made.idle_replicas) {
        (min, Some(idle)) if idle < min => text += &format!("; between {idle} and {min} it is KEDA that scales"),
        (0, _) => text += "; from 0 and to 0 it is KEDA that scales",
        _ => return text,
    }
    // KEDA's own default.
    format!("{text}, {} s after the last activity", made.cooldown_s.unwrap_or(300))
}

fn trigger(trigger: &TriggerSeen) -> String {
    let name = if trigger.name.is_empty() { String::new() } else { format!(" {}", trigger.name) };
    let active = match trigger.active {
        Some(true) => " active",
        Some(false) => " idle",
        None => "",
    };
    format!("{}{name}{active}", trigger.kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Condition, FallbackSeen};

    #[test]
    fn it_says_what_keda_does_itself() {
        let queue = TriggerSeen { kind: "prometheus".into(), name: "queue".into(), active: Some(true) };
        let cpu = TriggerSeen { kind: "cpu".into(), ..TriggerSeen::default() };
        let mut made =
            ScaledObjectSeen { name: "web".into(), triggers: vec![queue, cpu], ..ScaledObjectSeen::default() };
        let zero = "ScaledObject web: prometheus queue active, cpu; from 0 and to 0 it is KEDA that scales, 300 s after the last activity";
        assert_eq!(scaled_object(&made), zero);
        (made.min_replicas, made.idle_replicas, made.cooldown_s) = (Some(2), Some(0), Some(60));
        assert!(
            scaled_object(&made).ends_with("; between 0 and 2 it is KEDA that scales, 60 s after the last activity")
        );
        made.idle_replicas = None;
        assert_eq!(scaled_object(&made), "ScaledObject web: prometheus queue active, cpu");
        made.fallback = Some(FallbackSeen { replicas: Some(4), failures: Some(3) });
        made.conditions = vec![Condition { kind: "Fallback".into(), status: "True".into(), ..Condition::default() }];
        assert!(scaled_object(&made).ends_with("a trigger fails, so its metric is the fallback, which asks for 4"));
        made.annotations.insert("paused-replicas".into(), "3".into());
        assert!(scaled_object(&made).ends_with("paused: there is no HPA meanwhile, and the target is held at 3"));
    }
}
