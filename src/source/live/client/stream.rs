//! An answer of the API server that is read line by line as it comes: a watch, or a log. Must not interpret the lines.

use super::error::{ApiError, ErrorKind, ResourceAttributes};
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
/// See [`ErrorKind`]; `limit` is that of the answer's beginning.
pub async fn open(
    shared: &FeedContext,
    path: &str,
    attributes: &ResourceAttributes,
    limit: Duration,
) -> Result<Lines, ApiError> {
    let within = timeout(limit, renewing(shared, path, attributes, true));
    let answer = within.await.unwrap_or_else(|_| Err(silence(shared, attributes, limit)))?;
    Ok(Lines { body: answer.into_body(), buffer: Vec::new(), searched: 0, over: false })
}

/// An answer, one line at a time.
pub struct Lines {
    body: Body,
    buffer: Vec<u8>,
    /// This many bytes of the buffer hold no line end.
    searched: usize,
    over: bool,
}

impl Lines {
    /// The next line without its end; None when the answer is over. Empty lines are skipped, and a line that broke off is
    /// dropped. Nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// The answer broke off, or a line is too long.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        loop {
            if let Some(at) = self.buffer[self.searched..].iter().position(|b| *b == b'\n') {
                let rest = self.buffer.split_off(self.searched + at + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.pop();
                self.searched = 0;
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Ok(Some(line));
            }
            self.searched = self.buffer.len();
            if self.over {
                return Ok(None);
            }
            if self.buffer.len() > LINE {
                return Err(ApiError::new(
                    ErrorKind::Garbled,
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
            let end = self.buffer.iter().position(|b| *b == b'\n');
            let taken = end.unwrap_or(self.buffer.len());
            let room = most.saturating_sub(line.len()).min(taken);
            line.extend_from_slice(&self.buffer[..room]);
            self.buffer.drain(..end.map_or(taken, |at| at + 1));
            if end.is_some() || (self.over && !line.is_empty()) {
                return Ok(Some(line));
            }
            if self.over {
                return Ok(None);
            }
            self.fill().await?;
        }
    }

    /// Read on until something came, or the answer is over.
    async fn fill(&mut self) -> Result<(), ApiError> {
        match self.body.frame().await {
            None => self.over = true,
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.buffer.extend_from_slice(&data);
                }
            }
            Some(Err(e)) => return Err(cut(&e, self.buffer.len())),
        }
        Ok(())
    }
}
