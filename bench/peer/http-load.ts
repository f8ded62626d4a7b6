/**
 * Sends request bodies over a few connections, each waiting for its answer. Over more than one, a body may overtake
 * another; a system that wants samples in order gets one.
 */
import { Pool } from 'undici';

export async function sendAll(
  origin: string,
  path: string,
  bodies: Iterable<{ readonly body: string | Uint8Array; readonly headers: Readonly<Record<string, string>> }>,
  connections: number,
): Promise<void> {
  const pool = new Pool(origin, { connections, bodyTimeout: 120_000, headersTimeout: 120_000 });
  const underWay = new Set<Promise<void>>();
  try {
    for (const { body, headers } of bodies) {
      const sent = send(pool, path, { body, headers }).finally(() => underWay.delete(sent));
      underWay.add(sent);
      if (underWay.size >= connections) await Promise.race(underWay);
    }
    await Promise.all(underWay);
  } finally {
    await pool.close();
  }
}

async function send(
  pool: Pool,
  path: string,
  { body, headers }: { body: string | Uint8Array; headers: Readonly<Record<string, string>> },
): Promise<void> {
  const answer = await pool.request({ path, method: 'POST', body, headers });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${path} answered ${answer.statusCode}: ${text.slice(0, 200)}`);
}
