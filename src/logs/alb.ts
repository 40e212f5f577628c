// Lines of an AWS Application Load Balancer.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
import type { Fields, LogFormat, Taken } from './format.ts'

/** Fields by their place; those without a name are of no use here. */
const places: readonly (string | undefined)[] = [
  'type',
  'end',
  undefined,
  'client',
  'upstream',
  'request_processing_time',
  'target_processing_time',
  'response_processing_time',
  'status',
  undefined,
  undefined,
  'bytes',
  'request',
  'user_agent',
  undefined,
  undefined,
  undefined,
  'header.x-amzn-trace-id'
]

const times = ['request_processing_time', 'target_processing_time', 'response_processing_time']

const token = /"((?:[^"\\]|\\.)*)"|(\S+)/y

function tokensOf(line: string): string[] | undefined {
  const tokens: string[] = []
  let at = 0
  while (tokens.length < places.length) {
    token.lastIndex = at
    const found = token.exec(line)
    if (found === null) return undefined
    tokens.push(found[1] ?? found[2] ?? '')
    at = token.lastIndex + 1
  }
  return tokens
}

function take(line: string): Taken {
  const tokens = tokensOf(line)
  if (tokens === undefined) return 'not of this format'
  const fields: Fields = new Map()
  tokens.forEach((text, i) => {
    const name = places[i]
    if (name !== undefined && text !== '' && text !== '-') fields.set(name, text)
  })
  // -1 stands for a part that was never reached.
  const seconds = times.map(name => Number(fields.get(name))).filter(part => part > 0)
  fields.set('duration', String(seconds.reduce((sum, part) => sum + part, 0)))
  const client = fields.get('client')
  if (client !== undefined) fields.set('client', client.replace(/:\d{1,5}$/, ''))
  return fields
}

export const alb: LogFormat = {
  name: 'alb',
  reader: template =>
    template === undefined ? take : { complaint: 'alb lines have one form: --log-format is for nginx' }
}
