/** From settings to sources: one connection for all streams of core NATS, one for all of JetStream. */
import type { Clock, Source } from '../ports.ts';
import { CoreNatsSource } from './core-nats.ts';
import { JetstreamSource } from './jetstream.ts';
import type { Report } from './nats-link.ts';
import type { NatsOptions, StreamOptions } from './options.ts';
import { type CompiledStream, compileStream } from './stream.ts';
import { SupervisedSource } from './supervised-source.ts';

export interface SourcesOptions {
  readonly nats: NatsOptions;
  readonly streams: readonly StreamOptions[];
  readonly clock: Clock;
  /** For the log; messages hold no secrets. */
  readonly report?: Report;
}

/** Sources that are not opened yet, and the compiled streams by name, for the labels of subjects. */
export function openSources({ nats, streams, clock, report = () => undefined }: SourcesOptions): {
  readonly sources: readonly Source[];
  readonly streams: ReadonlyMap<string, CompiledStream>;
} {
  const compiled = streams.map(compileStream);
  const of = (delivery: StreamOptions['delivery']) => compiled.filter(({ options }) => options.delivery === delivery);
  const supervised = (create: () => Source) => new SupervisedSource({ create, report, retry: nats.waitForServer });
  const sources: Source[] = [];
  if (of('core').length > 0)
    sources.push(supervised(() => new CoreNatsSource({ nats, streams: of('core'), clock, report })));
  if (of('jetstream').length > 0)
    sources.push(supervised(() => new JetstreamSource({ nats, streams: of('jetstream'), clock, report })));
  return { sources, streams: new Map(compiled.map((stream) => [stream.options.name, stream])) };
}
