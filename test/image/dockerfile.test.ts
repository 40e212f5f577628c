import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseDockerfile } from './dockerfile.ts'

t.test('what the steps of a Dockerfile say is understood', async t => {
  const stages = parseDockerfile(`
# A comment
ARG BASE=node:24@sha256:aa
FROM --platform=$BUILDPLATFORM \${BASE} AS build
WORKDIR /build
COPY a b ./
RUN one && \\
  two
FROM base
COPY --from=build /build/dist ./dist
ENV A=1 B="two words"
RUN ["/nodejs/bin/node", "-e", "1"]
USER 65532:65532
EXPOSE 8080 9901
HEALTHCHECK --interval=10s \\
  CMD ["/nodejs/bin/node", "health"]
ENTRYPOINT ["/nodejs/bin/node"]
CMD ["serve"]
`)
  t.equal(stages.length, 2)
  t.match(stages[0], {
    name: 'build',
    image: 'node:24@sha256:aa',
    steps: [
      { kind: 'workdir', path: '/build' },
      { kind: 'copy', from: undefined, sources: ['a', 'b'], to: './' },
      { kind: 'run', command: 'one && two' }
    ]
  })
  t.match(stages[1], {
    name: '1',
    image: 'base',
    steps: [
      { kind: 'copy', from: 'build', sources: ['/build/dist'], to: './dist' },
      { kind: 'run', command: ['/nodejs/bin/node', '-e', '1'] }
    ],
    user: '65532:65532',
    ports: [8080, 9901],
    health: ['/nodejs/bin/node', 'health'],
    entrypoint: ['/nodejs/bin/node'],
    command: ['serve']
  })
  t.same(
    stages[1]?.env,
    new Map([
      ['A', '1'],
      ['B', 'two words']
    ])
  )
})

t.test('a step that the check could not run is an error, not left out', async t => {
  for (const step of ['ADD a b', 'VOLUME /data', 'COPY --chown=1 a b', 'CMD serve', 'SHELL ["a"]']) {
    t.throws(() => parseDockerfile(`FROM a\n${step}`), step)
  }
})

t.test('ours is pinned, is not root, and is built by a Node that the package allows', async t => {
  const stages = parseDockerfile(readFileSync('Dockerfile', 'utf8'))
  for (const { image } of stages) t.match(image, /@sha256:[0-9a-f]{64}$/)
  t.match(stages.at(-1)?.user, /^[1-9]\d*:[1-9]\d*$/)
  const number = (version: string) => version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0)
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'))
  const [, built = ''] = /:(\d+\.\d+\.\d+)-/.exec(stages[0]?.image ?? '') ?? []
  t.ok(number(built) >= number(engines.node.replace('>=', '')), built)
})
