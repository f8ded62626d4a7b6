/**
 * One connection to NATS: any server of the list, forever. It waits for a server that is not there yet, comes back after
 * a loss with jitter, and fails at once only where waiting cannot help (credentials, certificates, files). Messages of
 * errors name servers and files, never secrets.
 */
import { readFileSync } from 'node:fs';
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { TapewatchError } from '../errors.ts';
import type { SourceStatus } from '../ports.ts';
import { pause } from '../pause.ts';
import type { NatsOptions } from './options.ts';
import { StallWatch } from './stall-watch.ts';

const PINGS_UNANSWERED_MAX = 2;
const CONNECT_TIMEOUT_MS = 5_000;
const RETRY_MAX_MS = 5_000;

export type Report = (level: 'info' | 'warn' | 'error', message: string) => void;

export class NatsLink {
  readonly #options: NatsOptions;
  readonly #report: Report;
  readonly #closing = new AbortController();
  readonly #onReconnect: () => void;
  readonly #stalls = new StallWatch();
  #connection: NatsConnection | undefined;
  #connected = false;
  #detail = 'not opened yet';

  constructor(options: NatsOptions, report: Report, onReconnect: () => void = () => undefined) {
    this.#options = options;
    this.#report = report;
    this.#onReconnect = onReconnect;
  }

  get isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Resolves with a live connection; rejects with `source.rejected` or, unless told to wait, `source.unavailable`. */
  async open(): Promise<NatsConnection> {
    const options = connectionOptions(this.#options);
    for (let attempt = 0; ; attempt++) {
      if (this.isClosing)
        throw new TapewatchError('source.unavailable', 'the connection to NATS was closed before it was made');
      try {
        const connection = await connect(options);
        return this.#established(connection);
      } catch (error) {
        const fault = connectFault(error, this.#options);
        this.#detail = fault.message;
        if (!fault.retryable || !this.#options.waitForServer) throw fault;
        if (attempt === 0) this.#report('warn', `${fault.message}; trying again until it answers`);
        await pause(retryDelayMs(this.#options.reconnectWait, attempt), this.#closing.signal);
      }
    }
  }

  #established(connection: NatsConnection): NatsConnection {
    this.#connection = connection;
    this.#connected = true;
    this.#detail = `connected to ${connection.getServer()}`;
    this.#report('info', this.#detail);
    this.#stalls.start();
    void this.#watch(connection);
    return connection;
  }

  /** A server cuts a connection off that reads too slowly, without a word: our own pause is the only trace of it. */
  #whyLost(): string {
    const seconds = this.#stalls.recentSeconds();
    return seconds === 0 ? '' : ` after this process had read nothing for ${seconds} s: a slow consumer is cut off`;
  }

  /** Off the hot path: a handful of events in the life of a connection. */
  async #watch(connection: NatsConnection): Promise<void> {
    for await (const event of connection.status()) {
      if (event.type === 'disconnect') this.#lost(`lost ${event.server}${this.#whyLost()}; reconnecting`);
      else if (event.type === 'reconnect') {
        this.#connected = true;
        this.#detail = `connected to ${connection.getServer()}`;
        this.#report('info', `re${this.#detail}`);
        this.#onReconnect();
      } else if (event.type === 'slowConsumer') this.#report('warn', `slow consumer: ${event.pending} messages wait`);
      else if (event.type === 'error') {
        this.#detail = redacted(event.error.message);
        this.#report('error', this.#detail);
      }
    }
    this.#stalls.stop();
    const error = await connection.closed();
    this.#lost(error instanceof Error ? `closed: ${redacted(error.message)}` : 'closed');
  }

  #lost(detail: string): void {
    this.#connected = false;
    this.#detail = detail;
    if (!this.isClosing) this.#report('warn', detail);
  }

  /** Ends an attempt to connect that is under way; an existing connection stays for the last acknowledgements. */
  stopConnecting(): void {
    this.#closing.abort();
  }

  /** Sends what is waiting and closes. */
  async drain(): Promise<void> {
    this.stopConnecting();
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return;
    // While disconnected there is nobody to drain to: close instead of waiting for a server that may never return.
    if (this.#connected) await connection.drain().catch(() => connection.close());
    else await connection.close();
  }

  status(): SourceStatus {
    const server = this.#connected && this.#connection !== undefined ? `nats://${this.#connection.getServer()}` : '';
    return { connected: this.#connected, server, detail: this.#detail };
  }
}

/** Doubles up to a bound, half of it at random, so that sidecars do not come back in step. */
export function retryDelayMs(baseMs: number, attempt: number): number {
  const full = Math.min(RETRY_MAX_MS, baseMs * 2 ** Math.min(attempt, 10));
  return full / 2 + (Math.random() * full) / 2;
}

function connectionOptions(options: NatsOptions): NodeConnectionOptions {
  const authenticator = authenticatorOf(options);
  const tls =
    options.tls ??
    (options.servers.some((server) => server.startsWith('tls://')) ? { handshakeFirst: false } : undefined);
  return {
    servers: options.servers.map((server) => server.replace(/^(?:nats|tls):\/\//, '')),
    name: options.name,
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: options.reconnectWait,
    reconnectJitter: options.reconnectWait,
    reconnectJitterTLS: options.reconnectWait,
    // Credentials that are refused now may be rotated in a minute; giving up would need a restart.
    ignoreAuthErrorAbort: true,
    pingInterval: options.pingInterval,
    maxPingOut: PINGS_UNANSWERED_MAX,
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(tls === undefined ? {} : { tls: definedOnly(tls) }),
  };
}

function authenticatorOf(options: NatsOptions): Authenticator | undefined {
  if (options.user !== undefined) return usernamePasswordAuthenticator(options.user, options.password);
  if (options.token !== undefined) return tokenAuthenticator(options.token);
  if (options.nkeySeed !== undefined) return nkeyAuthenticator(new TextEncoder().encode(options.nkeySeed));
  const file = options.credentialsFile;
  if (file === undefined) return undefined;
  readCredentials(file);
  return credsAuthenticator(() => readCredentials(file));
}

function readCredentials(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new TapewatchError('source.rejected', `cannot read the NATS credentials file ${file}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function definedOnly<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

const TLS_FAULT = /certificate|self.signed|tls|ssl|altname|doesn't exist|PEM/i;

function connectFault(error: unknown, options: NatsOptions): TapewatchError {
  if (error instanceof TapewatchError) return error;
  const servers = options.servers.join(', ');
  const message = redacted(messageOf(error));
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    return new TapewatchError(
      'source.rejected',
      `NATS at ${servers} refused ${identityOf(options)}: ${message}; check nats.user, nats.token, nats.nkeySeed or nats.credentialsFile`,
    );
  }
  if (TLS_FAULT.test(message) || TLS_FAULT.test(String((error as { code?: unknown } | null)?.code))) {
    return new TapewatchError(
      'source.rejected',
      `NATS at ${servers}: TLS failed: ${message}; check nats.tls.caFile, certFile and keyFile`,
      { cause: error },
    );
  }
  if (options.nkeySeed !== undefined && /seed|checksum|encoding|prefix/i.test(message)) {
    return new TapewatchError(
      'source.rejected',
      'nats.nkeySeed is not an nkey seed; it begins with SU and is 58 characters long',
    );
  }
  return new TapewatchError(
    'source.unavailable',
    `NATS at ${servers} does not answer: ${message}; start it or change nats.servers`,
    { cause: error },
  );
}

function identityOf(options: NatsOptions): string {
  if (options.user !== undefined) return `user "${options.user}"`;
  if (options.token !== undefined) return 'the token';
  if (options.nkeySeed !== undefined) return 'the nkey';
  return options.credentialsFile === undefined
    ? 'a connection without credentials'
    : `the credentials of ${options.credentialsFile}`;
}

/** Server errors quote what they got; seeds, tokens in URLs and JWTs may not reach a log. */
function redacted(message: string): string {
  return message
    .replace(/\bS[UAONC][A-Z2-7]{40,}\b/g, '***')
    .replace(/\/\/[^/@\s]+@/g, '//***@')
    .replace(/\beyJ[\w.-]{20,}/g, '***');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
