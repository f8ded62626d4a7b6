/**
 * Who may ask: bearer tokens, kept as SHA-256 hashes and compared in constant time, each with a role. Without tokens the
 * server listens on loopback only, and takes only requests that name a loopback host, so that a web page cannot reach it
 * through a name of its own that resolves to this machine (DNS rebinding).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { TapewatchError } from '../errors.ts';
import { splitListen, type HttpSettings } from './http-options.ts';

/** From least to most. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Credentials {
  readonly authorization: string | undefined;
  readonly host: string | undefined;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

export class Authentication {
  readonly #tokens: readonly { readonly role: Role; readonly hash: Buffer }[];

  constructor({ tokens }: Pick<HttpSettings, 'tokens'>) {
    this.#tokens = ROLES.flatMap((role) => tokens[role].map((hash) => ({ role, hash: Buffer.from(hash, 'hex') })));
  }

  get required(): boolean {
    return this.#tokens.length > 0;
  }

  /** Throws `listen.refused` when strangers could reach a server that lets everyone in. */
  checkListen(listen: string, setting = 'http.listen'): void {
    const { host } = splitListen(listen);
    if (this.required || isLoopback(host)) return;
    throw new TapewatchError(
      'listen.refused',
      `${setting} ${listen} is not loopback and no token is configured; set http.tokens or listen on 127.0.0.1`,
    );
  }

  /** Throws `auth.missing` or `auth.denied`. */
  check({ authorization, host }: Credentials, needed: Role): void {
    if (!this.required) return checkLoopbackHost(host);
    const role = this.#roleOf(bearerToken(authorization));
    if (ROLES.indexOf(role) >= ROLES.indexOf(needed)) return;
    throw new TapewatchError('auth.denied', `the role "${role}" may not do this; it needs "${needed}"`);
  }

  /** Looks at every hash, whichever matches, so that the time taken tells nothing. */
  #roleOf(token: string): Role {
    const presented = createHash('sha256').update(token).digest();
    let found: Role | undefined;
    for (const { role, hash } of this.#tokens) if (timingSafeEqual(presented, hash)) found = role;
    if (found !== undefined) return found;
    throw new TapewatchError('auth.missing', 'the bearer token is not known; use one whose SHA-256 is in http.tokens');
  }
}

function bearerToken(authorization: string | undefined): string {
  const match = /^Bearer +(\S{1,1024})$/i.exec(authorization ?? '');
  if (match?.[1] !== undefined) return match[1];
  throw new TapewatchError('auth.missing', 'a bearer token is needed: Authorization: Bearer <token>');
}

function checkLoopbackHost(host: string | undefined): void {
  const name = (host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (isLoopback(name)) return;
  throw new TapewatchError(
    'auth.denied',
    `the host ${JSON.stringify(name)} is not loopback; without tokens only loopback names are answered`,
  );
}
