//! Removes what looks like a credential from text of plugins and servers, and from addresses, before any of it is quoted. Must
//! not shorten or clean it otherwise.

/// What stands in place of a credential.
const MASK: &str = "***";
/// Bytes that a secret has at least.
const SHORT: usize = 4;
/// What begins a well-known kind of token.
const PREFIXES: [&str; 6] = ["eyJ", "ya29.", "ghp_", "glpat-", "k8s-aws-v1.", "sha256~"];
/// A value after one of these and `:` or `=` is a credential, and the word after one of [`SCHEMES`].
const KEYS: [&str; 7] = ["token", "password", "passwd", "secret", "authorization", "apikey", "api_key"];
const SCHEMES: [&str; 3] = ["bearer", "basic", "apikey"];

/// `text` with every token, JWT, password and the user information of every URL replaced by `***`.
pub fn credentials(text: &str) -> String {
    let (mut out, mut expected) = (String::with_capacity(text.len()), false);
    for part in url_users(text).split_inclusive(separates) {
        let end = part.chars().next_back().filter(|c| separates(*c));
        let word = &part[..part.len() - end.map_or(0, char::len_utf8)];
        let lower = word.to_lowercase();
        let scheme = SCHEMES.contains(&lower.as_str());
        // Only `password: x`, `"password":"x"` or `password=x`, and not `the password is wrong`.
        let key = KEYS.iter().any(|key| lower.ends_with(key)) && matches!(end, Some(':' | '=' | '"' | '\''));
        let secret = expected && !word.is_empty() && !scheme && !key;
        out.push_str(if secret || is_token(word) { MASK } else { word });
        out.extend(end);
        expected = match word.is_empty() {
            true => expected,
            false => key || (scheme && end.is_some_and(|c| c == ' ' || c == ':')),
        };
    }
    out
}

/// `text` without these secrets, wherever they stand in it. A very short one is left, as it would be found in any word.
pub fn known<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let long = secrets.into_iter().filter(|secret| secret.len() >= SHORT);
    long.fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
}

/// Whether a variable or field of this name holds a secret: `AWS_SECRET_ACCESS_KEY`, `refresh-token`.
pub fn names_a_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["token", "passw", "secret", "credential", "private", "_key", "apikey"].iter().any(|part| name.contains(part))
}

/// The URL, or a text with URLs, without users and passwords.
pub fn url_users(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end =
            after.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | ',')).unwrap_or(after.len());
        let users = after[..end].rfind('@');
        if users.is_some() {
            out.push_str("***@");
        }
        rest = &after[users.map_or(0, |at| at + 1)..];
    }
    out + rest
}

fn separates(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            ':' | '=' | '"' | '\'' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '&' | '?' | '\\' | '`'
        )
}

/// A known kind of token, or a long word of mixed characters, as no name in Kubernetes is.
fn is_token(word: &str) -> bool {
    let long = |piece: &str| {
        let has = |is: fn(&u8) -> bool| piece.bytes().any(|b| is(&b));
        let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
        let hex = piece.len() >= 32 && piece.bytes().all(|b| b.is_ascii_hexdigit());
        piece.len() >= 20 && (mixed || hex)
    };
    PREFIXES.iter().any(|p| word.starts_with(p) && word.len() > p.len() + 6) || word.split(['/', '.']).any(long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_credential_is_masked_and_the_rest_is_kept() {
        for (text, masked) in [
            ("the token expired; run: login", "the token expired; run: login"),
            ("got eyJhbGciOi.eyJzdWIi.c2ln from it", "got *** from it"),
            (r#"{"access_token":"abc","expires":1}"#, r#"{"access_token":"***","expires":1}"#),
            ("bad header Authorization: ApiKey ap1-k3y", "bad header Authorization: ApiKey ***"),
            ("Authorization: Bearer abc", "Authorization: Bearer ***"),
            ("password=hunter2 user=me", "password=*** user=me"),
            ("ya29.SECRET-TOKEN-VALUE", "***"),
            ("GET https://me:pw@host:1/p failed", "GET https://***@host:1/p failed"),
            ("https://me:p@w@host", "https://***@host"),
            ("pods edot-gateway-7d9f8c6b5d-x2k4j.demo not found", "pods edot-gateway-7d9f8c6b5d-x2k4j.demo not found"),
            ("key Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZg", "key ***"),
        ] {
            assert_eq!(credentials(text), masked);
        }
    }
}
