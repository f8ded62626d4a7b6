/**
 * Asks the targets of one job for their pages. The body's bound holds while it streams, decompressed bytes counted, so
 * that neither an endless page nor a gzip bomb costs more than the bound. Redirects are followed, as Prometheus does;
 * credentials and the client certificate never leave the origin that was configured.
 */
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Agent, request, type Dispatcher } from 'undici';
import { authorizationOf, tlsOf, type TlsOptions } from './credential.ts';
import type { ScrapeJob } from './scrape-file.ts';
import { ScrapeFault, type ByteBudget } from './scrape-fault.ts';

const MAX_REDIRECTS = 10;
/** Of a refused answer, so that its connection can be used again. */
const MAX_DUMPED_BYTES = 16_384;
/** Certificates are looked at again this often: they are rotated by replacing their files. */
const TLS_REREAD_MS = 10_000;

export interface PageRequest {
  readonly url: string;
  readonly timeoutMs: number;
  readonly accept: string;
  /** Aborted when the target is given up. */
  readonly signal: AbortSignal;
}

export interface Page {
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Gives the page's bytes back to the budget; to be called once. */
  release(): void;
}

export class TargetClient {
  readonly #job: ScrapeJob;
  readonly #budget: ByteBudget;
  readonly #userAgent: string;
  #agents:
    { readonly own: Agent; readonly foreign: Agent; readonly fingerprint: string; checkedMs: number } | undefined;

  constructor(job: ScrapeJob, { budget, userAgent }: { budget: ByteBudget; userAgent: string }) {
    this.#job = job;
    this.#budget = budget;
    this.#userAgent = userAgent;
  }

  /** Throws `ScrapeFault`. */
  async fetch({ url, timeoutMs, accept, signal }: PageRequest): Promise<Page> {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await this.#follow(url, {
        signal: AbortSignal.any([signal, timeout]),
        headers: {
          accept,
          'accept-encoding': this.#job.compression ? 'gzip' : 'identity',
          'user-agent': this.#userAgent,
          'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1_000),
        },
      });
    } catch (error) {
      if (error instanceof ScrapeFault) throw error;
      if (timeout.aborted) throw new ScrapeFault(`no whole page within the timeout of ${timeoutMs} ms`);
      if (signal.aborted) throw new ScrapeFault('the scrape was given up, the target is gone');
      throw new ScrapeFault(reasonOf(error));
    }
  }

  async close(): Promise<void> {
    const agents = this.#agents;
    this.#agents = undefined;
    await Promise.all([agents?.own.destroy(), agents?.foreign.destroy()]);
  }

  async #follow(
    url: string,
    { signal, headers }: { signal: AbortSignal; headers: Readonly<Record<string, string>> },
  ): Promise<Page> {
    const agents = await this.#agentsNow();
    const authorization = await authorizationOf(this.#job.client);
    let [at, isOwn] = [new URL(url), true];
    for (let redirects = 0; ; redirects++) {
      const answer = await request(at, {
        signal,
        headers: isOwn && authorization !== undefined ? { ...headers, authorization } : headers,
        dispatcher: isOwn ? agents.own : agents.foreign,
      });
      const next = this.#redirectOf(answer, at);
      if (next === undefined) return this.#page(answer, signal);
      await answer.body.dump({ limit: MAX_DUMPED_BYTES }).catch(() => undefined);
      if (redirects >= MAX_REDIRECTS) throw new ScrapeFault(`more than ${MAX_REDIRECTS} redirects`);
      // Once elsewhere, nothing secret is shown any more, even if the way leads back.
      isOwn &&= next.origin === at.origin;
      at = next;
    }
  }

  #redirectOf({ statusCode, headers }: Dispatcher.ResponseData, from: URL): URL | undefined {
    const { location } = headers;
    if (!this.#job.client.follow_redirects || ![301, 302, 303, 307, 308].includes(statusCode)) return undefined;
    if (typeof location !== 'string') throw new ScrapeFault(`HTTP ${statusCode} without a Location header`);
    if (!URL.canParse(location, from.href)) throw new ScrapeFault(`HTTP ${statusCode} to what is no address`);
    const next = new URL(location, from.href);
    if (!/^https?:$/.test(next.protocol)) throw new ScrapeFault(`HTTP ${statusCode} to a scheme other than http(s)`);
    // Node would send credentials that the location holds.
    [next.username, next.password] = ['', ''];
    return next;
  }

  async #page({ statusCode, headers, body }: Dispatcher.ResponseData, signal: AbortSignal): Promise<Page> {
    if (statusCode !== 200) {
      void body.dump({ limit: MAX_DUMPED_BYTES }).catch(() => undefined);
      throw new ScrapeFault(`the target answered HTTP ${statusCode}`);
    }
    const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
    if (encoding !== 'gzip' && encoding !== 'identity') {
      void body.dump({ limit: MAX_DUMPED_BYTES }).catch(() => undefined);
      throw new ScrapeFault(`the target answered with Content-Encoding ${encoding.slice(0, 40)}; gzip or none is read`);
    }
    const contentType = headers['content-type'];
    // Errors of either stream end the reading below.
    const stream = encoding === 'gzip' ? pipeline(body, createGunzip(), () => undefined) : body;
    return { contentType: typeof contentType === 'string' ? contentType : '', ...(await this.#read(stream, signal)) };
  }

  async #read(stream: Readable, signal: AbortSignal): Promise<Pick<Page, 'body' | 'release'>> {
    const limit = this.#job.limits.bodyBytes;
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        signal.throwIfAborted();
        if (size + chunk.length > limit) {
          throw new ScrapeFault(
            `the page is longer than ${limit} bytes; raise body_size_limit or scrape.bodyLimitBytes`,
          );
        }
        this.#budget.take(chunk.length);
        size += chunk.length;
        chunks.push(chunk);
      }
    } catch (error) {
      this.#budget.give(size);
      stream.destroy();
      throw error;
    }
    return {
      body: chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks),
      release: () => this.#budget.give(size),
    };
  }

  async #agentsNow(): Promise<{ readonly own: Agent; readonly foreign: Agent }> {
    const nowMs = performance.now();
    const present = this.#agents;
    if (present !== undefined && nowMs - present.checkedMs < TLS_REREAD_MS) return present;
    const { tls_config: tls } = this.#job.client;
    const [own, foreign] = [await tlsOf(tls, true), await tlsOf(tls, false)];
    const fingerprint = JSON.stringify(own);
    if (present !== undefined && present.fingerprint === fingerprint) {
      present.checkedMs = nowMs;
      return present;
    }
    const agents = { own: agent(own), foreign: agent(foreign), fingerprint, checkedMs: nowMs };
    this.#agents = agents;
    // Running requests end by themselves.
    void present?.own.close();
    void present?.foreign.close();
    return agents;
  }
}

function agent(connect: TlsOptions): Agent {
  // The signal bounds the whole scrape; these only must not be shorter.
  return new Agent({ connect: { ...connect, timeout: 0 }, headersTimeout: 0, bodyTimeout: 0, pipelining: 1 });
}

/** Messages of Node name addresses and codes, never headers. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  const { message } = first instanceof Error ? first : error;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
