/** Connects a publisher to NATS: it waits for a server that is not up yet and reconnects without end. */
import { readFile } from 'node:fs/promises';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { TapewatchError } from '../errors.ts';

export interface NatsAccess {
  /** Servers, separated by commas. */
  readonly nats: string;
  readonly user: string;
  readonly password: string;
  readonly credentials: string;
}

const RECONNECT_MS = 500;
/** Attempts before the first connection is given up: half a minute. */
const FIRST_ATTEMPTS = 60;

export async function connectNats(access: NatsAccess, name: string): Promise<NatsConnection> {
  const { nats, user, password, credentials } = access;
  const servers = nats.split(',').map((server) => server.trim());
  const authenticator = credentials === '' ? {} : { authenticator: credsAuthenticator(await readFile(credentials)) };
  const login = user === '' ? {} : { user, pass: password };
  const options = {
    servers,
    name,
    ...login,
    ...authenticator,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect(options);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (attempt >= FIRST_ATTEMPTS || /auth/i.test(reason)) {
        const message = `no NATS server answers at ${servers.join(', ')} (${reason}); start nats-server or give --nats`;
        throw new TapewatchError('source.unavailable', message, { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }
}
