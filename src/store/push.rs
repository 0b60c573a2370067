//! A recording into the store: its file, what is derived from it, and at last the session's document, which says that all of it
//! is there. Must not change the recording.

use super::bulk::{Sent, send};
use super::document::{About, Stored, document};
use super::{Client, StoreError, chunk, derived, id};
use crate::advise;
use crate::error::CommandError;
use crate::recording;
use crate::session::Session;
use crate::verdict::{self, Expectations};
use ring::digest::{Context, SHA256};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

/// Bytes of documents that are built before they are sent.
const AHEAD: u64 = 2 << 20;

/// What was pushed.
#[derive(Clone, Debug, Default)]
pub struct Pushed {
    pub id: String,
    /// Bytes of the file.
    pub bytes: u64,
    pub sent: Sent,
}

/// Who and what a recording is, as far as its file says so.
///
/// # Errors
/// It cannot be read, or is not a recording.
pub fn about(path: &Path, tags: &[String]) -> Result<About, CommandError> {
    let header = recording::open(path)?.header;
    let id = id::of(path, &header).map_err(|e| CommandError::from(e).context(path.display().to_string()))?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let user = std::env::var("USER").unwrap_or_default();
    Ok(About { id, file, header, user, tags: tags.to_vec() })
}

/// Sends all of a recording.
///
/// # Errors
/// It cannot be read; the store refuses it, or does not answer in time.
pub async fn push(
    client: &Client,
    path: &Path,
    tags: &[String],
    expected: &Expectations,
    tries: u32,
) -> Result<Pushed, CommandError> {
    let about = about(path, tags)?;
    let mut session = advise::session();
    recording::open(path)?.by_ref().for_each(|seen| session.apply(&seen));
    let (stored, mut sent) = file(client, path, &about.id, tries).await?;
    sent.add(rest(client, &about, &stored, &session, expected, tries).await?);
    Ok(Pushed { id: about.id, bytes: stored.bytes, sent })
}

/// Sends what is derived from a session that has ended, and then its document.
///
/// # Errors
/// Those of [`send`].
pub async fn rest(
    client: &Client,
    about: &About,
    stored: &Stored,
    session: &Session,
    expected: &Expectations,
    tries: u32,
) -> Result<Sent, StoreError> {
    let mut sent = send(client, derived::documents(about, session, i64::MIN, session.now_ms()), tries).await?;
    let verdict = verdict::run(session, expected);
    sent.add(send(client, vec![document(about, stored, session, &verdict)], tries).await?);
    Ok(sent)
}

/// Sends the file in chunks.
async fn file(client: &Client, path: &Path, id: &str, tries: u32) -> Result<(Stored, Sent), CommandError> {
    let mut file = File::open(path)?;
    let chunk_bytes = chunk::size(&read(&mut file, 2)?);
    file.rewind()?;
    let (mut hash, mut sent) = (Context::new(&SHA256), Sent::default());
    let (mut stored, mut docs) = (Stored { chunk_bytes, ..Stored::default() }, Vec::new());
    for n in 0.. {
        let bytes = read(&mut file, chunk_bytes)?;
        if !bytes.is_empty() {
            hash.update(&bytes);
            stored.bytes += bytes.len() as u64;
            docs.push(chunk::document(id, n, &bytes, chunk_bytes));
        }
        if docs.len() as u64 * chunk_bytes >= AHEAD || bytes.is_empty() {
            sent.add(send(client, std::mem::take(&mut docs), tries).await?);
        }
        if bytes.is_empty() {
            break;
        }
    }
    stored.sha256 = Some(hex(hash));
    Ok((stored, sent))
}

/// The next bytes of a file, as many as there are.
fn read(file: &mut File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A hash as text.
pub fn hex(hash: Context) -> String {
    hash.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect()
}
