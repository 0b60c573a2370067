//! Kubeconfigs that are cut, in another encoding, bombs, or whose plugins hang, flood or print late.

use crate::dice::Dice;
use crate::process::{Family, cases, edot_tui, run, together};
use std::time::Duration;

const SECRET: &str = "t0k3n-0f-th3-plug1n";

fn hold(family: &Family, case: &str, text: &[u8], asked: Duration) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, text).unwrap();
    let wait = format!("{}s", asked.as_secs());
    let mut command = edot_tui(&["status", "--wait", &wait, "--request-timeout", "1s"]);
    command.env("KUBECONFIG", &path);
    let ended = run(command, asked);
    family.hold(case, &ended, asked);
    family.expect(!ended.stderr.contains(SECRET), || format!("{case}: a secret is shown: {}", ended.stderr));
    ended.stderr
}

fn sound(server: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster: {{server: \"{server}\"}}\n\
         users:\n- name: c\n  user: {user}\ncontexts:\n- name: c\n  context: {{cluster: c, user: c}}\n"
    )
}

/// A kubeconfig whose plugin is this shell script.
fn plugin(server: &str, script: &str) -> Vec<u8> {
    let script = script.replace('"', "\\\"");
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /bin/sh, args: [\"-c\", \"{script}\"]}}}}"
    );
    sound(server, &user).into_bytes()
}

#[test]
fn odd_texts() {
    let family = Family::new("kubeconfigs");
    let good = sound("http://127.0.0.1:1", "{token: a}");
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let wide = [b"\xff\xfe".to_vec(), utf16(&good)].concat();
    let laughs = (0..12).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
        format!("{text}a{}: &a{} [{}]\n", n + 1, n + 1, vec![format!("*a{n}"); 10].join(","))
    });
    for (case, text) in [
        ("UTF-16 of an odd length", wide[..wide.len() - 1].to_vec()),
        ("UTF-16, cut in a surrogate", [wide.clone(), b"\x3d\xd8".to_vec()].concat()),
        ("UTF-16 without a mark", utf16(&good)),
        ("UTF-8 with a mark", [b"\xef\xbb\xbf".to_vec(), b"x".to_vec()].concat()),
        ("zeros", vec![0; 100_000]),
        ("deep YAML", "[".repeat(100_000).into_bytes()),
        ("deep blocks", (0..3_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>().into_bytes()),
        ("aliases of aliases", format!("{laughs}{good}").into_bytes()),
        ("a long line", format!("{good}# {}\n", "a".repeat(20 << 20)).into_bytes()),
        ("many contexts", format!("{good}{}", "- name: c\n  context: {}\n".repeat(100_000)).into_bytes()),
    ] {
        hold(&family, case, &text, Duration::from_secs(1));
    }
    family.end();
}

fn changed(count: u64) {
    let family = Family::new("kubeconfigs changed at random");
    let good = sound("http://127.0.0.1:1", "{token: a, client-certificate-data: aGVsbG8=}").into_bytes();
    for seed in 0..count {
        let mut dice = Dice::new(seed);
        let mut bytes = good.clone();
        for _ in 0..1 + dice.below(20) {
            let at = dice.below(bytes.len());
            match dice.below(3) {
                0 => bytes[at] ^= 1 << dice.below(8),
                1 => drop(bytes.drain(at..(at + dice.below(20)).min(bytes.len()))),
                _ => bytes.insert(at, dice.below(256) as u8),
            }
        }
        hold(&family, &format!("seed {seed}"), &bytes, Duration::from_secs(1));
    }
    family.end();
}

#[test]
fn changed_in_short() {
    changed(10);
}

#[test]
#[ignore = "long"]
fn changed_long() {
    changed(cases(200));
}

#[test]
fn plugins() {
    let family = Family::new("credential plugins");
    // Nothing listens there: what counts here is that the plugin ends.
    let server = "https://127.0.0.1:1";
    let answer = format!(r#"{{"kind":"ExecCredential","status":{{"token":"{SECRET}"}}}}"#);
    let asked = Duration::from_secs(2);
    let cases = [
        ("hangs", "exec sleep 60".to_owned(), true),
        ("hangs in a child", "sleep 60; echo".to_owned(), true),
        ("ignores signals", "trap '' TERM INT HUP; while :; do sleep 1; done".to_owned(), true),
        ("floods stdout", "exec yes".to_owned(), true),
        ("floods stderr and fails", format!("yes {SECRET} | head -c 50000000 >&2; exit 1"), true),
        ("prints brackets", "head -c 500000 /dev/zero | tr '\\0' '['".to_owned(), true),
        ("prints nothing, and its child holds the pipe", "sleep 60 &".to_owned(), true),
        ("its child holds the pipe", format!("sleep 60 & echo '{answer}'"), false),
        ("its child prints", format!("(sleep 1; echo '{answer}') &"), false),
    ];
    together(cases, |(case, script, is_refused)| {
        let printed = hold(&family, case, &plugin(server, &script), asked);
        let expected = if is_refused { "the credential plugin" } else { "cannot reach" };
        family.expect(printed.contains(expected), || format!("{case}: {printed}"));
    });
    family.end();
}
