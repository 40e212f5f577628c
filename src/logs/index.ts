// The registry: a new log format is one file and one line here.
export { alb } from './alb.ts'
export { json } from './json.ts'
export { nginx } from './nginx.ts'
