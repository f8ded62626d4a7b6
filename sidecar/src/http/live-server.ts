/**
 * Live updates over WebSocket: each update goes to every client as one JSON text. Clients and what may wait for each of
 * them are bounded: an update past a client's bound is dropped for that client and counted, and the next one that fits
 * says how many were missed. The same tokens as the API, in `Authorization` or, from a browser, as the subprotocol
 * `tapewatch.bearer.<token>`; without tokens only loopback is let in, and only pages from loopback or named origins.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { TapewatchError } from '../errors.ts';
import type { Clock, Telemetry } from '../ports.ts';
import { Authentication, isLoopback } from './authentication.ts';
import { boundAddress, cannotBind, listenText, type SideServer, type SideSettings } from './exposition-server.ts';

/** Clients say little: a ping at most. */
const MAX_MESSAGE_BYTES = 4_096;
/** A connection that does not answer pings for two of these is gone. */
const PING_MS = 30_000;
const TOKEN_PROTOCOL = 'tapewatch.bearer.';
const PROTOCOL = 'tapewatch';

export interface LiveSettings extends SideSettings {
  readonly maxClients: number;
  readonly bufferBytes: number;
  readonly origins: readonly string[];
}

export interface LiveDeps {
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'level' | 'dropped'>;
  /** What a client is told when it connects. */
  readonly greeting: () => readonly LiveUpdate[];
}

export interface LiveUpdate {
  /** `heartbeat`, `status`, `metrics_update`, `alert_update`, `health_update`, ... */
  readonly type: string;
  readonly data: unknown;
}

export interface LiveServer extends SideServer {
  readonly clients: number;
  broadcast(update: LiveUpdate): void;
}

interface Client {
  readonly socket: WebSocket;
  missed: number;
  answered: boolean;
}

/** Throws `listen.refused`. */
export async function startLiveServer(deps: LiveDeps, settings: LiveSettings): Promise<LiveServer> {
  const { host, port } = settings;
  const authentication = new Authentication(settings);
  authentication.checkListen(listenText(host, port), 'monitoring.listen_address');
  const server = createServer((_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' }).end('this port speaks WebSocket\n');
  });
  const live = new Hub(deps, settings, server, authentication);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    await live.close();
    throw cannotBind('monitoring.websocket_port', port, cause);
  }
  return Object.assign(live, { address: boundAddress(host, server.address()) });
}

class Hub {
  readonly #deps: LiveDeps;
  readonly #settings: LiveSettings;
  readonly #server: Server;
  readonly #authentication: Authentication;
  readonly #sockets: WebSocketServer;
  readonly #clients = new Set<Client>();
  readonly #stopPings: () => void;

  constructor(deps: LiveDeps, settings: LiveSettings, server: Server, authentication: Authentication) {
    this.#deps = deps;
    this.#settings = settings;
    this.#server = server;
    this.#authentication = authentication;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_MESSAGE_BYTES,
      handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#stopPings = deps.clock.every(PING_MS, () => this.#ping());
    deps.telemetry.level('live_clients', 'Clients of live updates.', () => this.#clients.size);
  }

  get clients(): number {
    return this.#clients.size;
  }

  broadcast({ type, data }: LiveUpdate): void {
    if (this.#clients.size === 0) return;
    const time = new Date(Number(this.#deps.clock.now() / 1_000_000n)).toISOString();
    const text = JSON.stringify({ type, time, data });
    for (const client of this.#clients) this.#send(client, text, { type, time, data });
  }

  async close(): Promise<void> {
    this.#stopPings();
    for (const { socket } of this.#clients) socket.close(1001, 'the sidecar stops');
    this.#sockets.close();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
      for (const { socket } of this.#clients) socket.terminate();
    });
  }

  #send(client: Client, text: string, update: LiveUpdate & { readonly time: string }): void {
    const { socket } = client;
    if (socket.bufferedAmount + text.length > this.#settings.bufferBytes) {
      client.missed += 1;
      this.#deps.telemetry.dropped('live', 'slow_client', 1);
      return;
    }
    socket.send(client.missed === 0 ? text : JSON.stringify({ ...update, missed: client.missed }));
    client.missed = 0;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#welcome(webSocket));
  }

  #refusal({ headers }: IncomingMessage): string | undefined {
    if (this.#clients.size >= this.#settings.maxClients) return '503 Too Many Clients';
    if (!this.#mayCome(headers.origin)) return '403 Forbidden';
    const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    const token = offered.find((name) => name.startsWith(TOKEN_PROTOCOL))?.slice(TOKEN_PROTOCOL.length);
    const authorization = headers.authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
    try {
      this.#authentication.check({ authorization, host: headers.host }, 'viewer');
      return undefined;
    } catch (error) {
      if (!(error instanceof TapewatchError)) throw error;
      return error.httpStatus === 401 ? '401 Unauthorized' : '403 Forbidden';
    }
  }

  /** A page of another origin would use the network position, not the credentials, of who looks at it. */
  #mayCome(origin: string | undefined): boolean {
    const { origins } = this.#settings;
    if (origin === undefined || origins.includes('*') || origins.includes(origin)) return true;
    return URL.canParse(origin) && isLoopback(new URL(origin).hostname.replace(/^\[|\]$/g, ''));
  }

  #welcome(socket: WebSocket): void {
    const client: Client = { socket, missed: 0, answered: true };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('error', () => socket.terminate());
    socket.on('pong', () => (client.answered = true));
    const time = new Date(Number(this.#deps.clock.now() / 1_000_000n)).toISOString();
    for (const update of this.#deps.greeting()) {
      this.#send(client, JSON.stringify({ type: update.type, time, data: update.data }), { ...update, time });
    }
  }

  #ping(): void {
    for (const client of this.#clients) {
      if (!client.answered) client.socket.terminate();
      client.answered = false;
      client.socket.ping();
    }
  }
}
