// The certificates of test/tls, and callers that show them.
import { once } from 'node:events'
import { copyFileSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { clientOn, type RawClient, requestOf } from './raw.ts'
import type { Teardown } from './running.ts'

/** The path of one of them, with `.pem` or `.key`. */
export function pathOf(file: string): string {
  return resolve('test/tls', file)
}

/** Puts one of them into a folder, as `tls.pem` and `tls.key`. */
export function install(name: string, folder: string): void {
  for (const end of ['pem', 'key']) copyFileSync(pathOf(`${name}.${end}`), join(folder, `tls.${end}`))
}

/** `tls:` of a listener in rules. */
export function tlsOf(more = '', name = 'shop'): string {
  return `tls: { cert: "${pathOf(`${name}.pem`)}", key: "${pathOf(`${name}.key`)}"${more} }`
}

export type TlsClient = RawClient & { readonly socket: TLSSocket }

export type TlsAsked = ConnectionOptions & {
  /** Shows this certificate. */
  readonly as?: string
}

/** Connects by TLS and waits for the handshake; rejects when it fails. */
export async function connectTls(t: Teardown, port: number, asked: TlsAsked = {}): Promise<TlsClient> {
  const { as, ...options } = asked
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'shop.example',
    ca: readFileSync(pathOf('ca.pem')),
    ...(as === undefined
      ? {}
      : { cert: readFileSync(pathOf(`${as}.pem`)), key: readFileSync(pathOf(`${as}.key`)) }),
    // Which certificate it is, tests ask for themselves.
    checkServerIdentity: () => undefined,
    ...options
  })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return { ...clientOn(t, socket), socket }
}

/** One request; of whom TLS refuses, it is the code of the error. */
export async function askTls(
  t: Teardown,
  port: number,
  asked: TlsAsked = {},
  request: Parameters<typeof requestOf>[0] = {}
): Promise<string> {
  try {
    const client = await connectTls(t, port, asked)
    client.send(requestOf(request))
    const answered = client.answer().then(({ start }) => start)
    // With TLS 1.3 a caller believes the handshake done before its certificate is refused.
    const refused = client.over.then(how => client.answers[0]?.start ?? how)
    return await Promise.race([answered, refused]).finally(() => client.socket.destroy())
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

/** The serial number of the certificate that the gateway shows. */
export function serialOf({ socket }: TlsClient): string {
  return socket.getPeerX509Certificate()?.serialNumber ?? ''
}
