// A captured request as a command for a POSIX shell. Every byte of it came from a stranger: whatever was sent must
// reach curl as one word, and never the shell or the terminal as anything else.
import type { Captured } from './captured.ts'

/** Where to send it, in place of where it went: a URL without a path. */
export type Destination = URL | undefined

// https://www.rfc-editor.org/rfc/rfc9110#section-7.2: a host, in brackets where it is IPv6, and maybe a port
const authorityPattern = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::\d{1,5})?$/

/** The notes and the command; undefined where it is not known where to send it. */
export function curlOf(captured: Captured, to: Destination): string | undefined {
  const { host } = captured
  if (to === undefined && !authorityPattern.test(host)) return undefined
  const { body, headers } = captured.request
  const [pipe, data] = dataOf(body)
  const origin = to?.origin ?? `${captured.scheme}://${host}`
  const words = [
    'curl -sS -i',
    ...methodOf(captured.method, data !== ''),
    ...(to === undefined || host === '' || host === to.host ? [] : [`-H ${word(`Host: ${host}`)}`]),
    ...headers.map(([name, value]) => `-H ${word(value === '' ? `${name};` : `${name}: ${value}`)}`),
    // Else curl would say that it is a form.
    ...(data !== '' && !headers.some(([name]) => name.toLowerCase() === 'content-type')
      ? [`-H 'Content-Type:'`]
      : []),
    ...(data === '' ? [] : [data]),
    ...urlOf(captured, origin)
  ]
  const notes = notesOf(captured).map(note => `# ${note}\n`)
  return `${notes.join('')}${pipe}${words.join(' \\\n  ')}\n`
}

function methodOf(method: string, hasData: boolean): readonly string[] {
  if (method === 'HEAD') return ['--head']
  return method === 'GET' && !hasData ? [] : [`-X ${word(method)}`]
}

// What curl sends as it stands: no dot segments, which it would resolve, and nothing that it would expand.
const plainTarget = /^(?=\/)(?!.*\/\.{1,2}(?:[/?]|$))[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*$/

function urlOf({ path, query }: Captured, origin: string): readonly string[] {
  const target = query === '' ? path : `${path}?${query}`
  // Brackets of an IPv6 address would be taken for a range to expand.
  const literal = origin.includes('[') ? ['--globoff'] : []
  if (plainTarget.test(target)) return [...literal, word(`${origin}${target}`)]
  return [...literal, `--request-target ${word(target)}`, word(`${origin}/`)]
}

/** What goes before curl, and its option. */
function dataOf(body: Captured['request']['body']): readonly [pipe: string, data: string] {
  const { text, base64 = text === undefined ? '' : Buffer.from(text).toString('base64') } = body ?? {}
  // --data-binary would read a file for a body that begins with @.
  if (text !== undefined && text !== '' && shown.test(text)) return ['', `--data-raw ${quoted(text)}`]
  return base64 === '' ? ['', ''] : [`printf %s ${quoted(base64)} | base64 -d | `, '--data-binary @-']
}

// No control or format characters, no line ends: what is printed looks like what is sent.
const shown = /^[^\p{C}\p{Zl}\p{Zp}]{0,65536}$/u

/** One word for the shell, of latin1 characters that stand for bytes. */
function word(bytes: string): string {
  if (/^[\x20-\x7e]*$/.test(bytes)) return quoted(bytes)
  const escaped = bytes.replace(/[^\x20-\x7e]|[\\']/g, one => {
    return `\\0${one.charCodeAt(0).toString(8).padStart(3, '0')}`
  })
  // https://pubs.opengroup.org/onlinepubs/9799919799/utilities/printf.html
  return `"$(printf %b '${escaped}')"`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function notesOf(captured: Captured): readonly string[] {
  const { time, trace_id, span_id, method, status, failure, why, duration_ms, request } = captured
  const { body, headers } = request
  const redacted = [
    ...(captured.query_redacted ? ['the query'] : []),
    ...headers.filter(([, value]) => value.includes('REDACTED')).map(([name]) => name),
    ...(body?.redacted === true ? ['the body'] : [])
  ]
  return [
    `${time}, trace ${trace_id}, span ${span_id}`,
    `${method} ended with ${status}${failure === undefined ? '' : ` ${failure}`} (${why}) after ${duration_ms} ms`,
    'Only the headers that capture.headers names were kept.',
    ...(redacted.length > 0 ? [`Put the secrets back, they are REDACTED in: ${redacted.join(', ')}`] : []),
    ...(body?.encoded === true ? ['The body was compressed and is not here.'] : []),
    ...(body?.truncated === true ? ['The body is cut: only its first bytes are here.'] : [])
  ]
}
