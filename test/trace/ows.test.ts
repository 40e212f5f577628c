import t from 'tap'
import { trimOws } from '../../src/trace/ows.ts'

t.test('space and tab go from both ends, and nothing else does', async t => {
  t.equal(trimOws(' \t a \t b\t '), 'a \t b')
  t.equal(trimOws(' \t'), '')
  t.equal(trimOws(''), '')
  t.equal(trimOws('\u00a0a\n'), '\u00a0a\n')
})

t.test('a part of a text is trimmed within its own bounds', async t => {
  t.equal(trimOws('a, b ,c', 2, 5), 'b')
  t.equal(trimOws('a,,c', 2, 2), '')
})
