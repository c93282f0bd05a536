//! Who holds what, as a matrix, and rectangles in it.

use super::bit_set::BitSet;

/// A matrix: rows are holders, columns are roles, and a cell is set if the holder has the role.
#[derive(Debug)]
pub(super) struct Matrix {
    rows: Vec<BitSet>,
    columns: Vec<BitSet>,
}

/// Rows and columns whose cells are all set: a rule that allows only what is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rectangle {
    pub(super) rows: BitSet,
    pub(super) columns: BitSet,
}

/// Cells of a matrix.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    rows: Vec<BitSet>,
}

impl Matrix {
    /// A matrix of these rows. Each is a set of column numbers below `columns`.
    pub(super) fn new(rows: Vec<BitSet>, columns: usize) -> Self {
        let mut transposed = vec![BitSet::empty(rows.len()); columns];
        for (number, row) in rows.iter().enumerate() {
            for column in row.iter() {
                if let Some(column) = transposed.get_mut(column) {
                    column.insert(number);
                }
            }
        }
        Self { rows, columns: transposed }
    }

    /// The columns that are set in a row.
    pub(super) fn row(&self, number: usize) -> Option<&BitSet> {
        self.rows.get(number)
    }

    /// The rows that are set in a column.
    pub(super) fn column(&self, number: usize) -> Option<&BitSet> {
        self.columns.get(number)
    }

    /// All cells that are set.
    pub(super) fn cells(&self) -> Cells {
        Cells { rows: self.rows.clone() }
    }

    /// An empty set of cells, of the size of this matrix.
    pub(super) fn no_cells(&self) -> Cells {
        Cells { rows: vec![BitSet::empty(self.columns.len()); self.rows.len()] }
    }

    /// For each row, the largest rectangle with its columns.
    pub(super) fn by_rows(&self) -> Vec<Rectangle> {
        let rows = self.rows.iter().filter(|row| !row.is_empty());
        rows.map(|row| self.rectangle(row)).collect()
    }

    /// For each column, the largest rectangle with its rows.
    pub(super) fn by_columns(&self) -> Vec<Rectangle> {
        let columns = self.columns.iter().filter(|column| !column.is_empty());
        let rectangle =
            |rows: &BitSet| Rectangle { rows: rows.clone(), columns: self.columns_of(rows) };
        columns.map(rectangle).collect()
    }

    /// The largest rectangle that has these columns: all rows that have them, and then all columns that
    /// these rows have.
    pub(super) fn rectangle(&self, columns: &BitSet) -> Rectangle {
        let rows = self.rows_with(columns);
        Rectangle { columns: self.columns_of(&rows), rows }
    }

    /// The rows that have all these columns.
    fn rows_with(&self, columns: &BitSet) -> BitSet {
        let mut rows = BitSet::full(self.rows.len());
        for column in columns.iter().filter_map(|number| self.column(number)) {
            rows.intersect(column);
        }
        rows
    }

    /// The columns that all these rows have.
    pub(super) fn columns_of(&self, rows: &BitSet) -> BitSet {
        let mut columns = BitSet::full(self.columns.len());
        for row in rows.iter().filter_map(|number| self.row(number)) {
            columns.intersect(row);
        }
        columns
    }
}

impl Cells {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.iter().all(BitSet::is_empty)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.iter().map(BitSet::len).sum()
    }

    /// The cells in a row.
    pub(super) fn row(&self, number: usize) -> Option<&BitSet> {
        self.rows.get(number)
    }

    /// The rows with their numbers.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, &BitSet)> {
        self.rows.iter().enumerate()
    }

    /// The cells, by row and column.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.rows().flat_map(|(number, row)| row.iter().map(move |column| (number, column)))
    }

    /// The number of cells that lie in a rectangle.
    pub(super) fn within(&self, rectangle: &Rectangle) -> usize {
        let rows = rectangle.rows.iter().filter_map(|number| self.row(number));
        rows.map(|row| row.common_len(&rectangle.columns)).sum()
    }

    /// Removes the cells of a rectangle.
    pub(super) fn subtract(&mut self, rectangle: &Rectangle) {
        for number in rectangle.rows.iter() {
            if let Some(row) = self.rows.get_mut(number) {
                row.subtract(&rectangle.columns);
            }
        }
    }

    /// Adds a cell.
    pub(super) fn insert(&mut self, row: usize, column: usize) {
        if let Some(row) = self.rows.get_mut(row) {
            row.insert(column);
        }
    }
}

impl Rectangle {
    /// The cells, by row and column.
    pub(super) fn cells(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.rows.iter().flat_map(|row| self.columns.iter().map(move |column| (row, column)))
    }
}
