import t from 'tap'
import {
  labelOf,
  parseDialectName,
  parsePackage,
  parseTagName,
  parseText,
  parseUpstreamName
} from '../../src/rules/names.ts'

t.test('names stay on one line', async t => {
  t.equal(parseText('订单 gateway'), '订单 gateway')
  for (const wrong of ['', ' a', 'a\nb', 'a\u2028b', 'a\u0085b', 'x'.repeat(257)])
    t.equal(parseText(wrong), undefined)
  t.equal(parseUpstreamName('orders-2.v1'), 'orders-2.v1')
  for (const wrong of ['', '-a', 'a b', 'a/b', 'a"b']) t.equal(parseUpstreamName(wrong), undefined, wrong)
})

t.test('the name of a tag makes a label that metrics do not have already', async t => {
  t.equal(parseTagName('service.tag'), 'service.tag')
  t.equal(labelOf('service.tag'), 'service_tag')
  for (const wrong of ['', '1a', 'a b', 'a"b', 'route', 'le', '__name', 'x'.repeat(101)]) {
    t.equal(parseTagName(wrong), undefined, wrong)
  }
})

t.test('a dialect that rules bring along has a name that no row of metrics has', async t => {
  t.equal(parseDialectName('my-wire2'), 'my-wire2')
  for (const wrong of ['', 'none', 'other', 'B3', 'a+b', '2b', 'x'.repeat(32)]) {
    t.equal(parseDialectName(wrong), undefined, wrong)
  }
})

t.test('a package is named, not pointed to', async t => {
  t.equal(parsePackage('@opentelemetry/propagator-b3'), '@opentelemetry/propagator-b3')
  for (const wrong of ['', './a', '../a', '/a', 'https://a', 'a/b', '@a', 'a b']) {
    t.equal(parsePackage(wrong), undefined, wrong)
  }
})
