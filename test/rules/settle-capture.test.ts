import t, { type Test } from 'tap'
import { warningsOf } from '../../src/rules/warnings.ts'
import { loaded } from './rule-files.ts'

function rulesOf(top: string, route: string) {
  return `${top}
export: [{ console: {} }]
accept: [w3c]
upstreams: { demo: { echo: true } }
routes: [{ name: a, match: {}, upstream: demo${route} }]
`
}

function captured(t: Test, top: string, route: string) {
  const [first] = loaded(t, rulesOf(top, route)).rules.routes
  return first?.capture && { headers: [...first.capture.headers], body: first.capture.body }
}

const usual = ['accept', 'content-encoding', 'content-type']

t.test('capture is off unless the top or a route turns it on', async t => {
  t.equal(captured(t, '', ''), undefined)
  t.equal(captured(t, 'capture: {}', ', capture: false'), undefined)
  t.strictSame(captured(t, 'capture: {}', ''), { headers: usual, body: 0 })
  t.strictSame(captured(t, '', ', capture: { body: 9 }'), { headers: usual, body: 9 })
  t.strictSame(captured(t, 'capture: { headers: [X-A], body: 5 }', ', capture: { body: 9 }'), {
    headers: ['x-a'],
    body: 9
  })
})

t.test('how many are held is said at the top', async t => {
  t.equal(loaded(t, rulesOf('capture: { keep: 7 }', '')).rules.captures.keep, 7)
  t.equal(loaded(t, rulesOf('', '')).rules.captures.keep, 100)
})

t.test('what will not be kept is warned of', async t => {
  const warned = (top: string, route: string) =>
    warningsOf(loaded(t, rulesOf(top, route))).filter(each => each.startsWith('capture'))
  t.strictSame(warned('capture: {}', ''), [])
  t.match(warned('capture: { headers: [Cookie, accept] }', ''), [/of cookie only REDACTED is ever kept/])
  t.match(warned('capture: { headers: [X-Session-Token, Private-Token, accept] }', ''), [
    /of x-session-token, private-token only REDACTED is ever kept/
  ])
  t.match(warned('capture: {}', ', spans: none'), [/whose spans are kept are captured, and a reports none/])
  t.match(warned('capture: {}', ', capture: false'), [/no route captures anything/])
})
