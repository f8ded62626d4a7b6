/** Ports of the demo: the usual ones for people, free ones for checks and tests. */
import { createServer, type AddressInfo } from 'node:net';
import { DEFAULT_PORTS, PORT_NAMES, type DemoOptions, type PortName, type Ports } from './options.ts';

/** Free at the moment of asking; all are held until the last is known, so no two are the same. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export async function choosePorts(options: DemoOptions): Promise<Ports> {
  if (options.check || options.ports === 'free') {
    const free = await freePorts(PORT_NAMES.length);
    return Object.fromEntries(PORT_NAMES.map((name, i) => [name, free[i]])) as Record<PortName, number>;
  }
  const ports = { ...DEFAULT_PORTS, ...options.ports };
  for (const name of PORT_NAMES) await assertFree(name, ports[name]);
  return ports;
}

async function assertFree(name: PortName, port: number): Promise<void> {
  try {
    const server = await listen(port);
    await new Promise((resolve) => server.close(resolve));
  } catch (cause) {
    throw new Error(`port ${port} (${name}) is in use; give another: --ports ${name}=<port>, or --ports free`, {
      cause,
    });
  }
}

async function listen(port: number): Promise<ReturnType<typeof createServer>> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}
