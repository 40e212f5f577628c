// Which methods ask for nothing more when they ask twice: such a request may be sent again though nobody knows whether
// it was acted on. Bodies are not its affair.
// https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2
import type { Upstream } from '../rules/upstream.ts'

const methods: Readonly<Record<Upstream['resendMethods'], ReadonlySet<string>>> = {
  // https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1
  safe: new Set(['GET', 'HEAD', 'OPTIONS']),
  idempotent: new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
}

export function isRepeatable(method: string, { resendMethods }: Pick<Upstream, 'resendMethods'>): boolean {
  return methods[resendMethods].has(method)
}
