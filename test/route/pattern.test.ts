import t from 'tap'
import { parseHost, parseTemplate } from '../../src/route/pattern.ts'

t.test('a path template is literal segments, parameters and a last **', async t => {
  t.same(parseTemplate('/a/{id}/**'), {
    kind: 'template',
    segments: [{ kind: 'literal', text: 'a' }, { kind: 'param', name: 'id' }, { kind: 'rest' }]
  })
  t.same(parseTemplate('/'), { kind: 'template', segments: [{ kind: 'literal', text: '' }] })
})

t.test('a trailing slash is part of a template', async t => {
  t.notSame(parseTemplate('/a'), parseTemplate('/a/'))
})

t.test('what cannot be a path template says why', async t => {
  const reasons = new Map([
    ['', 'begins with /'],
    ['a', 'begins with /'],
    ['/**/a', 'only as the last'],
    ['/a*', '{name} for one segment'],
    ['/a/*', '{name} for one segment'],
    ['/a{id}', 'whole segment'],
    ['/{}', 'whole segment'],
    ['/{a b}', 'whole segment'],
    ['/{id}/{id}', 'only once'],
    ['/a//b', 'no empty segments'],
    ['/a/../b', 'no . or ..'],
    ['/a?b=c', 'without query'],
    ['/a b', 'percent-encoded'],
    ['/é', 'percent-encoded'],
    ['/%zz', 'percent-encoded'],
    ['/a\nb', 'percent-encoded'],
    [`/${'a'.repeat(3000)}`, '2048']
  ])
  for (const [text, why] of reasons) {
    const template = parseTemplate(text)
    t.match(template, { kind: 'refused' }, JSON.stringify(text.slice(0, 20)))
    t.ok(template.kind === 'refused' && template.why.includes(why), JSON.stringify(template))
  }
})

t.test('a host is exact or everything below a name, in lower case', async t => {
  t.same(parseHost('Shop.Example.COM'), { kind: 'exact', host: 'shop.example.com' })
  t.same(parseHost('*.example.com'), { kind: 'below', suffix: '.example.com' })
  t.same(parseHost('localhost'), { kind: 'exact', host: 'localhost' })
  t.same(parseHost('[::1]'), { kind: 'exact', host: '[::1]' })
})

t.test('what is more or less than a host is refused', async t => {
  const wrong = [
    '',
    '*',
    '*.',
    'http://a',
    'a:80',
    'a/b',
    'a..b',
    '.a',
    'a.',
    '*.*.a',
    'a.*',
    '*.[::1]',
    'a b',
    'ä.de'
  ]
  for (const text of wrong) t.match(parseHost(text), { kind: 'refused' }, JSON.stringify(text))
})
