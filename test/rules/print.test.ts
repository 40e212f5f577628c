import t from 'tap'
import { printRules } from '../../src/rules/print.ts'
import { loaded, minimal } from './rule-files.ts'

t.test('what is printed is a rule file that comes to the same', async t => {
  const texts = [
    minimal,
    `service: { version: "1.10" }\nsampling: { rate: 0.07, rules: [{ match: { method: GET }, rate: 12.5% }] }\n${minimal}`,
    `cors: { origins: [https://a.test], methods: [GET] }\nbaggage: { allow: [a] }\ntrust: []\n${minimal}`,
    `export: [{ console: {} }, { otlp: { url: http://a/v1/traces, timeout: 1500ms } }]\n${minimal}`,
    `upstreams: { "null": { targets: [{ url: http://a, tags: { "yes": "no", n: "1e3" } }] } }\nroutes: [{ match: { header: { x: "true" } }, upstream: "null" }]`
  ]
  for (const text of texts) {
    const { rules, settings } = loaded(t, text, { HOSTNAME: 'pod-1' })
    const again = loaded(t, printRules(rules), { HOSTNAME: 'other' })
    t.same(again.settings, settings)
    t.equal(printRules(again.rules), printRules(rules))
  }
})

t.test('no secret is printed, by whatever way it came', async t => {
  const text = `admin: { token: inline-secret }
export:
  - otlp: { url: "http://a/v1?key=query-secret", headers: { a: header-secret, b: "Bearer \${TOKEN}" } }
  - otlp: { url: "\${URL}" }
${minimal}`
  const { rules } = loaded(t, text, { TOKEN: 'env-secret', URL: 'http://a/path-secret' })
  t.equal(rules.admin.token, 'inline-secret', 'though it is in force')
  t.notMatch(printRules(rules), /secret/)
})
