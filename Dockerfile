# The service and all commands of comfy-tenant. Envoy and ComfyUI have separate images: see docker-compose.yml.
# Behind a proxy that intercepts TLS, pass its certificate to the build; it is not stored in any layer:
#   docker build --secret id=ca,src=/etc/ssl/certs/ca-certificates.crt -t comfy-tenant:0.1.0 .
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=ca \
  if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
  npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production
# Validates each change before Envoy's own container gets it.
COPY --from=envoyproxy/envoy:v1.40.0 /usr/local/bin/envoy /usr/local/bin/envoy
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json comfy-tenant.schema.json ./
COPY proto proto
# A new volume takes the owner and mode of the folder it is first mounted on, so no container needs root.
RUN install -d -o 1000 -g 1000 -m 0755 /etc/comfy-tenant /run/comfy-tenant /run/envoy /var/lib/comfy-tenant /var/lib/comfy-tenant/public \
  /var/lib/prometheus \
  && install -d -o 1000 -g 1000 -m 0700 /var/lib/comfy-tenant/keys /var/lib/comfy-tenant/users
USER 1000:1000
WORKDIR /etc/comfy-tenant
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9002/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve"]
