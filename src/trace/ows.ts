// Optional white space of HTTP: space and tab, and nothing else that a language may call space.

function isOws(code: number): boolean {
  return code === 32 || code === 9
}

/** The part of a text from `start` to `end` without the OWS around it. https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3 */
export function trimOws(text: string, start = 0, end: number = text.length): string {
  let from = start
  let to = end
  while (from < to && isOws(text.charCodeAt(from))) from++
  while (to > from && isOws(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}
