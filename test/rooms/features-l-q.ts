import { run } from '../room.ts'

run('features-l-q')
