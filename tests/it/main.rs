//! Tests of rooms together and of the whole program, compiled into the library's own tests, so that nothing has to be
//! public for their sake.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod advise;
mod cli {
    pub mod commands;
    pub mod config;
    pub mod decide;
    pub mod hands;
    pub mod logging;
    pub mod pipe;
    pub mod plain_words;
    pub mod program;
    pub mod pty;
    pub mod readme;
    pub mod secrets;
    pub mod stack;
    pub mod wrong_input;
}
mod decide {
    pub mod learned;
    pub mod queue;
    pub mod shadow;
    pub mod size;
    pub mod tune;
    pub mod verify;
}
mod decisions {
    pub mod causes;
    pub mod corpus;
    pub mod labelled;
    pub mod recorded_runs;
    pub mod simulated_runs;
}
mod doctor {
    pub mod access;
    pub mod field;
    pub mod hpa;
    pub mod production;
    pub mod run;
}
mod elastic {
    pub mod answers;
    pub mod feed;
    pub mod field;
    pub mod own_metrics;
    pub mod secrets;
}
mod fold {
    pub mod collectors;
    pub mod collectors_real;
    pub mod cost;
    pub mod field;
    pub mod fleet;
    pub mod session;
}
mod house {
    pub mod findings;
    pub mod kibana;
    pub mod packaging;
    pub mod readme;
    pub mod repository;
    pub mod stack;
    pub mod tidy;
    pub mod versions;
    pub mod words;
}
mod hpa {
    pub mod cases;
    pub mod edges;
    pub mod props;
    pub mod quantity;
    pub mod versions;
}
mod import {
    pub mod agree;
    pub mod documents;
    pub mod fake;
    pub mod rows;
    pub mod same_run;
    pub mod wrong;
}
mod lab {
    pub mod api;
    pub mod feeds;
    pub mod reality;
    pub mod scenarios;
    pub mod stack;
    pub mod user_changes;
}
mod live {
    pub mod access;
    pub mod certificates;
    pub mod connect;
    pub mod convert;
    pub mod feeds;
    pub mod field;
    pub mod fleet;
    pub mod kubeconfig_fields;
    pub mod manifest;
    pub mod scalers;
    pub mod simulate;
    pub mod watch;
}
mod otlp {
    pub mod access;
    pub mod dashboard;
    pub mod receiver;
    pub mod session;
}
mod real {
    pub mod cluster;
    pub mod decisions;
    pub mod doctor;
    pub mod elastic;
    pub mod import;
    pub mod otlp;
    pub mod simulate;
    pub mod stack;
}
mod replay {
    pub mod broken;
    pub mod broken_ways;
    pub mod dashboard;
    pub mod every;
    pub mod reading;
    pub mod recorder;
    pub mod seek;
}
mod report {
    pub mod exports;
    pub mod forms;
    pub mod redact;
    pub mod schemas;
    pub mod verdict;
    pub mod verdict_inside;
    pub mod version_1;
    pub mod what_if;
    pub mod what_if_lab;
}
mod screens {
    pub mod charts;
    pub mod decisions;
    pub mod fleet;
    pub mod gateways;
    pub mod keys;
    pub mod mouse;
    pub mod stories;
    pub mod terminal;
    pub mod terminal_panic;
    pub mod themes;
    pub mod whole;
}
mod store {
    pub mod fake;
    pub mod sessions;
    pub mod stream;
}
mod support {
    /// The program as this `cargo test` built it.
    pub fn program() -> std::path::PathBuf {
        let tests = std::env::current_exe().unwrap();
        let program = tests.parent().unwrap().parent().unwrap().join("edot-tui");
        assert!(program.exists(), "{} is not built; run cargo test without --lib", program.display());
        program
    }

    pub mod any_inside;
    pub mod any_seen;
    pub mod dice;
    pub mod fake_api;
    pub mod golden;
    pub mod lab_run;
    pub mod recorded;
    pub mod seen;
    pub mod stub_api;
    pub mod stub_cluster;
    pub mod tls;
}
