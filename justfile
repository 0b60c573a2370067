# The commands of every day. `just` lists them.

_default:
    @just --list

# What must pass before a change lands: format, clippy, tests.
check:
    .ci/run

# Writes the expected texts of the tests that FILTER names; read the difference before you commit it.
bless FILTER='':
    BLESS=1 cargo test it::{{FILTER}}
    git diff --stat

# The dashboard over the embedded lab.
lab SCENARIO='guide' SPEED='1':
    cargo run --release -- lab --scenario {{SCENARIO}} --speed {{SPEED}}

# Times the reconstruction of decisions.
bench:
    cargo bench

# The tests against the cluster of KUBECONFIG, one at a time.
real FILTER='real::':
    cargo test it::{{FILTER}} -- --ignored --test-threads=1

# The documentation of the crate, as CI builds it.
doc:
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps

# Licences, bans, sources and advisories of the dependencies; needs cargo-deny.
deny:
    cargo deny check

# The binary that packages are made with.
dist:
    cargo build --locked --profile dist
