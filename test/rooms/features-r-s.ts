import { run } from '../room.ts'

run('features-r-s')
