# One image for the sidecar, the demo desk, the machine's telemetry and the preparing step of docker-compose.yml.
# Debian, because DuckDB's library needs glibc; the current LTS of Node.

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY packages/core/package.json packages/core/
COPY packages/contract/package.json packages/contract/
COPY packages/panel-kit/package.json packages/panel-kit/
COPY sidecar/package.json sidecar/
COPY plugins/datasource/package.json plugins/datasource/
COPY plugins/panels/percentile/package.json plugins/panels/percentile/
COPY dashboards/package.json dashboards/
RUN npm install --no-save --no-progress
COPY . .
RUN npm run build

# What runs needs a tenth of what builds.
FROM build AS dependencies
RUN rm -rf node_modules && npm install --no-save --no-progress --omit=dev --workspace=@tapewatch/sidecar --workspace=@tapewatch/core --workspace=@tapewatch/contract

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Tapewatch" \
      org.opencontainers.image.description="Watches a trading system from inside Grafana" \
      org.opencontainers.image.licenses="Apache-2.0"
# How freed memory goes back to the system; see deploy/systemd/tapewatch.service.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072
WORKDIR /opt/tapewatch
COPY --from=dependencies /build/node_modules node_modules
COPY --from=build /build/sidecar/dist sidecar/dist
COPY --from=build /build/sidecar/package.json sidecar/package.json
COPY --from=build /build/packages packages
COPY --from=build /build/dist/plugins plugins
COPY provisioning provisioning
COPY dashboards/json dashboards/json
COPY deploy/docker/prepare.sh deploy/docker/healthcheck.mjs deploy/docker/
RUN ln -s /opt/tapewatch/sidecar/dist/main.cjs /usr/local/bin/tapewatch && chmod 0755 sidecar/dist/main.cjs deploy/docker/prepare.sh

# Group 0 is the group of Grafana's own image: it lets Grafana use the socket, and gives no right to anything else here.
USER 10001:0
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 CMD ["node", "deploy/docker/healthcheck.mjs"]
ENTRYPOINT ["node", "--enable-source-maps", "/opt/tapewatch/sidecar/dist/main.cjs"]
CMD ["serve"]
