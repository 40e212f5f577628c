import t from 'tap'
import { figure, formatFigure, ratio, table } from './figures.ts'

t.test('a median is the middle one, or between the two in the middle', async t => {
  t.strictSame(figure([3, 1, 2]), { median: 2, least: 1, most: 3 })
  t.strictSame(figure([4, 1, 2, 3]), { median: 2.5, least: 1, most: 4 })
})

t.test('a ratio is taken round by round, so that a slow round does no harm', async t => {
  t.strictSame(ratio([20, 2000, 22], [10, 1000, 10]), { median: 2, least: 2, most: 2.2 })
})

t.test('a ratio leaves out the rounds that one side has not', async t => {
  t.strictSame(ratio([20, 30], [10]), { median: 2, least: 2, most: 2 })
  t.equal(ratio([], [10]), undefined)
  t.equal(ratio([10], []), undefined)
})

t.test('what was not measured is a dash', async t => {
  t.equal(formatFigure(figure([]), 1), '–')
  t.equal(formatFigure(undefined, 1), '–')
  t.equal(formatFigure(figure([1, 2]), 1), '1.5 (1.0 to 2.0)')
})

t.test('a table is aligned', async t => {
  t.equal(
    table([
      ['a', 'long'],
      ['longer', 'b']
    ]),
    '| a      | long |\n| ------ | ---- |\n| longer | b    |'
  )
})
