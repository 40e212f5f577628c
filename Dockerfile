# The gateway as an image: the build and its production dependencies on distroless Node 24, nothing else.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=0.1.0 -t REGISTRY/tracebridge:0.1.0 .
#
# `npm run image:check` runs these very steps without Docker, in a clean folder. It understands what is used here
# and no more: FROM, ARG, ENV, WORKDIR, COPY, RUN, USER, LABEL, EXPOSE, HEALTHCHECK, ENTRYPOINT, CMD.

# Both digests are of indexes with amd64 and arm64.
ARG BUILD_IMAGE=docker.io/library/node:24.21.0-trixie-slim@sha256:173f125896c3b47ddf056734c7ea789d04595a6a08769a8f78e0df642781fb66
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot@sha256:9eeb7f5887d0e239e78264b06f7f11d2e14be534050481803a9e4728fcdd278e

# Nothing that is built depends on the architecture, so it is built once, on the builder's own.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY rolldown.config.ts ./
COPY src ./src
RUN npm run build -- --no-sourcemap

FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS dependencies
WORKDIR /build
COPY package.json package-lock.json ./
# Optional ones are compilers that a dependency could do without. Types and source maps are for who develops.
RUN npm ci --omit=dev --omit=peer --omit=optional --ignore-scripts --no-audit --no-fund && \
  find node_modules -type f \( -name '*.map' -o -name '*.[cm]ts' -o -name '*.ts' -o -name '*.md' ! -iname 'licen*' \) -delete

FROM ${RUNTIME_IMAGE}
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tracebridge" \
      org.opencontainers.image.description="A reverse proxy that makes broken traces whole" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# As bin/tracebridge starts it: a third less memory under load.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
# All of it stays root's: the process may read its own files and change none.
COPY package.json LICENSE ./
COPY rules ./rules
COPY --from=dependencies /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
# No image on a Node that package.json does not allow. It runs on the target: for another architecture the builder needs
# its emulation (binfmt).
RUN ["/nodejs/bin/node", "-e", "const n = v => v.split('.').reduce((a, b) => a * 1000 + Number(b), 0); process.exitCode = n(process.versions.node) < n(require('./package.json').engines.node.slice(2)) ? 1 : 0"]
USER 65532:65532
EXPOSE 8080 9901
# For plain Docker; Kubernetes has probes of its own. It asks where `admin.address` is when nobody moves it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD ["/nodejs/bin/node", "-e", "fetch('http://127.0.0.1:9901/readyz').then(a => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=8", "--expose-gc", "/app/dist/main.js"]
CMD ["serve"]
