// EagleEye's user data, k1=v1&k2=v2. No specification is public, and nothing observed escapes anything: what the
// plain form cannot hold is percent-encoded here, so that it comes back from another gateway.
import { maxMembers } from '../trace/baggage.ts'
import { percentDecode, percentEncode } from '../trace/percent.ts'
import { decodeUserData, encodeUserData } from '../trace/user-data.ts'
import { type BaggageDialect, lastOfEach, type Member, noMembers } from './baggage.ts'

const name = 'eagleeye'
const field = 'EagleEye-UserData'
const maxLength = 4096

// Visible ASCII but for what separates and escapes: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
const unsafeInKey = /[^\x21-\x24\x27-\x3c\x3e-\x7e]+/g
const unsafeInValue = /[^\x21-\x24\x27-\x7e]+/g

function written({ key, value, dialect, raw }: Member): string {
  if (dialect === name && raw !== undefined) return raw
  return encodeUserData([[percentEncode(key, unsafeInKey), percentEncode(value, unsafeInValue)]])
}

export const eagleeye: BaggageDialect = {
  name,
  fields: [field],
  prefixes: [],
  reserved: undefined,
  carries: {
    members: maxMembers,
    valueLength: undefined,
    bytes: maxLength,
    emptyValues: true,
    anyKey: true,
    caseOfKeys: true,
    properties: false,
    repeats: false
  },
  extract(read, _, garbled) {
    const text = read('eagleeye-userdata')
    if (text === undefined || text === '') return noMembers
    const { pairs, dropped } = decodeUserData(text)
    if (dropped > 0) garbled?.push(name)
    return pairs.map(pair => {
      const [key, value] = pair
      const plain = encodeUserData([pair])
      // A blank would be lost at the ends of a field.
      const raw = plain === '' || plain.includes(' ') ? undefined : plain
      return { key: percentDecode(key), value: percentDecode(value), dialect: name, raw }
    })
  },
  inject(members, set, maxBytes) {
    const most = Math.min(maxBytes, maxLength)
    let list = ''
    let room = maxMembers
    for (const member of lastOfEach(members)) {
      if (room === 0) break
      const pair = written(member)
      const longer = list === '' ? pair : `${list}&${pair}`
      if (pair === '' || longer.length > most) continue
      list = longer
      room--
    }
    if (list !== '') set.push(field, list)
  }
}
