import { typeOf } from './names.ts';

const MIN_BYTES = 1024;
/** In order of preference. */
const LIBRARIES = {
  zstd: { name: 'zstd', type: 'Zstd', settings: { compression_level: 3 } },
  gzip: {
    name: 'gzip',
    type: 'Gzip',
    settings: {
      compression_level: 'COMPRESSION_LEVEL_4',
      window_bits: 15,
      memory_level: 8,
      chunk_size: 65_536,
    },
  },
} as const;

const filterName = (name: string): string => `envoy.filters.http.compressor.${name}`;

/**
 * Compresses text (JavaScript, JSON, CSS, HTML, SVG: Envoy's own list) for clients that accept it. Pictures, videos, a part of a
 * file, and what is compressed already stay as they are.
 */
export function compressors() {
  return Object.values(LIBRARIES).map(({ name, type, settings }, place) => ({
    name: filterName(name),
    typed_config: {
      '@type': typeOf('extensions.filters.http.compressor.v3.Compressor'),
      // If a client likes both equally.
      choose_first: place === 0,
      compressor_library: {
        name,
        typed_config: {
          '@type': typeOf(`extensions.compression.${name}.compressor.v3.${type}`),
          ...settings,
        },
      },
      response_direction_config: {
        common_config: { min_content_length: MIN_BYTES },
        // The browser asks with it whether its copy is still current.
        weaken_etag_on_compress: true,
        uncompressible_response_codes: [206],
      },
    },
  }));
}

/**
 * For the service's own pages: the size of a compressed page that holds both a secret and text from the address would reveal
 * the secret bit by bit (BREACH).
 */
export function uncompressed() {
  const perRoute = {
    '@type': typeOf('extensions.filters.http.compressor.v3.CompressorPerRoute'),
    disabled: true,
  };
  return Object.fromEntries(Object.values(LIBRARIES).map(({ name }) => [filterName(name), perRoute]));
}
