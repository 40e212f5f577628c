// The registry. A new dialect is one file and one line here; names in rules, metrics and docs follow from it.
export { b3 } from './b3.ts'
export { b3multi } from './b3multi.ts'
export { jaeger } from './jaeger.ts'
export { w3c } from './w3c.ts'
