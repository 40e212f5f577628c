import t from 'tap'
import { consoleExporter } from '../../src/exporters/console.ts'
import { makeSpan, resource } from '../span.ts'

t.test('each span is one line of JSON, newline at the end', async t => {
  const hostile = makeSpan({
    name: 'GET\n{"trace_id":"forged"}',
    attributes: ['__proto__', 'x', 'b', ['c', 'd']]
  })
  const text = consoleExporter
    .encode([makeSpan({ parentId: undefined, error: true }), hostile], resource)
    .toString()
  t.ok(text.endsWith('\n'))
  const lines = text.trimEnd().split('\n')
  t.equal(lines.length, 2, 'a newline in a name does not make a line')
  const [first = '', second = ''] = lines
  t.match(JSON.parse(first), {
    trace_id: /^[0-9a-f]{32}$/,
    span_id: /^[0-9a-f]{16}$/,
    parent_id: null,
    kind: 'server',
    name: 'GET /orders/{id}',
    duration_ms: 12.5,
    error: true,
    attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200 }
  })
  t.match(second, '"__proto__":"x"')
  t.strictSame(JSON.parse(second).attributes.b, ['c', 'd'])
})

t.test('a time that is none is null, not an exception', async t => {
  const text = consoleExporter.encode([makeSpan({ start: Number.NaN })], resource).toString()
  t.match(JSON.parse(text), { time: null, duration_ms: null })
})
