//! Schemas of other files become components of the document.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use crate::optional_members::drop_nulls;

/// What a reference to a file begins with.
const FILE: &str = "../schemas/";
/// What a reference inside a file begins with.
const DEFINITION: &str = "#/$defs/";
/// What a reference to a component begins with.
const COMPONENT: &str = "#/components/schemas/";

/// Adds the schemas of all files that the document refers to, and refers to those.
pub(crate) fn add_components(document: &mut Value, schemas: &Path) -> Result<()> {
    let mut files = BTreeSet::new();
    collect_files(document, &mut files);
    let mut components = Map::new();
    for file in &files {
        let schema = read(&schemas.join(file))?;
        let title = add_file(schema, &mut components).with_context(|| format!("in {file}"))?;
        point_to(document, &format!("{FILE}{file}"), &format!("{COMPONENT}{title}"));
    }
    let named = document.pointer_mut("/components").and_then(Value::as_object_mut);
    named
        .context("the document has no components")?
        .insert("schemas".to_owned(), components.into());
    describe_problems(document);
    Ok(())
}

fn read(path: &Path) -> Result<Value> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

fn collect_files(value: &Value, files: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let file = members.get("$ref").and_then(Value::as_str);
            files.extend(file.and_then(|path| path.strip_prefix(FILE)).map(str::to_owned));
            members.values().for_each(|inner| collect_files(inner, files));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect_files(inner, files)),
        _ => {}
    }
}

/// Adds the schema of a file and its definitions. Returns the name of the component.
fn add_file(mut schema: Value, components: &mut Map<String, Value>) -> Result<String> {
    let members = schema.as_object_mut().context("the schema is not an object")?;
    let title = members.remove("title").and_then(|title| title.as_str().map(str::to_owned));
    let title = title.context("the schema has no title")?;
    // They would make references relative to the schema.
    members.remove("$id");
    members.remove("$schema");
    let definitions = members.remove("$defs");
    let definitions = definitions.as_ref().and_then(Value::as_object).into_iter().flatten();
    let definitions: Vec<_> =
        definitions.map(|(name, definition)| (name.clone(), definition.clone())).collect();
    for (name, mut schema) in definitions.into_iter().chain([(title.clone(), schema)]) {
        point_to(&mut schema, DEFINITION, COMPONENT);
        drop_nulls(&mut schema);
        move_titled(&mut schema, components)?;
        add(name, schema, components)?;
    }
    Ok(title)
}

/// Makes components of the schemas inside that have a name, because generators name a type by its component.
fn move_titled(schema: &mut Value, components: &mut Map<String, Value>) -> Result<()> {
    match schema {
        Value::Array(items) => {
            items.iter_mut().try_for_each(|inner| move_titled(inner, components))
        }
        Value::Object(members) => {
            members.values_mut().try_for_each(|inner| move_titled(inner, components))?;
            // A member of a schema, or a property with this name.
            if let Some(Value::String(title)) = members.get("title") {
                let title = title.clone();
                members.remove("title");
                let named = json!({ "$ref": format!("{COMPONENT}{title}") });
                add(title, std::mem::replace(schema, named), components)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn add(name: String, schema: Value, components: &mut Map<String, Value>) -> Result<()> {
    match components.get(&name) {
        Some(known) if *known != schema => bail!("two schemas are named {name} and differ"),
        _ => components.insert(name, schema),
    };
    Ok(())
}

/// Replaces the beginning of references.
fn point_to(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(rest) = reference.strip_prefix(old)
            {
                *reference = format!("{new}{rest}");
            }
            members.values_mut().for_each(|inner| point_to(inner, old, new));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| point_to(inner, old, new)),
        _ => {}
    }
}

/// Says in the description of each answer which types of problems it can have.
fn describe_problems(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let types = members.get("x-problem-types").and_then(Value::as_array);
            let types: Option<Vec<_>> =
                types.map(|all| all.iter().map(|kind| format!("`{}`", text(kind))).collect());
            if let (Some(types), Some(description)) = (types, members.get_mut("description")) {
                let types = types.join(" or ");
                *description = format!("{} The `type` is {types}.", text(description)).into();
            }
            members.values_mut().for_each(describe_problems);
        }
        Value::Array(items) => items.iter_mut().for_each(describe_problems),
        _ => {}
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
