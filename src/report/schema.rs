//! The JSON Schemas of what the program prints for other programs, and a compact listing of each for `--help`. Must not know
//! what the values are computed from.

use serde_json::Value;
use std::fmt::Write;

/// An output with a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    Status,
    Report,
    Compare,
    WhatIf,
    Doctor,
    Fleet,
    Tune,
    Size,
    Shadow,
}

impl Schema {
    pub const ALL: [Schema; 9] = [
        Schema::Status,
        Schema::Report,
        Schema::Compare,
        Schema::WhatIf,
        Schema::Doctor,
        Schema::Fleet,
        Schema::Tune,
        Schema::Size,
        Schema::Shadow,
    ];

    /// The value of the output's key `schema`.
    pub fn id(self) -> &'static str {
        match self {
            Schema::Status => "edot-tui/status/2",
            Schema::Report => "edot-tui/report/2",
            Schema::Compare => "edot-tui/compare/2",
            Schema::WhatIf => "edot-tui/what-if/2",
            Schema::Doctor => "edot-tui/doctor/2",
            Schema::Fleet => "edot-tui/fleet/1",
            Schema::Tune => "edot-tui/tune/1",
            Schema::Size => "edot-tui/size/1",
            Schema::Shadow => "edot-tui/shadow/1",
        }
    }

    /// The JSON Schema (draft 2020-12).
    pub fn text(self) -> &'static str {
        match self {
            Schema::Status => include_str!("../../assets/schemas/status.json"),
            Schema::Report => include_str!("../../assets/schemas/report.json"),
            Schema::Compare => include_str!("../../assets/schemas/compare.json"),
            Schema::WhatIf => include_str!("../../assets/schemas/what-if.json"),
            Schema::Doctor => include_str!("../../assets/schemas/doctor.json"),
            Schema::Fleet => include_str!("../../assets/schemas/fleet.json"),
            Schema::Tune => include_str!("../../assets/schemas/tune.json"),
            Schema::Size => include_str!("../../assets/schemas/size.json"),
            Schema::Shadow => include_str!("../../assets/schemas/shadow.json"),
        }
    }

    fn parsed(self) -> Value {
        // A test makes sure that all of them parse.
        serde_json::from_str(self.text()).unwrap_or_default()
    }
}

/// Columns of a listing's first two columns, unless a path is longer.
const PATH: usize = 34;
const TYPE: usize = 16;

/// The output as a list of its keys: path, type, meaning. A section that another schema describes is only named.
pub fn listing(schema: Schema) -> String {
    let root = schema.parsed();
    let mut out = format!("JSON output ({}):\n", schema.id());
    let mut listing = Listing { root: &root, out: &mut out };
    listing.object(&root, "");
    out.truncate(out.trim_end().len());
    out
}

struct Listing<'a> {
    root: &'a Value,
    out: &'a mut String,
}

impl<'a> Listing<'a> {
    /// The keys of an object, and of what is in it.
    fn object(&mut self, schema: &'a Value, path: &str) {
        for (key, value) in properties(schema) {
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            self.value(value, path);
        }
    }

    fn value(&mut self, schema: &'a Value, mut path: String) {
        let (mut at, nullable) = self.resolved(schema);
        let mut lists = 0;
        while let Some(items) = at.get("items") {
            at = self.resolved(items).0;
            lists += 1;
        }
        path.push_str(&"[]".repeat(lists));
        let null = if nullable { " or null" } else { "" };
        let meaning = described(schema).or_else(|| described(at)).unwrap_or_default();
        let line = format!("  {path:<PATH$} {:<TYPE$} {meaning}", format!("{}{null}", type_of(at)));
        let _ = writeln!(self.out, "{}", line.trim_end());
        self.object(at, &path);
    }

    /// What a schema is, without `null` and references within this file; and whether it may be null.
    fn resolved(&self, schema: &'a Value) -> (&'a Value, bool) {
        if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
            let nullable = any.iter().any(|s| s.get("type").is_some_and(|t| t == "null"));
            if let Some(one) = any.iter().find(|s| s.get("type").is_none_or(|t| t != "null")) {
                return (self.resolved(one).0, nullable);
            }
        }
        if let Some(name) = schema.get("$ref").and_then(Value::as_str)
            && let Some(found) = name.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer))
        {
            return self.resolved(found);
        }
        let nullable = schema.get("type").and_then(Value::as_array).is_some_and(|all| all.iter().any(|t| t == "null"));
        (schema, nullable)
    }
}

/// In the order of `required`, which lists every key.
fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let names = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    names.filter_map(|name| Some((name, schema.get("properties")?.get(name)?)))
}

fn described(schema: &Value) -> Option<&str> {
    schema.get("description").and_then(Value::as_str)
}

/// `string`, `number`; for a few words, these.
fn type_of(schema: &Value) -> String {
    if schema.get("$ref").is_some() {
        return "object".into();
    }
    match schema.get("type") {
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(all)) => {
            let all = all.iter().filter_map(Value::as_str).filter(|t| *t != "null");
            all.collect::<Vec<_>>().join(" or ")
        }
        _ if schema.get("const").is_some() || schema.get("enum").is_some() => "string".into(),
        _ => "any".into(),
    }
}
