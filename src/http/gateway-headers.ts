/** The token with which the gateway proves to ComfyUI who sent a request. */
export const TOKEN_HEADER = 'x-funart-comfy-token';

/** Set by Envoy for the portal: the endpoint of the route. */
export const ENDPOINT_HEADER = 'x-comfy-tenant-endpoint';
