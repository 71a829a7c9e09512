# The service, and every command of comfy-tenant. Envoy and ComfyUI have images of their own: see docker-compose.yml.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm ci
RUN npm prune --omit=dev --ignore-scripts

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json comfy-tenant.schema.json ./
COPY proto proto
RUN mkdir -p /etc/comfy-tenant /run/comfy-tenant && chown node:node /etc/comfy-tenant /run/comfy-tenant
USER node
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9002/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=32", "dist/main.js"]
CMD ["serve", "--config", "/etc/comfy-tenant/comfy-tenant.yaml"]
