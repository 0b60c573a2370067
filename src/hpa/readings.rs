//! One value per pod for one metric, read from the samples as the controller's metrics client reads them. Must not decide
//! which readings count; `groups` does.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    fault::{Api, Fault},
    pods::{PodName, PodSample},
};

/// One pod's value for one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub pod: PodName,
    /// Milli-units.
    pub value: i64,
    /// The end of the sample.
    pub at: DateTime<Utc>,
    /// The length of time that the sample is a mean over.
    pub window: TimeDelta,
}

/// Readings with unique pods, sorted by pod name: look-ups are binary searches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readings(Vec<Reading>);

impl Readings {
    /// Sorts; of two readings of one pod the later in the list stays, as in the controller's map.
    #[must_use]
    pub fn new(mut list: Vec<Reading>) -> Self {
        if !list.is_sorted_by(|a, b| a.pod < b.pod) {
            list.reverse();
            list.sort_by(|a, b| a.pod.cmp(&b.pod));
            list.dedup_by(|later, first| later.pod == first.pod);
        }
        Self(list)
    }

    /// The readings, by pod name.
    #[must_use]
    pub fn as_slice(&self) -> &[Reading] {
        &self.0
    }

    /// The index of the pod's reading. `guess` is tried first: pods and samples are mostly in the same order.
    #[must_use]
    pub fn position(&self, pod: &str, guess: usize) -> Option<usize> {
        if self.0.get(guess).is_some_and(|r| *r.pod == *pod) {
            return Some(guess);
        }
        self.0.binary_search_by(|r| (*r.pod).cmp(pod)).ok()
    }
}

/// The usage of one resource in each sampled pod: of all its containers together, or of the one named.
///
/// A pod one of whose containers lacks the resource has no reading; neither has one whose sample lacks the named
/// container, unless `absent_container_fails` (up to Kubernetes 1.32), which makes that an error.
///
/// # Errors
/// `Fault::Empty` without samples, `Fault::ContainerNotSampled` as described.
pub fn of_resource(
    samples: &[PodSample],
    resource: &str,
    container: Option<&str>,
    absent_container_fails: bool,
    namespace: &str,
) -> Result<Readings, Fault> {
    if samples.is_empty() {
        return Err(Fault::Empty { api: Api::Resource });
    }
    let mut list = Vec::with_capacity(samples.len());
    for sample in samples {
        let value = match container {
            None => sum_of_containers(sample, resource),
            Some(name) => match sample.containers.iter().find(|c| c.name == name) {
                Some(found) => found.usage.get(resource).copied(),
                None if absent_container_fails => {
                    return Err(Fault::ContainerNotSampled {
                        container: name.to_owned(),
                        namespace: namespace.to_owned(),
                        pod: sample.pod.clone(),
                    });
                }
                None => None,
            },
        };
        if let Some(value) = value {
            list.push(Reading { pod: sample.pod.clone(), value, at: sample.at, window: sample.window });
        }
    }
    Ok(Readings::new(list))
}

/// The pod's usage, if every container of the sample (and there is one) has the resource.
fn sum_of_containers(sample: &PodSample, resource: &str) -> Option<i64> {
    let mut sum = 0_i64;
    for container in &sample.containers {
        sum = sum.wrapping_add(*container.usage.get(resource)?);
    }
    (!sample.containers.is_empty()).then_some(sum)
}

/// Readings of a Pods metric: the controller does not look at their times, so `at` is the time of all.
///
/// # Errors
/// `Fault::Empty` without values.
pub fn of_custom(values: &[(PodName, i64)], at: DateTime<Utc>) -> Result<Readings, Fault> {
    if values.is_empty() {
        return Err(Fault::Empty { api: Api::Custom });
    }
    let reading = |(pod, value): &(PodName, i64)| Reading {
        pod: pod.clone(),
        value: *value,
        at,
        // what the controller's client assumes when the API gives none
        window: TimeDelta::seconds(60),
    };
    Ok(Readings::new(values.iter().map(reading).collect()))
}
