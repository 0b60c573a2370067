//! What a gateway's replica carries: what an item of each signal takes of its cpu, learned from what collectors report of
//! themselves, and what follows for a forecast. Must not show anything.

use crate::observe::{Role, Signal};
use crate::session::{Collector, Session, quantity};

/// A process that has just started uses cpu for that, milliseconds.
const STARTING: i64 = 30_000;
/// Two figures of a collector that are this close together, milliseconds, are of one scrape.
const SAME: i64 = 1000;
/// Fewer points than this say nothing.
const FEWEST: usize = 12;
/// Parts that are left out in turn, to see how much the result depends on each.
const PARTS: usize = 5;
/// A queue this full, and a share of the cpu limit, count as the end of what can be carried.
const FULL: f64 = 0.8;
const THROTTLED: f64 = 0.95;
/// Powers of the load that the cpu may follow below 1, and how much of the straight line's squared error one of them must leave
/// to be believed: straight is what a gateway is until it is shown otherwise.
const POWERS: [f64; 4] = [0.9, 0.8, 0.7, 0.6];
const BELIEVED: f64 = 0.7;

/// The standard deviation of each signal's share below which the mix counts as the same all the time.
const SAME_MIX: f64 = 0.02;
/// The share of the most load below which a gateway counts as idle.
const IDLE: f64 = 0.01;

/// Items per second by signal, in the order of [`Signal::ALL`].
pub type Rates = [f64; 3];

/// One scrape of a gateway.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// Cores.
    cpu: f64,
    rates: Rates,
}

impl Point {
    /// Items of all signals, per second.
    fn items(&self) -> f64 {
        self.rates.iter().sum()
    }
}

/// What the cpu of a replica is used for: `own + (item · rates) ^ power` cores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use {
    /// Cores without any load.
    pub own: f64,
    /// Core-seconds of an item of each signal, where the power is 1.
    pub item: Rates,
    /// Below 1 where an item takes less the more there are, as they then share batches and requests.
    pub power: f64,
}

impl Use {
    /// The cores that a load takes of one replica beyond what it uses by itself.
    pub fn of(&self, rates: Rates) -> f64 {
        self.load(rates).powf(self.power)
    }

    /// Core-seconds of an item of each signal at a load of one replica.
    pub fn item_at(&self, rates: Rates) -> Rates {
        let load = self.load(rates);
        let share = if load > 0.0 { self.of(rates) / load } else { 1.0 };
        self.item.map(|item| item * share)
    }

    /// How many replicas carry a load when each may use `cores`; None where a replica alone uses that much.
    pub fn replicas(&self, rates: Rates, cores: f64) -> Option<u32> {
        let room = self.room(cores)?;
        Some((self.load(rates) / room - 1e-9).ceil().clamp(1.0, f64::from(u32::MAX)) as u32)
    }

    fn load(&self, rates: Rates) -> f64 {
        self.item.iter().zip(rates).map(|(cost, rate)| cost * rate).sum()
    }

    /// The load that one replica carries with `cores`.
    fn room(&self, cores: f64) -> Option<f64> {
        Some(cores - self.own).filter(|room| *room > 0.0).map(|room| room.powf(1.0 / self.power))
    }
}

/// What limited the recorded system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// Nothing within the recorded load.
    None,
    Agents,
    Gateway,
    Elasticsearch,
}

/// What was learned of the gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct Capacity {
    pub likely: Use,
    /// The same without each part of the scrapes.
    pub others: Vec<Use>,
    pub points: usize,
    /// The share of each signal in the items, and the most that one replica accepted in a second.
    pub mix: Rates,
    pub most: f64,
    /// Items per second of a replica at which it first refused, or its queue filled; None where it never did.
    pub trouble: Option<f64>,
    /// The mean of what replicas accepted in a second while they were at their cpu limit; None where none was.
    pub throttled: Option<f64>,
    /// Cores: request and limit of a pod.
    pub request: Option<f64>,
    pub limit: Option<f64>,
    /// Percent of the request, where the HPA has a target for cpu.
    pub target: Option<i32>,
    /// The most memory of a replica, bytes.
    pub memory: Option<f64>,
    pub bottleneck: Bottleneck,
    /// What says so.
    pub because: String,
}

impl Capacity {
    /// Items per second of a replica that uses `cores`, at the recorded mix: the likeliest, the least and the most.
    pub fn carried(&self, cores: f64) -> Option<(f64, f64, f64)> {
        let of = |used: &Use| {
            let item = used.load(self.mix);
            used.room(cores).filter(|_| item > 0.0).map(|room| room / item)
        };
        let likely = of(&self.likely)?;
        let all = || self.others.iter().filter_map(of);
        Some((likely, all().fold(likely, f64::min), all().fold(likely, f64::max)))
    }

    /// Cores of a replica at the HPA's target.
    pub fn at_target(&self) -> Option<f64> {
        Some(self.request? * f64::from(self.target?) / 100.0)
    }

    /// Where a replica carries no more: refusals, a full queue, or its cpu limit, whichever comes first.
    pub fn knee(&self) -> Option<f64> {
        let limit = self.throttled.or_else(|| self.carried(self.limit?).map(|c| c.0));
        [self.trouble, limit].into_iter().flatten().min_by(f64::total_cmp)
    }

    /// Replicas for a load at the target: the likeliest, the least and the most.
    pub fn replicas(&self, rates: Rates) -> Option<(u32, u32, u32)> {
        let cores = self.at_target()?;
        let likely = self.likely.replicas(rates, cores)?;
        let all = || self.others.iter().filter_map(|used| used.replicas(rates, cores));
        Some((likely, all().min().unwrap_or(likely).min(likely), all().max().unwrap_or(likely).max(likely)))
    }
}

/// What was learned of a session, so that nothing is learned again while nothing has changed.
#[derive(Debug, Default)]
pub struct Learned {
    of: Option<Version>,
    capacity: Option<Capacity>,
}

/// Items that all gateways have accepted, the HPA's target, and the minute (of milliseconds since 1970).
type Version = (f64, Option<i32>, i64);

impl Learned {
    /// What one replica carries, by a session; None while that is not known. Learned again when items were accepted since, once
    /// a minute at the most.
    pub fn of(&mut self, session: &Session) -> Option<&Capacity> {
        let accepted = session
            .collectors
            .tier(Role::Gateway)
            .map_or(0.0, |tier| Signal::ALL.iter().map(|signal| tier.totals(*signal).accepted).sum());
        let version = (accepted, target(session), session.now_ms().div_euclid(60_000));
        let is_old = |of: &Version| (of.0, of.1) != (version.0, version.1) && (of.2 != version.2 || of.1 != version.1);
        if self.of.as_ref().is_none_or(is_old) {
            (self.of, self.capacity) = (Some(version), learn(&[session]).ok());
        }
        self.capacity.as_ref()
    }
}

/// Learns from the sessions at the ends of recordings; the last has the present settings.
///
/// # Errors
/// Nothing reports both cpu and items.
pub fn learn(sessions: &[&Session]) -> Result<Capacity, String> {
    let gateways = || sessions.iter().flat_map(|s| s.collectors.all()).filter(|c| c.role == Role::Gateway);
    let points: Vec<Point> = gateways().flat_map(points).collect();
    if points.len() < FEWEST {
        return Err(format!(
            "{} scrapes of gateways have both their cpu and what they accepted, which is too few",
            points.len()
        ));
    }
    let mut mix = [0.0; 3];
    points.iter().for_each(|p| mix.iter_mut().zip(p.rates).for_each(|(sum, rate)| *sum += rate));
    let sum: f64 = mix.iter().sum();
    if sum <= 0.0 {
        return Err("no gateway accepted anything in these recordings".into());
    }
    let mix = mix.map(|items| items / sum);
    let without = |part: usize| {
        let kept = points.iter().enumerate().filter(|(i, _)| i * PARTS / points.len() != part);
        fit(&kept.map(|p| *p.1).collect::<Vec<_>>())
    };
    let last = sessions.last().ok_or("there is no recording")?;
    let (request, limit) = settings(last);
    let at_limit = points.iter().filter(|p| limit.is_some_and(|limit| p.cpu >= limit * THROTTLED));
    let at_limit: Vec<f64> = at_limit.map(Point::items).collect();
    let likely = fit(&points);
    let (bottleneck, because) = bottleneck(sessions, limit);
    Ok(Capacity {
        likely,
        others: (0..PARTS).map(without).collect(),
        points: points.len(),
        mix,
        most: points.iter().map(Point::items).fold(0.0, f64::max),
        // One scrape may be a moment of garbage collection.
        throttled: (at_limit.len() > 1).then(|| at_limit.iter().sum::<f64>() / at_limit.len() as f64),
        trouble: gateways().filter_map(trouble).min_by(f64::total_cmp),
        request,
        limit,
        target: target(last),
        memory: gateways().map(|c| c.rss.peak()).filter(|m| *m > 0.0).max_by(f64::total_cmp),
        bottleneck,
        because,
    })
}

/// The scrapes of a collector that have its cpu and all that it accepted.
fn points(c: &Collector) -> Vec<Point> {
    let accepted = |ms: i64, signal| {
        let rate = &c.flow(signal).accepted.rate;
        rate.at(ms, SAME).map(|p| p.1)
    };
    let one = |(ms, cpu): (i64, f64)| {
        if c.began.is_some_and(|began| ms - began < STARTING) {
            return None;
        }
        // A signal that it never had is none.
        let rates = Signal::ALL.map(|s| if c.flow(s).accepted.total > 0.0 { accepted(ms, s) } else { Some(0.0) });
        let [Some(a), Some(b), Some(d)] = rates else { return None };
        Some(Point { cpu, rates: [a, b, d] })
    };
    c.cpu.rate.points().iter().filter_map(one).collect()
}

/// The use that explains the points best.
fn fit(points: &[Point]) -> Use {
    let most = points.iter().map(Point::items).fold(0.0, f64::max);
    if let Some(mix) = one_mix(points, most * IDLE) {
        // Which signal takes more cannot be known: an item is an item.
        let together = points.iter().map(|p| Point { rates: [p.items(), 0.0, 0.0], ..*p }).collect::<Vec<_>>();
        let found = best_fit(&together, most);
        return Use { item: mix.map(|share| if share > 0.0 { found.item[0] } else { 0.0 }), ..found };
    }
    best_fit(points, most)
}

/// The mean share of each signal, where all points above a load have about the same.
fn one_mix(points: &[Point], above: f64) -> Option<Rates> {
    let busy: Vec<Rates> =
        points.iter().filter(|p| p.items() > above).map(|p| p.rates.map(|rate| rate / p.items())).collect();
    let n = busy.len().max(1) as f64;
    let mean = [0, 1, 2].map(|s| busy.iter().map(|shares| shares[s]).sum::<f64>() / n);
    let spread = |s: usize| (busy.iter().map(|shares| (shares[s] - mean[s]).powi(2)).sum::<f64>() / n).sqrt();
    (0..3).all(|s| spread(s) < SAME_MIX).then_some(mean)
}

fn best_fit(points: &[Point], most: f64) -> Use {
    let (own, item) = line(points, |cpu| cpu, true);
    let straight = Use { own, item, power: 1.0 };
    let error = |used: &Use| points.iter().map(|p| (used.own + used.of(p.rates) - p.cpu).powi(2)).sum::<f64>();
    // By itself it uses what it does without a load, where it was seen so.
    let idle: Vec<f64> = points.iter().filter(|p| p.items() < most * IDLE).map(|p| p.cpu).collect();
    let own = if idle.is_empty() { own } else { idle.iter().sum::<f64>() / idle.len() as f64 };
    let bent = POWERS.map(|power| {
        let item = line(points, |cpu| (cpu - own).max(0.0).powf(1.0 / power), false).1;
        Use { own, item, power }
    });
    let best = bent.into_iter().min_by(|a, b| error(a).total_cmp(&error(b)));
    best.filter(|best| error(best) < error(&straight) * BELIEVED).unwrap_or(straight)
}

/// The line that explains `of` the points' cpu best (least squares), with nothing below zero: what there is without a load, where
/// `own` may be, and what an item of each signal adds.
fn line(points: &[Point], of: impl Fn(f64) -> f64, own: bool) -> (f64, Rates) {
    // In units of the mean of each signal, so that none weighs more than another.
    let n = points.len().max(1) as f64;
    let scale: Vec<f64> = (0..3).map(|s| points.iter().map(|p| p.rates[s]).sum::<f64>() / n).collect();
    let row = |p: &Point| {
        let scaled = |s: usize| if scale[s] > 0.0 { p.rates[s] / scale[s] } else { 0.0 };
        [if own { 1.0 } else { 0.0 }, scaled(0), scaled(1), scaled(2)]
    };
    let (mut squares, mut products) = ([[0.0; 4]; 4], [0.0; 4]);
    for p in points {
        let row = row(p);
        for i in 0..4 {
            (0..4).for_each(|j| squares[i][j] += row[i] * row[j]);
            products[i] += row[i] * of(p.cpu);
        }
    }
    let mut found = [0.0_f64; 4];
    for _ in 0..20_000 {
        let mut moved = 0.0_f64;
        for i in 0..4 {
            if squares[i][i] <= 0.0 {
                continue;
            }
            let rest: f64 = (0..4).filter(|j| *j != i).map(|j| squares[i][j] * found[j]).sum();
            let next = ((products[i] - rest) / squares[i][i]).max(0.0);
            moved = moved.max((next - found[i]).abs());
            found[i] = next;
        }
        if moved < 1e-12 {
            break;
        }
    }
    let item = |s: usize| if scale[s] > 0.0 { found[s + 1] / scale[s] } else { 0.0 };
    (found[0], [item(0), item(1), item(2)])
}

/// Items per second at which a collector first refused, or its queue was nearly full.
fn trouble(c: &Collector) -> Option<f64> {
    let refused = Signal::ALL.iter().flat_map(|s| c.flow(*s).refused.rate.points().iter().collect::<Vec<_>>());
    let refused = refused.filter(|p| p.1 > 0.0).map(|p| p.0);
    let full = c.queue.points().iter().filter(|p| p.1 >= FULL).map(|p| p.0);
    let first = refused.chain(full).min()?;
    c.accepted.rate.at(first, 10_000).map(|p| p.1).filter(|rate| *rate > 0.0)
}

/// Cores that a pod of the scale's target requests, and its limit.
fn settings(session: &Session) -> (Option<f64>, Option<f64>) {
    let pod = session.pods.live().chain(session.pods.all()).next();
    let sum = |of: fn(&crate::observe::ContainerSeen) -> Option<&String>| {
        let each = pod?.seen.containers.iter().map(|c| of(c).and_then(|q| quantity(q)));
        each.sum::<Option<f64>>().filter(|v| *v > 0.0)
    };
    (sum(|c| c.requests.get("cpu")), sum(|c| c.limits.get("cpu")))
}

fn target(session: &Session) -> Option<i32> {
    let metrics = &session.hpa.as_ref()?.metrics;
    metrics.iter().find(|m| m.name == "cpu" && m.value.utilization.is_some())?.value.utilization
}

/// What limited the recorded systems, and what says so.
fn bottleneck(sessions: &[&Session], limit: Option<f64>) -> (Bottleneck, String) {
    let peak = |role, of: fn(&Collector) -> f64| {
        let all = sessions.iter().flat_map(|s| s.collectors.all()).filter(move |c| c.role == role);
        all.map(of).fold(0.0, f64::max)
    };
    let cpu = limit.map_or(0.0, |limit| peak(Role::Gateway, |c| c.cpu.rate.peak()) / limit);
    let queue = peak(Role::Gateway, |c| c.queue.peak());
    let refused = |c: &Collector| Signal::ALL.iter().map(|s| c.flow(*s).refused.total).sum::<f64>();
    let lost = |c: &Collector| {
        Signal::ALL.iter().map(|s| c.flow(*s).send_failed.total + c.flow(*s).enqueue_failed.total).sum::<f64>()
    };
    let rejected: f64 =
        sessions.iter().filter_map(|s| s.collectors.tier(Role::Gateway)).map(|tier| tier.rejected_total).sum();
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    if cpu >= THROTTLED {
        return (Bottleneck::Gateway, format!("a gateway used {} of its cpu limit", percent(cpu)));
    }
    if queue >= FULL || rejected > 0.0 || peak(Role::Gateway, lost) > 0.0 {
        let why = format!(
            "the gateways' fullest queue to it was {} full, while they used at most {} of their cpu limit",
            percent(queue),
            percent(cpu)
        );
        return (Bottleneck::Elasticsearch, why);
    }
    if peak(Role::Gateway, refused) > 0.0 {
        return (Bottleneck::Gateway, "gateways refused items, and their queues were not full".into());
    }
    let agents = peak(Role::Agent, |c| c.queue.peak());
    if agents >= FULL {
        return (Bottleneck::Agents, format!("an agent's queue was {} full, and no gateway's was", percent(agents)));
    }
    (Bottleneck::None, "no queue filled, nothing was refused, and no gateway was at its cpu limit".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_made_the_points_is_found_again() {
        let made = Use { own: 0.008, item: [30e-6, 10e-6, 15e-6], power: 1.0 };
        let rates = |i: usize| [(i * 37 % 900) as f64, (i * 91 % 300) as f64, (i * 53 % 500) as f64];
        let points: Vec<Point> =
            (0..80).map(|i| Point { cpu: made.own + made.of(rates(i)), rates: rates(i) }).collect();
        let found = fit(&points);
        assert!((found.own - made.own).abs() < 1e-6, "{found:?}");
        assert!(found.item.iter().zip(made.item).all(|(a, b)| (a - b).abs() < b * 1e-3), "{found:?}");
        assert_eq!(found.power, 1.0);
    }

    /// A real collector (0.157, logs of 1 kB, OTLP to Elasticsearch, held to 100m): scrapes of up to 3500 items a second, of which it
    /// accepted 8860 at its limit.
    #[test]
    fn a_gateway_whose_items_become_cheaper_is_not_taken_for_a_straight_line() {
        let seen = [(0.0, 0.0004), (1500.0, 0.029), (2500.0, 0.045), (3500.0, 0.052)];
        let noise = |i: usize| 1.0 + ((i * 37 % 11) as f64 - 5.0) / 100.0;
        let points: Vec<Point> =
            (0..40).map(|i| Point { cpu: seen[i % 4].1 * noise(i), rates: [0.0, 0.0, seen[i % 4].0] }).collect();
        let found = fit(&points);
        let carried = found.room(0.1).unwrap() / found.item[2];
        assert!(found.power < 1.0 && (carried / 8860.0 - 1.0).abs() < 0.15, "{found:?} {carried}");
        let four = found.item_at([0.0, 0.0, 8860.0])[2] * 8860.0 + found.own;
        assert!((four - 0.1).abs() < 0.01, "{four}");
    }

    proptest! {
        #[test]
        fn more_load_never_needs_fewer_replicas(
            item in prop::array::uniform3(0.0..1e-3f64), own in 0.0..0.2f64, cores in 0.01..2.0f64, power in 0.6..1.0f64,
            rates in prop::array::uniform3(0.0..1e6f64), more in prop::array::uniform3(0.0..1e6f64),
        ) {
            let used = Use { own, item, power };
            let sum = [rates[0] + more[0], rates[1] + more[1], rates[2] + more[2]];
            prop_assert!(used.replicas(rates, cores) <= used.replicas(sum, cores));
        }
    }
}
