//! An answer of the API server that is read line by line as it comes: a watch, or a log. Must not interpret the lines.

use super::error::{ApiError, ApiErrorKind, ResourceAttributes};
use super::request::{cut, renewing, silence};
use crate::source::live::context::FeedContext;
use http_body_util::BodyExt;
use kube::client::Body;
use std::time::Duration;
use tokio::time::timeout;

/// The longest line of a watch, in bytes. An object has at most 1.5 MB.
const LINE: usize = 16 << 20;

/// The lines of the answer to a GET of `path`, once the server has begun to answer.
///
/// # Errors
/// See [`ApiErrorKind`]; `limit` is that of the answer's beginning.
pub async fn open(
    shared: &FeedContext,
    path: &str,
    attributes: &ResourceAttributes,
    limit: Duration,
) -> Result<Lines, ApiError> {
    let within = timeout(limit, renewing(shared, path, attributes, true));
    let answer = within.await.unwrap_or_else(|_| Err(silence(shared, attributes, limit)))?;
    Ok(Lines::new(answer.into_body()))
}

/// An answer, one line at a time. Taking a line costs no more than its length, however many arrived at once.
pub struct Lines {
    body: Body,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were taken.
    taken: usize,
    /// This many bytes of the buffer, taken or not, hold no further line end.
    searched: usize,
    over: bool,
}

impl Lines {
    fn new(body: Body) -> Lines {
        Lines { body, buffer: Vec::new(), taken: 0, searched: 0, over: false }
    }

    /// The next line without its end; None when the answer is over. Empty lines are skipped, and a line that broke off is
    /// dropped. Nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// The answer broke off, or a line is too long.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        loop {
            if let Some(end) = self.line_end() {
                let line = self.buffer[self.taken..end].to_vec();
                self.take_to(end + 1);
                if line.iter().all(u8::is_ascii_whitespace) {
                    polite().await;
                    continue;
                }
                return Ok(Some(line));
            }
            if self.over {
                return Ok(None);
            }
            if self.buffer.len() - self.taken > LINE {
                return Err(ApiError::new(
                    ApiErrorKind::Garbled,
                    format!("a line of the watch is longer than {} MB", LINE >> 20),
                ));
            }
            self.fill().await?;
        }
    }

    /// The next line, at most `most` bytes of it; the rest of a longer one is skipped and takes no memory. For the free
    /// text of a log; an empty line counts too.
    ///
    /// # Errors
    /// The answer broke off.
    pub async fn next_part(&mut self, most: usize) -> Result<Option<Vec<u8>>, ApiError> {
        let mut line = Vec::new();
        loop {
            let end = self.line_end();
            let until = end.unwrap_or(self.buffer.len());
            let room = most.saturating_sub(line.len()).min(until - self.taken);
            line.extend_from_slice(&self.buffer[self.taken..self.taken + room]);
            self.take_to(end.map_or(until, |end| end + 1));
            if end.is_some() || (self.over && !line.is_empty()) {
                polite().await;
                return Ok(Some(line));
            }
            if self.over {
                return Ok(None);
            }
            self.fill().await?;
        }
    }

    /// Where the next line ends in the buffer, if it does.
    fn line_end(&mut self) -> Option<usize> {
        let from = self.searched.max(self.taken);
        let end = self.buffer[from..].iter().position(|b| *b == b'\n').map(|at| from + at);
        self.searched = end.unwrap_or(self.buffer.len());
        end
    }

    fn take_to(&mut self, at: usize) {
        self.taken = at;
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            (self.taken, self.searched) = (0, 0);
        }
    }

    /// Read on until something came, or the answer is over.
    async fn fill(&mut self) -> Result<(), ApiError> {
        match self.body.frame().await {
            None => self.over = true,
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.buffer.drain(..self.taken);
                    self.searched -= self.taken.min(self.searched);
                    self.taken = 0;
                    self.buffer.extend_from_slice(&data);
                }
            }
            Some(Err(e)) => return Err(cut(&e, self.buffer.len() - self.taken)),
        }
        Ok(())
    }
}

/// Lets other tasks have a turn from time to time: an answer that always has another line would keep them from running, and
/// the program from its end.
async fn polite() {
    tokio::task::coop::consume_budget().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn lines(text: &[u8]) -> Lines {
        Lines::new(Body::from(text.to_vec()))
    }

    #[tokio::test]
    async fn lines_come_one_by_one_and_blank_ones_only_in_a_log() {
        let text = b"a\n\n \nbc\nrest";
        let (mut watch, mut log) = (lines(text), lines(text));
        let (mut seen, mut parts) = (Vec::new(), Vec::new());
        while let Some(line) = watch.next().await.unwrap() {
            seen.push(String::from_utf8(line).unwrap());
        }
        while let Some(line) = log.next_part(1).await.unwrap() {
            parts.push(String::from_utf8(line).unwrap());
        }
        assert_eq!(seen, ["a", "bc"]);
        assert_eq!(parts, ["a", "", " ", "b", "r"]);
    }

    #[tokio::test]
    async fn many_lines_that_arrive_at_once_are_read_in_time_and_let_others_run() {
        let turns = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = turns.clone();
        let other = tokio::spawn(async move {
            loop {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let begun = Instant::now();
        let text = b"\n".repeat(2_000_000);
        assert!(lines(&text).next().await.unwrap().is_none());
        let mut log = lines(&text);
        while log.next_part(100).await.unwrap().is_some() {}
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
        assert!(turns.load(std::sync::atomic::Ordering::Relaxed) > 100, "nothing else ran meanwhile");
        other.abort();
    }
}
