//! Shipped scenarios are valid; errors name file, line, key and what is allowed.

use super::*;

fn wrong(text: &str) -> String {
    Scenario::parse("x", "x.toml", text).unwrap_err()
}

#[test]
fn every_shipped_scenario_reads() {
    for (name, text) in SHIPPED {
        let scenario = Scenario::parse(name, name, text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(scenario.name, *name);
        assert!(!scenario.about.is_empty() && scenario.length.ms() > 0);
        assert!(Scenario::shipped(name).is_some());
    }
    assert!(Scenario::shipped("no-such").is_none());
}

#[test]
fn wrong_files_name_line_key_and_what_is_allowed() {
    let head = "about = \"a\"\nlength = \"1m\"\n";
    let cases = [
        ("[gatway]\n", "x.toml:3: unknown field `gatway`, expected one of"),
        ("[hpa]\nmaxx = 3\n", "x.toml:4: unknown field `maxx`, expected one of `min`, `max`"),
        ("[hpa]\nmax = \"3\"\n", "x.toml:4: `max`: invalid type: string \"3\", expected i32"),
        (
            "[load]\nsleep = \"fast\"\n",
            "x.toml:4: `sleep`: invalid value: string \"fast\", expected a duration such as",
        ),
        ("[load]\nsleep = \"48h\"\n", "at most a day"),
        ("[nodes]\ncpu = \"lots\"\n", "x.toml:4: `cpu`: invalid value: string \"lots\", expected a quantity such as"),
        (
            "[logs]\nwithout-level = 2\n",
            "x.toml:4: `without-level`: invalid value: floating point `2.0`, expected a number",
        ),
        ("[hpa]\nmin = 3\nmax = 2\n", "x.toml:5: `max` in [hpa]: must be at least `min`"),
        ("[load]\nstages = []\n", "x.toml:4: `stages` in [load]: must hold at least one stage"),
        ("[metrics]\nresolution = \"5s\"\n", "x.toml:4: `resolution` in [metrics]: must be at least 10s"),
        (
            "[[fault]]\nat = \"1m\"\nkind = \"slow\"\nfor = \"1m\"\n",
            "x.toml:3: this [[fault]] needs `delay`; it takes at, kind, after-load, for, delay",
        ),
        ("[[fault]]\nat = \"1m\"\nkind = \"oom\"\nfor = \"1m\"\n", "x.toml:3: `for` does not go with this [[fault]]"),
        (
            "[[fault]]\nat = \"1m\"\nkind = \"meteor\"\n",
            "x.toml:5: `kind`: unknown variant `meteor`, expected one of `metrics-outage`",
        ),
        ("[gateway]\nconnections = \"loose\"\n", "expected `sticky` or `round-robin`"),
    ];
    for (text, expected) in cases {
        let error = wrong(&format!("{head}{text}"));
        assert!(error.contains(expected), "\n{error}\nlacks\n{expected}");
        assert!(!error.contains('\n'), "{error}");
    }
    assert!(wrong("length = \"1m\"\n").contains("missing field `about`"));
    assert!(wrong("about = [").starts_with("x.toml:1: "));
    assert!(wrong(&"#".repeat(1 << 19)).contains("too large"));
}

#[test]
fn unset_keys_have_defaults_and_the_others_are_read() {
    let text = "about = \"a\"\nlength = \"1m\"\n[load]\nstages = [{ duration = \"10s\", target = 5 }]\n[gateway.queue]\nsize = 4\n";
    let read = Scenario::parse("x", "x", text).unwrap();
    assert_eq!(read.load.stages, [Stage { duration: Dur::seconds(10), target: 5 }]);
    assert_eq!((read.gateway.queue.size, read.gateway.queue.consumers), (4, 10));
    assert_eq!((read.hpa.min, read.hpa.max, read.hpa.cpu), (1, 4, Some(80)));
    let alone = Scenario::parse("x", "x", &format!("{text}[hpa]\ncpu = 60\n")).unwrap();
    assert_eq!((alone.hpa.cpu, alone.hpa.memory), (Some(60), None), "the other target is left out");
    assert_eq!(read.gateway.requests.memory.units(), 256.0 * 1024.0 * 1024.0);
}
