//! Item counts of one signal, and what was counted between two scrapes of a collector. Data only.

/// Items of one signal, since the session began or between two scrapes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    pub accepted: f64,
    pub refused: f64,
    pub sent: f64,
    pub send_failed: f64,
    pub enqueue_failed: f64,
}

impl Totals {
    pub fn add(&mut self, more: &Totals) {
        self.accepted += more.accepted;
        self.refused += more.refused;
        self.sent += more.sent;
        self.send_failed += more.send_failed;
        self.enqueue_failed += more.enqueue_failed;
    }

    /// Items lost for good.
    pub fn lost(&self) -> f64 {
        self.send_failed + self.enqueue_failed
    }
}

/// What was counted between two scrapes of a collector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rise {
    /// When the scrape before was (milliseconds since 1970); None for the first.
    pub after: Option<i64>,
    /// In the order of [`crate::observe::Signal::ALL`].
    pub signals: [Totals; 3],
    /// Documents that Elasticsearch refused one by one, all signals together.
    pub rejected: f64,
}
