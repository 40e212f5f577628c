// Via: who handed a request on, and that it does not go round in circles.
// https://www.rfc-editor.org/rfc/rfc9110#section-7.6.3

/** So often a request may come by before it is a loop: edge and sidecars of one name are none. */
const mostVisits = 8

/** Whether the gateway has seen this request too often. `via` is the joined field. */
export function isLoop(via: string | undefined, pseudonym: string): boolean {
  if (via === undefined) return false
  let visits = 0
  for (let at = via.indexOf(pseudonym); at !== -1; at = via.indexOf(pseudonym, at + pseudonym.length)) {
    if (isWord(via, at, at + pseudonym.length)) visits++
  }
  return visits >= mostVisits
}

// Behind the version, before the comment or the next one.
function isWord(via: string, from: number, to: number): boolean {
  const before = via[from - 1]
  const after = via[to]
  return (
    (before === ' ' || before === '\t') &&
    (after === undefined || after === ' ' || after === '\t' || after === ',')
  )
}

/** The field with this gateway behind all others; `httpVersion` is what the caller spoke: `1.1`, `2`. */
export function viaOf(before: string | undefined, httpVersion: string, pseudonym: string): string {
  const here = `${httpVersion} ${pseudonym}`
  return before === undefined || before === '' ? here : `${before}, ${here}`
}
