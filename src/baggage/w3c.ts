// W3C baggage: one list, whose members go on byte for byte; those of other dialects are encoded.
// Of Sentry's members all go or none: https://develop.sentry.dev/sdk/foundations/trace-propagation/dynamic-sampling-context/
import { decodedValue, encodeMember, maxMembers, parseBaggage } from '../trace/baggage.ts'
import { type BaggageDialect, type Member, noMembers } from './baggage.ts'
import { isSentry, sentryPrefix } from './sentry.ts'

const name = 'w3c'
const field = 'baggage'
/** More than may go on, for an allow-list may want only the last of them; a server's header holds few more. */
const mostRead = 1024

/** The list, and whether every one of Sentry's members fitted in. */
function written(members: readonly Member[], maxBytes: number): { list: string; whole: boolean } {
  let list = ''
  let room = maxMembers
  let whole = true
  for (const member of members) {
    const own = member.dialect === name ? member.raw : undefined
    const text = own ?? encodeMember(member.key, member.value)
    if (text === undefined) continue
    const longer = list === '' ? text : `${list},${text}`
    if (room === 0 || longer.length > maxBytes) {
      if (isSentry(member)) whole = false
      continue
    }
    list = longer
    room--
  }
  return { list, whole }
}

export const w3c: BaggageDialect = {
  name,
  fields: [field],
  prefixes: [],
  reserved: sentryPrefix,
  carries: {
    members: maxMembers,
    valueLength: undefined,
    bytes: undefined,
    emptyValues: true,
    anyKey: false,
    caseOfKeys: true,
    properties: true,
    repeats: true
  },
  extract(read, _, garbled) {
    const raw = read(field)
    if (raw === undefined) return noMembers
    const { members, dropped } = parseBaggage(raw, mostRead, Number.POSITIVE_INFINITY)
    if (dropped > 0) garbled?.push(name)
    return members.map(member => ({
      key: member.key,
      value: decodedValue(member),
      dialect: name,
      raw: member.raw
    }))
  },
  inject(members, set, maxBytes) {
    const all = written(members, maxBytes)
    const { list } = all.whole
      ? all
      : written(
          members.filter(member => !isSentry(member)),
          maxBytes
        )
    if (list !== '') set.push(field, list)
  }
}
