// "What does a day of releases cost my callers?"
import t from 'tap'
import { reload, restart } from '../releases.ts'

t.test('20 rolling restarts under load lose no request', t => restart(t, 20))
t.test('100 reloads under load lose no request', t => reload(t, 100))
