//! What k6's exit codes mean. Must not know where a code came from.

/// Why k6 ended, by the container's exit code. Source: k6 `errext/exitcodes/codes.go`, the same from 0.49 to 2.x.
pub fn exit_words(code: i32) -> &'static str {
    match code {
        0 => "ended by itself",
        97 => "cloud run failed",
        98 => "cloud progress could not be read",
        99 => "thresholds crossed",
        100 => "setup() timed out",
        101 => "teardown() timed out",
        102 => "timed out",
        103 => "stopped through its REST API",
        104 => "invalid configuration",
        105 => "stopped by a signal",
        106 => "its REST API could not start (port in use?)",
        107 => "the script threw an exception",
        108 => "the script called test.abort()",
        109 => "k6 panicked",
        110 => "the script marked the run as failed",
        126 => "k6 could not be executed",
        127 => "k6 was not found in the image",
        137 => "killed (out of memory, or not stopped in time)",
        143 => "terminated before k6 could end",
        255 => "k6 failed (script not found or not readable?)",
        _ => "ended with an unknown code",
    }
}

#[cfg(test)]
mod tests {
    use super::exit_words;

    #[test]
    fn exit_codes_have_descriptions() {
        assert_eq!(exit_words(0), "ended by itself");
        assert_eq!(exit_words(99), "thresholds crossed");
        assert_eq!(exit_words(105), "stopped by a signal");
        assert_eq!(exit_words(107), "the script threw an exception");
        assert_eq!(exit_words(-7), "ended with an unknown code");
    }
}
