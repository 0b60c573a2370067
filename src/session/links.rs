//! How each feed stands and when it last gave data. Must not decide what a state means for other panes.

use crate::observe::{Feed, Link, LinkState, Time};
use std::collections::BTreeMap;

/// A feed's state as of now.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkNow {
    pub link: Link,
    /// In this state since.
    pub since: Time,
    /// The last observation that carried data.
    pub last_data: Option<Time>,
}

/// Every feed that has said something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Links {
    feeds: BTreeMap<Feed, LinkNow>,
}

impl Links {
    pub fn set(&mut self, at: Time, link: &Link) {
        let before = self.feeds.get(&link.feed);
        let since = before.filter(|b| b.link.state == link.state).map_or(at, |b| b.since);
        let last_data = before.and_then(|b| b.last_data);
        self.feeds.insert(link.feed, LinkNow { link: link.clone(), since, last_data });
    }

    /// Notes that `feed` gave data.
    pub fn data(&mut self, at: Time, feed: Feed) {
        let now = self.feeds.entry(feed).or_insert_with(|| LinkNow {
            link: Link::new(feed, LinkState::Up),
            since: at,
            last_data: None,
        });
        now.last_data = Some(at);
    }

    pub fn get(&self, feed: Feed) -> Option<&LinkNow> {
        self.feeds.get(&feed)
    }

    pub fn state(&self, feed: Feed) -> LinkState {
        self.feeds.get(&feed).map_or(LinkState::Connecting, |f| f.link.state)
    }

    pub fn is_up(&self, feed: Feed) -> bool {
        self.state(feed) == LinkState::Up
    }
}
