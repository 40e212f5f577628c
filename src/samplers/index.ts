// The registry. A new sampler is one file and one line here.
export { adaptive } from './adaptive.ts'
export { atMost } from './at-most.ts'
export { ratio } from './ratio.ts'
