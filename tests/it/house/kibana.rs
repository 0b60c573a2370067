//! `assets/kibana/edot-tui.ndjson`: Kibana's saved objects, printed from `dashboards.toml`, and held to the index templates:
//! a panel over a field that is not there would stay empty without a word.

use crate::it::support::golden;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    views: BTreeMap<String, View>,
    dashboard: Vec<Dashboard>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    index: String,
    time: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dashboard {
    id: String,
    title: String,
    description: String,
    panel: Vec<Panel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Panel {
    title: String,
    view: String,
    draw: String,
    #[serde(default)]
    only: String,
    #[serde(default)]
    by: String,
    y: Vec<String>,
    at: [u32; 4],
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn source() -> Source {
    toml::from_str(&read("assets/kibana/dashboards.toml")).unwrap()
}

/// The mapping of a view's template, by its short name.
fn mapping(view: &str) -> Value {
    let template: Value = serde_json::from_str(&read(&format!("assets/elasticsearch/{view}.json"))).unwrap();
    template["template"]["mappings"].clone()
}

/// A field's type; a figure's where its object takes new ones.
fn kind(mapping: &Value, field: &str) -> Option<String> {
    let (first, rest) = field.split_once('.').map_or((field, None), |(first, rest)| (first, Some(rest)));
    let found = mapping["properties"].get(first)?;
    match rest {
        None => found["type"].as_str().filter(|kind| *kind != "object").map(str::to_owned),
        Some(_) if found["dynamic"] == "true" => Some("double".into()),
        Some(rest) => kind(found, rest),
    }
}

/// Kibana's word for a type of Elasticsearch.
fn data_type(kind: &str) -> &'static str {
    match kind {
        "date" => "date",
        "keyword" => "string",
        "boolean" => "boolean",
        "double" | "integer" | "long" => "number",
        other => panic!("no panel can show {other}"),
    }
}

fn figure(text: &str, view: &View, mapping: &Value) -> Value {
    let (function, field) = text.split_once(' ').unwrap_or((text, ""));
    let label = if field.is_empty() { "documents".to_owned() } else { field.replace('.', " ") };
    let column = |operation: &str, data: &str, field: &str, scale: &str, params: Value| {
        json!({"label": label, "customLabel": true, "dataType": data, "operationType": operation, "isBucketed": false,
            "scale": scale, "sourceField": field, "params": params})
    };
    if function == "count" {
        return column("count", "number", "___records___", "ratio", json!({"emptyAsNull": true}));
    }
    let data = data_type(&kind(mapping, field).unwrap_or_else(|| panic!("{}: no field {field}", view.index)));
    if function == "last" {
        let scale = if data == "number" { "ratio" } else { "ordinal" };
        let mut column = column("last_value", data, field, scale, json!({"sortField": view.time}));
        column["filter"] = json!({"query": format!("\"{field}\": *"), "language": "kuery"});
        return column;
    }
    assert!(["average", "max", "min", "sum"].contains(&function) && data == "number", "{text}");
    column(function, "number", field, "ratio", json!({"emptyAsNull": true}))
}

fn panel(panel: &Panel, number: usize, source: &Source) -> (Value, Value) {
    let (view, mapping) = (&source.views[&panel.view], mapping(&panel.view));
    let (layer, number) = (format!("layer-{number}"), number.to_string());
    let (mut columns, mut order) = (serde_json::Map::new(), Vec::new());
    let table = panel.draw == "table";
    if !panel.by.is_empty() {
        let data = data_type(&kind(&mapping, &panel.by).unwrap_or_else(|| panic!("{}: no {}", view.index, panel.by)));
        let params = json!({"size": if table { 100 } else { 10 }, "orderBy": {"type": "alphabetical", "fallback": true},
            "orderDirection": if panel.by == "id" && panel.view == "sessions" { "desc" } else { "asc" },
            "otherBucket": false, "missingBucket": false, "parentFormat": {"id": "terms"}});
        columns.insert(
            "by".into(),
            json!({"label": panel.by, "customLabel": true, "dataType": data, "operationType": "terms",
                "isBucketed": true, "scale": "ordinal", "sourceField": panel.by, "params": params}),
        );
        order.push("by".to_owned());
    }
    if !table {
        columns.insert(
            "x".into(),
            json!({"label": view.time, "dataType": "date", "operationType": "date_histogram", "isBucketed": true,
                "scale": "interval", "sourceField": view.time,
                "params": {"interval": "auto", "includeEmptyRows": true, "dropPartials": false}}),
        );
        order.push("x".into());
    }
    let figures: Vec<String> = (0..panel.y.len()).map(|n| format!("y{n}")).collect();
    columns.extend(figures.iter().zip(&panel.y).map(|(id, text)| (id.clone(), figure(text, view, &mapping))));
    order.extend(figures.iter().cloned());
    let visualization = match panel.draw.as_str() {
        "table" => json!({"layerId": layer, "layerType": "data",
            "columns": order.iter().map(|id| json!({"columnId": id, "isTransposed": false})).collect::<Vec<_>>()}),
        draw => {
            let series = if draw == "bar" { "bar_stacked" } else { "line" };
            assert!(["bar", "line"].contains(&draw), "{draw}");
            let mut one = json!({"layerId": layer, "layerType": "data", "seriesType": series, "position": "top",
                "showGridlines": false, "xAccessor": "x", "accessors": figures});
            if !panel.by.is_empty() {
                one["splitAccessor"] = "by".into();
            }
            json!({"legend": {"isVisible": true, "position": "right"}, "valueLabels": "hide",
                "preferredSeriesType": series, "fittingFunction": "None", "layers": [one]})
        }
    };
    let name = format!("indexpattern-datasource-layer-{layer}");
    let reference = |name: &str| json!({"type": "index-pattern", "id": view_id(&panel.view), "name": name});
    let attributes = json!({
        "title": "", "type": "lens", "visualizationType": if table { "lnsDatatable" } else { "lnsXY" },
        "references": [reference(&name)],
        "state": {
            "datasourceStates": {"formBased": {"layers": {layer.as_str():
                {"columns": columns, "columnOrder": order, "incompleteColumns": {}, "sampling": 1}}}},
            "visualization": visualization, "query": {"query": panel.only, "language": "kuery"}, "filters": [],
            "internalReferences": [], "adHocDataViews": {},
        },
    });
    let [x, y, w, h] = panel.at;
    let panel = json!({"version": "8.8.0", "type": "lens", "title": panel.title, "panelIndex": number,
        "gridData": {"x": x, "y": y, "w": w, "h": h, "i": number},
        "embeddableConfig": {"attributes": attributes, "enhancements": {}}});
    (panel, reference(&format!("{number}:{name}")))
}

fn view_id(view: &str) -> String {
    format!("edot-tui-{view}")
}

fn objects(source: &Source) -> Vec<Value> {
    let views = source.views.iter().map(|(name, view)| {
        json!({"type": "index-pattern", "id": view_id(name), "coreMigrationVersion": "8.8.0",
            "typeMigrationVersion": "8.0.0", "references": [],
            "attributes": {"title": view.index, "name": format!("edot-tui: {name}"), "timeFieldName": view.time}})
    });
    let dashboards = source.dashboard.iter().map(|board| {
        let panels = board.panel.iter().enumerate().map(|(n, one)| panel(one, n + 1, source));
        let (panels, references): (Vec<Value>, Vec<Value>) = panels.unzip();
        let nothing = json!({"query": {"query": "", "language": "kuery"}, "filter": []}).to_string();
        json!({"type": "dashboard", "id": board.id, "coreMigrationVersion": "8.8.0", "typeMigrationVersion": "8.7.0",
            "references": references, "attributes": {
                "title": board.title, "description": board.description, "version": 1, "timeRestore": true,
                "timeFrom": "now-24h", "timeTo": "now",
                "optionsJSON": json!({"useMargins": true, "syncColors": true, "syncCursor": true, "syncTooltips": false,
                    "hidePanelTitles": false}).to_string(),
                "panelsJSON": Value::from(panels).to_string(),
                "kibanaSavedObjectMeta": {"searchSourceJSON": nothing}}})
    });
    views.chain(dashboards).collect()
}

#[test]
fn the_saved_objects_are_those_of_the_readable_source() {
    let lines: Vec<String> = objects(&source()).iter().map(|one| format!("{one}\n")).collect();
    golden::check("assets/kibana/edot-tui.ndjson", &lines.concat());
}

#[test]
fn every_reference_has_its_object_and_no_panel_covers_another() {
    let source = source();
    for (name, view) in &source.views {
        let template: Value = serde_json::from_str(&read(&format!("assets/elasticsearch/{name}.json"))).unwrap();
        assert_eq!(template["index_patterns"][0], view.index.as_str());
        assert_eq!(kind(&mapping(name), &view.time).as_deref(), Some("date"));
    }
    let all = objects(&source);
    let ids: BTreeSet<(&str, &str)> =
        all.iter().map(|o| (o["type"].as_str().unwrap(), o["id"].as_str().unwrap())).collect();
    assert_eq!(ids.len(), all.len(), "an id is there once");
    for board in all.iter().filter(|o| o["type"] == "dashboard") {
        let panels: Vec<Value> = serde_json::from_str(board["attributes"]["panelsJSON"].as_str().unwrap()).unwrap();
        let references = board["references"].as_array().unwrap();
        assert_eq!(references.len(), panels.len());
        for of in references {
            assert!(ids.contains(&(of["type"].as_str().unwrap(), of["id"].as_str().unwrap())), "{of}");
        }
        let mut taken = BTreeSet::new();
        for grid in panels.iter().map(|p| &p["gridData"]) {
            let n = |key: &str| grid[key].as_u64().unwrap();
            assert!(n("x") + n("w") <= 48, "{grid}");
            for x in n("x")..n("x") + n("w") {
                assert!((n("y")..n("y") + n("h")).all(|y| taken.insert((x, y))), "{}: {grid}", board["id"]);
            }
        }
    }
}
