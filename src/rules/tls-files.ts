// Reads the certificates and keys that listeners name, and says what is wrong with them. Must not listen (proxy/tls.ts),
// and never shows what is in a file.
import { constants, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { Complaint } from './complaint.ts'
import { complain } from './complaint.ts'
import { codeOf, type Files } from './files.ts'
import type { Certificate, Tls } from './listener.ts'
import { child, itemsOf, type Located, textOf } from './located.ts'
import { serverNamesOf } from './tls-names.ts'

/** What `listen` names. */
export type TlsFiles = {
  /** In the order of `listen`; undefined for plain text, and for what is complained of. */
  readonly tls: readonly (Tls | undefined)[]
  readonly complaints: readonly Complaint[]
  /** Absolute paths: when one changes, so do the rules. */
  readonly files: readonly string[]
}

/** Reads a file that the rules name; whatever is wrong becomes a complaint, and undefined. */
export type Read = (node: Located | undefined) => string | undefined

type Pair = Certificate & { readonly cert: string; readonly key: string; readonly context: SecureContext }

/** Bytes: bundles of all public authorities are a quarter of it. */
const sizeLimit = 1024 * 1024

// https://www.rfc-editor.org/rfc/rfc7468#section-5.1
const certificatePattern = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

const protocol: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION
}

/** Reads what `listen` names. What has not its shape is left to who complains of shapes. Never throws. */
export function loadTls(root: Located, from: Files): TlsFiles {
  const complaints: Complaint[] = []
  const files = new Set<string>()
  const read = createPemReader(from, files, complaints)
  const tls = itemsOf(child(root, 'listen')).map(each => loadListener(child(each, 'tls'), read, complaints))
  return { tls, complaints, files: [...files] }
}

/** Adds each file that it is asked for to `files`, as an absolute path. */
export function createPemReader(from: Files, files: Set<string>, complaints: Complaint[]): Read {
  return node => {
    const path = textOf(node)
    if (node === undefined || path === undefined) return undefined
    const file = resolve(dirname(node.place.file), path)
    files.add(file)
    try {
      const bytes = from.read(file, sizeLimit)
      if (bytes !== undefined) return bytes.toString('latin1')
      complaints.push(complain(node.place, 'expected a file of at most 1 MiB'))
    } catch (error) {
      complaints.push(complain(node.place, `expected a readable file (${codeOf(error)})`))
    }
    return undefined
  }
}

function loadListener(node: Located | undefined, read: Read, complaints: Complaint[]): Tls | undefined {
  if (node === undefined) return undefined
  const ca = child(node, 'client-ca')
  const authorities = ca === undefined ? undefined : loadAuthorities(ca, read(ca), complaints)
  const listed = child(node, 'certificates')
  const pairs = (listed === undefined ? [node] : itemsOf(listed)).map(each =>
    loadPair(each, authorities, read, complaints)
  )
  const [first] = pairs
  if (first === undefined || (ca !== undefined && authorities === undefined)) return undefined
  const { cert, key } = first
  return {
    options: { ...protocol, cert, key, ca: authorities },
    choose: createChoice(pairs.flatMap(pair => pair ?? [])),
    client:
      authorities === undefined ? 'none' : textOf(child(node, 'client')) === 'require' ? 'require' : 'ask',
    certificates: pairs.flatMap(pair =>
      pair === undefined ? [] : [{ names: pair.names, until: pair.until }]
    )
  }
}

/** `cert` and `key` of a map. */
export function loadPair(
  node: Located,
  ca: string[] | undefined,
  read: Read,
  complaints: Complaint[]
): Pair | undefined {
  const [certNode, keyNode] = [child(node, 'cert'), child(node, 'key')]
  const [cert, key] = [read(certNode), read(keyNode)]
  const chain = cert === undefined ? undefined : certificatesIn(cert)
  const privateKey = key === undefined ? undefined : privateKeyIn(key)
  const [leaf] = chain ?? []
  if (certNode !== undefined && cert !== undefined && leaf === undefined) {
    complaints.push(complain(certNode.place, 'expected a PEM file of certificates'))
  }
  if (keyNode !== undefined && key !== undefined && privateKey === undefined) {
    complaints.push(complain(keyNode.place, 'expected a PEM file with a private key, without a passphrase'))
  }
  if (certNode === undefined || keyNode === undefined || cert === undefined || key === undefined)
    return undefined
  if (leaf === undefined || privateKey === undefined) return undefined
  if (!leaf.checkPrivateKey(privateKey)) {
    complaints.push(complain(keyNode.place, 'expected the private key of the first certificate in cert'))
    return undefined
  }
  try {
    const context = createSecureContext({ ...protocol, cert, key, ca })
    return { cert, key, context, names: serverNamesOf(leaf), until: leaf.validToDate.getTime() }
  } catch (error) {
    complaints.push(complain(certNode.place, `expected a certificate that OpenSSL takes (${codeOf(error)})`))
    return undefined
  }
}

/** `text` is what `node` names. */
export function loadAuthorities(
  node: Located,
  text: string | undefined,
  complaints: Complaint[]
): string[] | undefined {
  if (text === undefined) return undefined
  const found = certificatesIn(text)
  // OpenSSL passes over what it cannot read, and an empty list would stand for all public authorities.
  if (found?.every(each => each.ca || each.issuer === each.subject)) return found.map(each => each.toString())
  complaints.push(complain(node.place, 'expected a PEM file of certificates of authorities'))
  return undefined
}

/** All in a text; undefined when there is none, or one that cannot be read. */
function certificatesIn(text: string): readonly X509Certificate[] | undefined {
  try {
    const found = [...text.matchAll(certificatePattern)].map(([pem]) => new X509Certificate(pem))
    return found.length === 0 ? undefined : found
  } catch {
    return undefined
  }
}

function privateKeyIn(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text)
  } catch {
    return undefined
  }
}

/**
 * By the name that the caller asks for: a certificate for it alone goes before one for `*.`, which stands for one label.
 * https://www.rfc-editor.org/rfc/rfc9525#section-6.3
 */
function createChoice(pairs: readonly Pair[]): Tls['choose'] {
  const contexts = new Map<string, SecureContext>()
  for (const { names, context } of pairs) {
    for (const name of names) if (!contexts.has(name)) contexts.set(name, context)
  }
  return asked => {
    const name = asked.toLowerCase().replace(/\.$/, '')
    const dot = name.indexOf('.')
    return contexts.get(name) ?? (dot > 0 ? contexts.get(`*${name.slice(dot)}`) : undefined)
  }
}
