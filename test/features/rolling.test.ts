// "What does a release cost my callers?" A few of them here, many of them in test/heavy.
import t from 'tap'
import { reload, restart } from '../releases.ts'

t.test('rolling restarts under load lose no request', t => restart(t, 3))
t.test('reloads under load lose no request', t => reload(t, 20))
