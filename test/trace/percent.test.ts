import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { percentDecode, percentEncode } from '../../src/trace/percent.ts'

t.test('escapes that are UTF-8 become text, others what can be made of them', async t => {
  t.equal(percentDecode('a%20b%C3%A9'), 'a bé')
  t.equal(percentDecode('%FF%41'), '\ufffdA')
  t.equal(percentDecode('100%'), '100%')
  t.equal(percentDecode('%zz%4'), '%zz%4')
  t.equal(percentDecode('a+b'), 'a+b')
})

t.test('what is encoded comes back, and half a character as a replacement', async t => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const encoded = percentEncode(text, /[^a-z]+/g)
      assert.match(encoded, /^[\x21-\x7e]*$/)
      assert.equal(percentDecode(encoded), text.toWellFormed())
    })
  )
  t.equal(percentEncode('\ud800', /[^a-z]+/g), '%EF%BF%BD')
})
