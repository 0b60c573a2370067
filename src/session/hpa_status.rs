//! Replica counts and conditions as reported in `HPA.status`. Its zeros are ambiguous: the API omits a current 0, and
//! writes a desired 0 before anything was decided. Must not look at the target.

use crate::observe::{Condition, HpaSeen};

/// A condition of the HPA.
pub fn condition<'a>(hpa: &'a HpaSeen, kind: &str) -> Option<&'a Condition> {
    hpa.status.conditions.iter().find(|c| c.kind == kind)
}

/// The condition for a target whose scale the controller could not read in its last sync, so that it computed nothing.
pub fn unreadable(hpa: &HpaSeen) -> Option<&Condition> {
    condition(hpa, "AbleToScale").filter(|c| c.status == "False" && c.reason == "FailedGetScale")
}

/// The condition for metrics that the controller could not read in its last sync, so that it decided nothing.
pub fn undecided(hpa: &HpaSeen) -> Option<&Condition> {
    condition(hpa, "ScalingActive").filter(|c| c.status == "False" && c.reason.starts_with("FailedGet"))
}

/// `status.currentReplicas`; an omitted value is 0 if the controller has read the scale, else unknown.
pub fn current(hpa: &HpaSeen) -> Option<i32> {
    let read = condition(hpa, "AbleToScale").is_some() && unreadable(hpa).is_none();
    hpa.status.current_replicas.or(read.then_some(0))
}

/// `status.desiredReplicas`; a 0 counts only if it can be a decision: the target is at 0, or was scaled to it.
pub fn desired(hpa: &HpaSeen) -> Option<i32> {
    let scaled_to_zero = hpa.min_replicas == Some(0) && hpa.status.last_scale.is_some();
    let desired = hpa.status.desired_replicas;
    (desired != 0 || scaled_to_zero || current(hpa) == Some(0)).then_some(desired)
}

/// What the controller recommended last, as far as the status tells: what it asked for, or one beyond the bound that held it.
pub fn recommended(hpa: &HpaSeen) -> Option<i32> {
    let limited = condition(hpa, "ScalingLimited").filter(|c| c.status == "True").map_or("", |c| c.reason.as_str());
    let beyond = match limited {
        "TooFewReplicas" => -1,
        "TooManyReplicas" => 1,
        _ => 0,
    };
    desired(hpa).map(|asked| asked.saturating_add(beyond).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{HpaStatus, Time};

    fn reported(current_replicas: Option<i32>, desired_replicas: i32, able: Option<(&str, &str)>) -> HpaSeen {
        let able = able.map(|(status, reason)| Condition {
            kind: "AbleToScale".into(),
            status: status.into(),
            reason: reason.into(),
            ..Condition::default()
        });
        let conditions = able.into_iter().collect();
        let status = HpaStatus { current_replicas, desired_replicas, conditions, ..HpaStatus::default() };
        HpaSeen { min_replicas: Some(1), max_replicas: 4, status, ..HpaSeen::default() }
    }

    fn read(hpa: &HpaSeen) -> (Option<i32>, Option<i32>) {
        (current(hpa), desired(hpa))
    }

    #[test]
    fn a_bound_hides_what_was_recommended() {
        let limited = |reason: &str| {
            let mut hpa = reported(Some(2), 2, None);
            let limited = Condition {
                kind: "ScalingLimited".into(),
                status: "True".into(),
                reason: reason.into(),
                ..Condition::default()
            };
            hpa.status.conditions.push(limited);
            recommended(&hpa)
        };
        let all = ["TooFewReplicas", "TooManyReplicas", "ScaleUpLimit"].map(limited);
        assert_eq!(all, [Some(1), Some(3), Some(2)]);
        assert_eq!(recommended(&reported(None, 0, None)), None);
    }

    #[test]
    fn an_empty_status_means_nothing() {
        assert_eq!(read(&reported(None, 0, None)), (None, None));
        assert_eq!(read(&reported(None, 0, Some(("False", "FailedGetScale")))), (None, None));
    }

    #[test]
    fn a_target_at_zero_is_at_zero() {
        assert_eq!(read(&reported(None, 0, Some(("True", "SucceededGetScale")))), (Some(0), Some(0)));
        assert_eq!(read(&reported(None, 3, Some(("True", "SucceededRescale")))), (Some(0), Some(3)));
    }

    #[test]
    fn a_zero_that_was_not_decided_is_unknown() {
        let failing = reported(Some(2), 0, Some(("True", "SucceededGetScale")));
        assert_eq!(read(&failing), (Some(2), None));
        let mut to_zero = failing;
        to_zero.min_replicas = Some(0);
        assert_eq!(desired(&to_zero), None, "its metrics have never been read");
        to_zero.status.last_scale = Time::from_timestamp(1, 0);
        assert_eq!(read(&to_zero), (Some(2), Some(0)));
    }
}
