/**
 * Who may ask: each request carries its data source's token (secureJsonData.token) in the plugin context. It is compared
 * by its SHA-256 with the configured hashes, in constant time. Only where no token is configured and the listener is a
 * unix socket (guarded by its file mode) is a request without one accepted.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { TapewatchError } from '../errors.ts';
import type { PluginContext } from './message.ts';

export type Authenticate = (context: PluginContext | null) => void;

const HASH = /^(?:sha256:)?([0-9a-f]{64})$/i;

/** Throws `config.invalid` for a malformed hash, and where a network listener would be open to everyone. */
export function authentication(tokenHashes: readonly string[], listensOnUnixSocket: boolean): Authenticate {
  const hashes = tokenHashes.map(parseHash);
  if (hashes.length === 0 && !listensOnUnixSocket) {
    const text =
      'grafana.tokens: is empty and grafana.listen is a TCP address; configure a token hash or listen on a unix socket';
    throw new TapewatchError('config.invalid', text);
  }
  return (context) => {
    if (hashes.length === 0) return;
    const token = context?.dataSourceInstanceSettings?.decryptedSecureJsonData['token'] ?? '';
    if (token === '') {
      const text = 'the data source sends no token; set secureJsonData.token to the token of the sidecar';
      throw new TapewatchError('auth.missing', text);
    }
    const digest = createHash('sha256').update(token).digest();
    // Every hash is compared, so that the time does not tell which one matched.
    const matches = hashes.map((hash) => timingSafeEqual(hash, digest));
    if (matches.includes(true)) return;
    const text =
      "the data source's token is not one that the sidecar accepts; compare secureJsonData.token with grafana.tokens";
    throw new TapewatchError('auth.denied', text);
  };
}

function parseHash(text: string, index: number): Buffer {
  const hex = HASH.exec(text.trim())?.[1];
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  const message = `grafana.tokens.${index}: is not a SHA-256 in hex (64 digits, optionally after "sha256:")`;
  throw new TapewatchError('config.invalid', message);
}
