//! Evaluates a parsed query.

use std::{cmp::Ordering, collections::BTreeMap, rc::Rc};

use serde_json::{Value, json};

use crate::repository::kusto::{
    functions::{call, is_true, number, text},
    syntax::{Column, Definition, Expression, Pipeline, Source, Stage, parse},
};

/// The columns of a row. Times and time spans are in seconds.
pub(crate) type Row = BTreeMap<String, Value>;

/// Rows by the name of their table. A row is copied only if a query selects it.
pub(crate) type Tables = BTreeMap<String, Vec<Rc<Row>>>;

/// Runs a query at a time in seconds.
pub(crate) fn run(query: &str, tables: Tables, now: i64) -> Vec<Row> {
    let (definitions, query) = parse(query);
    let mut database = Database { tables, constants: Row::new(), now };
    for (name, definition) in definitions {
        match definition {
            Definition::Constant(value) => {
                database.constants.insert(name, value);
            }
            Definition::Table(pipeline) => {
                let rows = database.rows(&pipeline).into_iter().map(Rc::new);
                database.tables.insert(name, rows.collect());
            }
        }
    }
    database.rows(&query)
}

struct Database {
    tables: Tables,
    constants: Row,
    now: i64,
}

/// A row and the one before it.
#[derive(Clone, Copy)]
struct Place<'a> {
    row: &'a Row,
    previous: Option<&'a Row>,
}

impl Database {
    fn rows(&self, pipeline: &Pipeline) -> Vec<Row> {
        let mut stages = pipeline.stages.as_slice();
        let mut rows = Vec::new();
        // Filtering before copying makes days of rows bearable.
        let filter = match stages {
            [Stage::Where(condition), rest @ ..] => {
                stages = rest;
                Some(condition)
            }
            _ => None,
        };
        let passes = |row: &Row| filter.is_none_or(|condition| self.holds(condition, row));
        for source in &pipeline.sources {
            match source {
                // A query of a table that does not exist is left out.
                Source::Query(query) if pipeline.is_fuzzy && self.has_no_table(query) => {}
                Source::Query(query) => rows.extend(self.rows(query).into_iter().filter(&passes)),
                Source::Table(name) => match self.tables.get(name) {
                    Some(table) => {
                        let selected = table.iter().filter(|row| passes(row));
                        rows.extend(selected.map(|row| Row::clone(row)));
                    }
                    None => assert!(pipeline.is_fuzzy, "there is no table {name}"),
                },
            }
        }
        stages.iter().fold(rows, |rows, stage| self.apply(stage, rows))
    }

    fn has_no_table(&self, query: &Pipeline) -> bool {
        let is_missing = |source: &Source| match source {
            Source::Table(name) => !self.tables.contains_key(name),
            Source::Query(query) => self.has_no_table(query),
        };
        query.sources.iter().any(is_missing)
    }

    fn holds(&self, condition: &Expression, row: &Row) -> bool {
        is_true(&self.value(condition, Place { row, previous: None }))
    }

    fn apply(&self, stage: &Stage, mut rows: Vec<Row>) -> Vec<Row> {
        match stage {
            Stage::Where(condition) => {
                rows.retain(|row| self.holds(condition, row));
                rows
            }
            Stage::Extend(columns) => {
                let added: Vec<_> = columns.iter().map(|c| self.column(&c.1, &rows)).collect();
                for ((name, _), values) in columns.iter().zip(added) {
                    for (row, value) in rows.iter_mut().zip(values) {
                        row.insert(name.clone(), value);
                    }
                }
                rows
            }
            Stage::Project(columns) => rows.iter().map(|row| self.columns(columns, row)).collect(),
            Stage::Summarize { columns, by } => self.summarize(columns, by, &rows),
            Stage::Expand((name, array)) => {
                let expand = |row: &Row| {
                    let items = self.value(array, Place { row, previous: None });
                    let items = items.as_array().cloned().unwrap_or_default();
                    let with = |item| {
                        let mut row = row.clone();
                        row.insert(name.clone(), item);
                        row
                    };
                    items.into_iter().map(with).collect::<Vec<_>>()
                };
                rows.iter().flat_map(expand).collect()
            }
            Stage::Sort(columns) => {
                rows.sort_by(|a, b| {
                    let by_column = columns.iter().map(|(column, descends)| {
                        let order = compare(&a[column], &b[column]);
                        if *descends { order.reverse() } else { order }
                    });
                    by_column.fold(Ordering::Equal, Ordering::then)
                });
                rows
            }
            Stage::Join { kind, right, on } => join(kind, &rows, &self.rows(right), on),
        }
    }

    fn columns(&self, columns: &[Column], row: &Row) -> Row {
        let value = |(name, expression): &Column| {
            (name.clone(), self.value(expression, Place { row, previous: None }))
        };
        columns.iter().map(value).collect()
    }

    fn summarize(&self, columns: &[Column], by: &[Column], rows: &[Row]) -> Vec<Row> {
        let mut groups: Vec<(Row, Vec<&Row>)> = Vec::new();
        for row in rows {
            let key = self.columns(by, row);
            match groups.iter_mut().find(|(found, _)| *found == key) {
                Some((_, members)) => members.push(row),
                None => groups.push((key, vec![row])),
            }
        }
        let add = |(mut key, members): (Row, Vec<&Row>)| {
            let values: Vec<_> = columns
                .iter()
                .map(|(name, aggregate)| (name.clone(), self.aggregate(aggregate, &members)))
                .collect();
            key.extend(values);
            key
        };
        groups.into_iter().map(add).collect()
    }

    fn aggregate(&self, aggregate: &Expression, rows: &[&Row]) -> Value {
        let Expression::Call(name, arguments) = aggregate else {
            panic!("{aggregate:?} is no aggregate")
        };
        let value = |expression, row| self.value(expression, Place { row, previous: None });
        match (name.as_str(), arguments.as_slice()) {
            ("count", []) => json!(rows.len()),
            ("min", [of]) => {
                json!(rows.iter().map(|row| number(&value(of, row))).min().unwrap())
            }
            ("max", [of]) => {
                json!(rows.iter().map(|row| number(&value(of, row))).max().unwrap())
            }
            ("maxif", [of, condition]) => {
                let found = rows.iter().filter(|row| is_true(&value(condition, row)));
                json!(found.map(|row| number(&value(of, row))).max())
            }
            ("take_any", [of]) => value(of, rows[0]),
            ("take_anyif", [of, condition]) => {
                let found = rows.iter().find(|row| self.holds(condition, row));
                found.map_or(Value::Null, |row| value(of, row))
            }
            _ => panic!("the aggregate {name} is not known"),
        }
    }

    /// The values of one column for all rows. Window functions see the rows in their order.
    fn column(&self, expression: &Expression, rows: &[Row]) -> Vec<Value> {
        let previous = std::iter::once(None).chain(rows.iter().map(Some));
        let places: Vec<_> =
            rows.iter().zip(previous).map(|(row, previous)| Place { row, previous }).collect();
        match expression {
            Expression::Call(name, arguments) if name == "row_number" => {
                let mut last = 0;
                let mut next = |place| {
                    let restart = is_true(&self.value(&arguments[1], place));
                    last =
                        if restart { number(&self.value(&arguments[0], place)) } else { last + 1 };
                    json!(last)
                };
                places.into_iter().map(&mut next).collect()
            }
            Expression::Call(name, arguments) if name == "row_window_session" => {
                self.sessions(arguments, &places)
            }
            _ => places.into_iter().map(|place| self.value(expression, place)).collect(),
        }
    }

    /// The start of each row's session. A session ends at a long pause, at its greatest length, or
    /// where the last argument is true.
    fn sessions(&self, arguments: &[Expression], places: &[Place<'_>]) -> Vec<Value> {
        let mut open: Option<(i64, i64)> = None;
        let mut session = |place: &Place<'_>| {
            let [time, length, pause] =
                [0, 1, 2].map(|index| number(&self.value(&arguments[index], *place)));
            let restart = is_true(&self.value(&arguments[3], *place));
            let continues = |(start, last): &(i64, i64)| {
                !restart && time - start <= length && time - last <= pause
            };
            let start = open.filter(continues).map_or(time, |(start, _)| start);
            open = Some((start, time));
            json!(start)
        };
        places.iter().map(&mut session).collect()
    }

    fn value(&self, expression: &Expression, place: Place<'_>) -> Value {
        match expression {
            Expression::Constant(value) => value.clone(),
            Expression::Name(name) => {
                let value = place.row.get(name).or_else(|| self.constants.get(name));
                value.unwrap_or_else(|| panic!("there is no column {name}")).clone()
            }
            Expression::Member(object, name) => {
                self.value(object, place).get(name).cloned().unwrap_or_default()
            }
            Expression::Call(name, arguments) if name == "prev" => {
                place.previous.map_or(Value::Null, |row| {
                    self.value(&arguments[0], Place { row, previous: None })
                })
            }
            Expression::Call(name, _) if name == "now" => json!(self.now),
            Expression::Call(name, arguments) if name == "ago" => {
                json!(self.now - number(&self.value(&arguments[0], place)))
            }
            Expression::Call(name, arguments) => {
                let arguments: Vec<_> =
                    arguments.iter().map(|argument| self.value(argument, place)).collect();
                call(name, &arguments)
            }
        }
    }
}

fn compare(left: &Value, right: &Value) -> Ordering {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => text(left).cmp(&text(right)),
    }
}

fn join(kind: &str, left: &[Row], right: &[Row], on: &[String]) -> Vec<Row> {
    let matches = |a: &Row, b: &Row| on.iter().all(|column| a[column] == b[column]);
    let together = |a: &Row, b: &Row| {
        let mut row = b.clone();
        row.extend(a.clone());
        row
    };
    match kind {
        "inner" => left
            .iter()
            .flat_map(|a| right.iter().filter(|b| matches(a, b)).map(move |b| together(a, b)))
            .collect(),
        "leftanti" => {
            left.iter().filter(|a| !right.iter().any(|b| matches(a, b))).cloned().collect()
        }
        // A row without a partner has the other columns without a value.
        "leftouter" => {
            let other = right.iter().flat_map(|row| row.keys().cloned());
            let nothing: Row = other.map(|column| (column, Value::Null)).collect();
            let alone = join("leftanti", left, right, on);
            let alone = alone.iter().map(|row| together(row, &nothing));
            join("inner", left, right, on).into_iter().chain(alone).collect()
        }
        _ => panic!("the join {kind} is not known"),
    }
}
