//! The status of each feed and when it last gave data. Must not decide what a state means for other panes.

use crate::observe::{Feed, FeedState, FeedStatus, Time};
use std::collections::BTreeMap;

/// A feed's state as of now.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedNow {
    pub status: FeedStatus,
    /// In this state since.
    pub since: Time,
    /// The last observation that carried data.
    pub last_data: Option<Time>,
}

/// Every feed that has reported something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feeds {
    feeds: BTreeMap<Feed, FeedNow>,
}

impl Feeds {
    pub fn set(&mut self, at: Time, status: &FeedStatus) {
        let before = self.feeds.get(&status.feed);
        let since = before.filter(|b| b.status.state == status.state).map_or(at, |b| b.since);
        let last_data = before.and_then(|b| b.last_data);
        self.feeds.insert(status.feed, FeedNow { status: status.clone(), since, last_data });
    }

    /// Notes that `feed` delivered data.
    pub fn data(&mut self, at: Time, feed: Feed) {
        let now = self.feeds.entry(feed).or_insert_with(|| FeedNow {
            status: FeedStatus::new(feed, FeedState::Up),
            since: at,
            last_data: None,
        });
        now.last_data = Some(at);
    }

    pub fn get(&self, feed: Feed) -> Option<&FeedNow> {
        self.feeds.get(&feed)
    }

    pub fn state(&self, feed: Feed) -> FeedState {
        self.feeds.get(&feed).map_or(FeedState::Connecting, |f| f.status.state)
    }

    pub fn is_up(&self, feed: Feed) -> bool {
        self.state(feed) == FeedState::Up
    }
}
