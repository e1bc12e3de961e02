// SPDX-License-Identifier: Apache-2.0

/// Returns the cheapest way to give each row a column of its own.
///
/// The Hungarian algorithm with potentials: each row in turn finds the shortest augmenting path,
/// `O(rows² · columns)`. Source: R. Jonker, A. Volgenant, "A shortest augmenting path algorithm for
/// dense and sparse linear assignment problems", Computing 38 (1987) 325.
///
/// - Parameters:
///   - cost: The finite cost of each pair, row by row. Shape `[rows, columns]`.
///   - rows: Number of rows, at most the number of columns.
///   - columns: Number of columns.
/// - Returns: The column of each row.
func cheapestAssignment(cost: [Double], rows: Int, columns: Int) -> [Int] {
  precondition(
    0 < columns && rows <= columns && cost.count == rows * columns,
    "\(cost.count) costs of \(rows) rows and \(columns) columns.")
  // Index 0 of columns and rows stands for none.
  var rowPotential = [Double](repeating: 0, count: rows + 1)
  var columnPotential = [Double](repeating: 0, count: columns + 1)
  var rowOfColumn = [Int](repeating: 0, count: columns + 1)
  for row in stride(from: 1, through: rows, by: 1) {
    var slack = [Double](repeating: .infinity, count: columns + 1)
    var previous = [Int](repeating: 0, count: columns + 1)
    var isVisited = [Bool](repeating: false, count: columns + 1)
    rowOfColumn[0] = row
    var column = 0
    repeat {
      isVisited[column] = true
      let current = rowOfColumn[column]
      var step = Double.infinity
      var next = 0
      for other in 1...columns where !isVisited[other] {
        let reduced =
          cost[(current - 1) * columns + other - 1] - rowPotential[current]
          - columnPotential[other]
        if reduced < slack[other] {
          slack[other] = reduced
          previous[other] = column
        }
        if slack[other] < step {
          step = slack[other]
          next = other
        }
      }
      for other in 0...columns {
        if isVisited[other] {
          rowPotential[rowOfColumn[other]] += step
          columnPotential[other] -= step
        } else {
          slack[other] -= step
        }
      }
      column = next
    } while rowOfColumn[column] != 0
    while column != 0 {
      rowOfColumn[column] = rowOfColumn[previous[column]]
      column = previous[column]
    }
  }
  var result = [Int](repeating: 0, count: rows)
  for column in 1...columns where rowOfColumn[column] > 0 {
    result[rowOfColumn[column] - 1] = column - 1
  }
  return result
}
