/**
 * Where Grafana reaches the sidecar: a unix socket (group-accessible) or a TCP port. Each time it listens, a new random id
 * is written beside the socket; the locator that Grafana runs compares it and makes Grafana dial afresh. The socket's
 * inode would not do: it is reused.
 */
import { ServerCredentials, type Server } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { chmod, chown, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { TapewatchError } from '../errors.ts';

export interface ListenOptions {
  /** `unix:/path` or `tcp:host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** Numeric group that may connect to the unix socket, beside the sidecar's own. */
  readonly socketGroup?: number;
  /** PEM files; required for TCP on anything but loopback, because the token travels on it. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}

const SOCKET_MODE = 0o660;
/** The longest path that fits sockaddr_un on every supported system, with its terminator. */
const SOCKET_PATH_BYTES_MAX = 103;
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\]|::1)$/;

export function isUnixSocket({ listen }: ListenOptions): boolean {
  return listen.startsWith('unix:');
}

/** Yields the address in the form of `listen`, with the real port. */
export async function bind(server: Server, options: ListenOptions): Promise<string> {
  return isUnixSocket(options) ? bindUnix(server, options) : bindTcp(server, options);
}

async function bindUnix(server: Server, options: ListenOptions): Promise<string> {
  const path = options.listen.slice('unix:'.length);
  if (!path.startsWith('/') || Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    const text = `grafana.listen: "${options.listen}" is not unix:/path with an absolute path of at most ${SOCKET_PATH_BYTES_MAX} bytes`;
    throw new TapewatchError('config.invalid', text);
  }
  await removeStaleSocket(path);
  await bindPort(server, `unix:${path}`, ServerCredentials.createInsecure());
  if (options.socketGroup !== undefined) await chown(path, -1, options.socketGroup);
  await chmod(path, SOCKET_MODE);
  // Written aside and renamed, so that the locator never reads half an id.
  await writeFile(`${path}.id.new`, `${randomUUID()}\n`, { mode: 0o644 });
  await rename(`${path}.id.new`, `${path}.id`);
  return options.listen;
}

/** A socket that nobody answers on is what a killed sidecar left. */
async function removeStaleSocket(path: string): Promise<void> {
  const known = await stat(path).catch(() => undefined);
  if (known === undefined) return;
  if (!known.isSocket()) {
    throw new TapewatchError('listen.refused', `${path} exists and is no socket; remove it or set grafana.listen`);
  }
  if (await answers(path)) {
    const text = `another process listens on ${path}; stop it or set grafana.listen to another path`;
    throw new TapewatchError('listen.refused', text);
  }
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function bindTcp(server: Server, options: ListenOptions): Promise<string> {
  const match = /^tcp:(.+):(\d+)$/.exec(options.listen);
  const [, host = '', port = ''] = match ?? [];
  if (match === null) {
    const text = `grafana.listen: "${options.listen}" is neither unix:/path nor tcp:host:port`;
    throw new TapewatchError('config.invalid', text);
  }
  if (options.tls === undefined && !LOOPBACK.test(host)) {
    const text = `grafana.listen: ${host} is not loopback, and the token would travel in the clear; set grafana.tls or use a unix socket`;
    throw new TapewatchError('config.invalid', text);
  }
  const bound = await bindPort(server, `${host}:${port}`, await credentialsOf(options.tls));
  return `tcp:${host}:${bound}`;
}

async function credentialsOf(tls: ListenOptions['tls']): Promise<ServerCredentials> {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { cert_chain: await readPem(tls.certFile), private_key: await readPem(tls.keyFile) };
  return ServerCredentials.createSsl(null, [pair]);
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new TapewatchError('config.invalid', `grafana.tls: ${file} cannot be read; check the path and its owner`, {
      cause,
    });
  }
}

function bindPort(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (cause, port) => {
      if (cause === null) return resolve(port);
      const text = `cannot listen on ${address}: ${cause.message}; free it or set grafana.listen`;
      reject(new TapewatchError('listen.refused', text, { cause }));
    });
  });
}
