//! Covers a matrix with few rectangles.
//!
//! The fewest are hard to find ("Fast exact and heuristic methods for role minimization problems", Ene and
//! others). A cell that can share rectangles with few others leaves little choice, so such cells come
//! first. Then parts of the result are removed and covered again, as long as that may help. Each run makes
//! the same choices.

use std::collections::HashMap;

use super::{
    bit_set::BitSet,
    draw::Draw,
    matrix::{Cells, Matrix, Rectangle},
};

/// The largest number of cells for which each choice looks at every cell. Larger matrices get a quicker
/// choice.
const MOST_CELLS_TO_COMPARE: usize = 1_000;

/// The largest number of attempts to cover a part again.
const MOST_ATTEMPTS: usize = 300;

/// The number of cells of all attempts together.
const CELLS_OF_ALL_ATTEMPTS: usize = 300_000;

/// The largest number of other rows that are compared with the row of a cell.
const MOST_ROWS_TO_COMPARE: usize = 32;

/// Covers all cells of a matrix with rectangles that have no other cells. There are never more of them than
/// rows or columns.
pub(super) fn cover(matrix: &Matrix) -> Vec<Rectangle> {
    let cells = matrix.cells();
    let starts = [covered(matrix, cells.clone(), None), matrix.by_rows(), matrix.by_columns()];
    let starts = starts.into_iter().map(without_needless);
    let best = starts.min_by_key(Vec::len).unwrap_or_default();
    let attempts = CELLS_OF_ALL_ATTEMPTS.checked_div(cells.len()).unwrap_or_default();
    let mut best = improved(matrix, best, attempts.min(MOST_ATTEMPTS));
    best.sort();
    best
}

/// Covers parts again, as long as this may need fewer rectangles.
fn improved(matrix: &Matrix, mut best: Vec<Rectangle>, attempts: usize) -> Vec<Rectangle> {
    let fewest = fewest_possible(matrix, attempts);
    let mut draw = Draw::default();
    let mut current = best.clone();
    for _ in 0..attempts {
        if best.len() <= fewest {
            break;
        }
        let next = covered_anew(matrix, &current, &mut draw);
        if next.len() <= current.len() {
            current = next;
        }
        if current.len() < best.len() {
            best.clone_from(&current);
        }
    }
    best
}

/// A lower bound of the number of rectangles: that of some cells of which no two can be in the same
/// rectangle. If `attempts` is zero, nothing is computed.
fn fewest_possible(matrix: &Matrix, attempts: usize) -> usize {
    if attempts == 0 {
        return 0;
    }
    let all = matrix.cells();
    let mut cells: Vec<_> = all.iter().map(|cell| (freedom(matrix, &all, cell), cell)).collect();
    cells.sort_unstable();
    let mut apart: Vec<(usize, usize)> = Vec::new();
    for (_, (row, column)) in cells {
        let has = |row, column| matrix.row(row).is_some_and(|row| row.contains(column));
        if !apart.iter().any(|known| has(row, known.1) && has(known.0, column)) {
            apart.push((row, column));
        }
    }
    apart.len()
}

/// Removes a few rectangles that share cells or rows, and covers their cells again.
fn covered_anew(matrix: &Matrix, current: &[Rectangle], draw: &mut Draw) -> Vec<Rectangle> {
    let first = draw.below(current.len());
    let Some(chosen) = current.get(first) else { return current.to_vec() };
    let is_near = |other: &Rectangle| {
        other.rows.common_len(&chosen.rows) > 0 || other.columns.common_len(&chosen.columns) > 0
    };
    let near: Vec<_> = (0..current.len())
        .filter(|index| *index != first && current.get(*index).is_some_and(is_near))
        .collect();
    let count = 1 + draw.below(3);
    let mut out = vec![first];
    for _ in 0..count.min(near.len()) {
        out.extend(near.get(draw.below(near.len())));
    }
    let kept = current.iter().enumerate().filter(|(index, _)| !out.contains(index));
    let mut kept: Vec<_> = kept.map(|(_, rectangle)| rectangle.clone()).collect();
    let mut cells = matrix.no_cells();
    for (row, column) in
        out.iter().filter_map(|index| current.get(*index)).flat_map(Rectangle::cells)
    {
        cells.insert(row, column);
    }
    kept.iter().for_each(|rectangle| cells.subtract(rectangle));
    kept.extend(covered(matrix, cells, Some(draw)));
    without_needless(kept)
}

/// Covers these cells. With a `draw`, their order is random.
fn covered(matrix: &Matrix, mut cells: Cells, mut draw: Option<&mut Draw>) -> Vec<Rectangle> {
    let mut rectangles = Vec::new();
    while !cells.is_empty() {
        let (row, column) = match &mut draw {
            Some(draw) => drawn_cell(&cells, draw),
            None if cells.len() <= MOST_CELLS_TO_COMPARE => most_constrained_cell(matrix, &cells),
            None => cell_of_shortest_row(&cells),
        };
        let rectangle = best_rectangle(matrix, &cells, (row, column));
        cells.subtract(&rectangle);
        rectangles.push(rectangle);
    }
    rectangles
}

fn drawn_cell(cells: &Cells, draw: &mut Draw) -> (usize, usize) {
    let wanted = draw.below(cells.len());
    cells.iter().nth(wanted).unwrap_or_default()
}

/// The cell that shares possible rectangles with the fewest other cells.
fn most_constrained_cell(matrix: &Matrix, cells: &Cells) -> (usize, usize) {
    cells.iter().min_by_key(|cell| freedom(matrix, cells, *cell)).unwrap_or_default()
}

/// The number of cells that can be in one rectangle with a cell.
fn freedom(matrix: &Matrix, cells: &Cells, (row, column): (usize, usize)) -> usize {
    let (Some(columns), Some(rows)) = (matrix.row(row), matrix.column(column)) else { return 0 };
    let others = rows.iter().filter_map(|other| cells.row(other));
    others.map(|other| other.common_len(columns)).sum()
}

/// A cell of the row that has the fewest cells left.
fn cell_of_shortest_row(cells: &Cells) -> (usize, usize) {
    let rows = cells.rows().filter(|(_, row)| !row.is_empty());
    let shortest = rows.min_by_key(|(_, row)| row.len());
    let cell = shortest.and_then(|(number, row)| Some((number, row.iter().next()?)));
    cell.unwrap_or_default()
}

/// The rectangle around a cell that covers the most of the remaining cells.
fn best_rectangle(matrix: &Matrix, cells: &Cells, (row, column): (usize, usize)) -> Rectangle {
    let size = (matrix.row(row), matrix.column(column));
    let (Some(columns), Some(rows)) = size else { return matrix.rectangle(&BitSet::empty(0)) };
    let others: Vec<_> = rows.iter().filter_map(|other| matrix.row(other)).collect();
    // With too many rows, some of them, from all parts of the matrix.
    let step = others.len().div_ceil(MOST_ROWS_TO_COMPARE).max(1);
    let others: Vec<_> = others.into_iter().step_by(step).collect();
    let mut alone = columns.clone();
    alone.subtract(columns);
    alone.insert(column);
    let mut left = cells.row(row).cloned().unwrap_or_else(|| alone.clone());
    left.unite(&alone);
    let starts = [columns.clone(), left, alone].into_iter();
    let shared = others.iter().map(|other| columns.common(other));
    let mut best = (0, matrix.rectangle(columns));
    for start in starts.chain(shared) {
        improve(&mut best, matrix, cells, &start);
    }
    loop {
        let before = best.0;
        let known = best.1.columns.clone();
        for added in columns.iter().filter(|column| !known.contains(*column)) {
            let mut more = known.clone();
            more.insert(added);
            improve(&mut best, matrix, cells, &more);
        }
        for other in &others {
            improve(&mut best, matrix, cells, &known.common(other));
        }
        if best.0 == before {
            return best.1;
        }
    }
}

/// Takes the rectangle with these columns if it has more of the cells.
fn improve(best: &mut (usize, Rectangle), matrix: &Matrix, cells: &Cells, columns: &BitSet) {
    let rectangle = matrix.rectangle(columns);
    let count = cells.within(&rectangle);
    if count > best.0 {
        *best = (count, rectangle);
    }
}

/// The rectangles without those that are covered by the others. The smallest are dropped first.
fn without_needless(mut rectangles: Vec<Rectangle>) -> Vec<Rectangle> {
    let mut times = HashMap::<(usize, usize), usize>::new();
    for cell in rectangles.iter().flat_map(Rectangle::cells) {
        *times.entry(cell).or_default() += 1;
    }
    rectangles.sort_by_cached_key(|one| (one.rows.len() * one.columns.len(), one.clone()));
    rectangles.retain(|rectangle| {
        let is_needed =
            rectangle.cells().any(|cell| times.get(&cell).is_none_or(|count| *count < 2));
        if !is_needed {
            for cell in rectangle.cells() {
                times.entry(cell).and_modify(|count| *count -= 1);
            }
        }
        is_needed
    });
    rectangles
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn matrix(rows: &[Vec<usize>], columns: usize) -> Matrix {
        let row = |numbers: &Vec<usize>| {
            let mut row = BitSet::empty(columns);
            numbers.iter().for_each(|number| row.insert(*number));
            row
        };
        Matrix::new(rows.iter().map(row).collect(), columns)
    }

    fn assert_covers(matrix: &Matrix, rectangles: &[Rectangle]) {
        let mut left = matrix.cells();
        for rectangle in rectangles {
            for row in rectangle.rows.iter() {
                let held = matrix.row(row).unwrap();
                assert_eq!(held.common_len(&rectangle.columns), rectangle.columns.len());
            }
            left.subtract(rectangle);
        }
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn rows_that_share_columns_with_two_others_need_two_rectangles() {
        let matrix = matrix(&[vec![0], vec![0, 1], vec![1]], 2);
        let found = cover(&matrix);
        assert_covers(&matrix, &found);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_large_matrix_without_a_pattern_is_covered() {
        let mut draw = Draw::default();
        let rows: Vec<_> =
            (0..600).map(|_| (0..12).map(|_| draw.below(300)).collect::<Vec<_>>()).collect();
        let matrix = matrix(&rows, 300);
        let found = cover(&matrix);
        assert_covers(&matrix, &found);
        assert!(found.len() <= 300, "{}", found.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_cell_is_covered_and_no_other(rows in vec(vec(0usize..12, 0..8), 0..20)) {
            let matrix = matrix(&rows, 12);
            let found = cover(&matrix);
            assert_covers(&matrix, &found);
            prop_assert!(found.len() <= 12.min(rows.len()));
        }

        #[test]
        fn overlapping_rectangles_are_found_again(
            planted in vec((vec(0usize..24, 1..8), vec(0usize..10, 1..4)), 1..10),
        ) {
            let mut rows = vec![Vec::new(); 24];
            for (some, columns) in &planted {
                some.iter().for_each(|row| rows[*row].extend(columns));
            }
            let matrix = matrix(&rows, 10);
            let found = cover(&matrix);
            assert_covers(&matrix, &found);
            prop_assert!(
                found.len() * 10 <= planted.len() * 12,
                "{} instead of {}", found.len(), planted.len()
            );
        }
    }
}
