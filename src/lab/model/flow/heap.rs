//! A collector's memory: the data it holds, garbage in proportion to its rate, and a heap that Go returns slowly.

use crate::lab::model::params::{
    GARBAGE_PER_RATE, HEAP_FALL_S, HEAP_KEPT, HEAP_RISE_S, IDLE_HEAP, MEMORY_PER_BYTE, MIB,
};

#[derive(Debug, Clone)]
pub struct Heap {
    /// RSS without load, bytes.
    idle: f64,
    /// RSS of the process, bytes.
    pub rss: f64,
    /// Live and not yet collected, bytes.
    pub alloc: f64,
    /// Allocated since the start, bytes.
    pub total_alloc: f64,
    retained: f64,
    peak: f64,
    rate: f64,
    /// The phase between two garbage collections, 0 to 1.
    phase: f64,
}

impl Heap {
    pub fn new(idle: f64) -> Self {
        Heap {
            idle,
            rss: idle * 0.8,
            alloc: IDLE_HEAP,
            total_alloc: IDLE_HEAP,
            retained: 0.0,
            peak: 0.0,
            rate: 0.0,
            phase: 0.0,
        }
    }

    /// One step: `items` arrived in `dt` seconds, and `held` bytes of bulk JSON are held.
    pub fn step(&mut self, items: f64, held: f64, dt: f64) {
        self.rate += (items / dt - self.rate) * (dt / 4.0).min(1.0);
        let live = held * MEMORY_PER_BYTE;
        let garbage = GARBAGE_PER_RATE * self.rate + 0.2 * live;
        // Memory is returned slowly, and never all of it.
        self.peak = self.peak.max(garbage);
        let floor = self.peak * HEAP_KEPT;
        let towards = garbage.max(floor);
        let pace = if towards > self.retained { HEAP_RISE_S } else { HEAP_FALL_S };
        self.retained += (towards - self.retained) * (dt / pace).min(1.0);
        let allocated = items * GARBAGE_PER_RATE * 1.4 + 20_000.0 * dt;
        self.total_alloc += allocated;
        self.phase += (allocated / (self.retained + 4.0 * MIB)).min(0.4);
        if self.phase >= 1.0 {
            self.phase -= 1.0;
        }
        self.alloc = IDLE_HEAP + live + self.retained * self.phase;
        let up = self.idle + live + self.retained * (0.86 + 0.14 * self.phase);
        let pace = if up > self.rss { 3.0 } else { 6.0 };
        self.rss += (up - self.rss) * (dt / pace).min(1.0);
    }

    /// Memory that the runtime obtained from the system, bytes.
    pub fn system(&self) -> f64 {
        self.rss * 0.78
    }
}
