/**
 * The commands `tapewatch simulate`, `replay` and `telemetry`: options and help texts come from the schemas, and an
 * interrupt ends a run in order.
 */
import type { Command } from 'commander';
import { z } from 'zod';
import { TapewatchError } from '../errors.ts';
import { runTelemetry, telemetryOptions } from './host-telemetry.ts';
import { runReplay, runSimulate } from './run.ts';
import { replayOptions, simulateOptions } from './simulate-options.ts';

export function registerSimulateCommands(program: Command): void {
  register(program, simulateOptions, {
    name: 'simulate',
    description:
      'publish a seeded trading desk on NATS: orders, fills, quotes, health, metrics, with scripted incidents',
    run: async (options, signal) => exitCodeOf(await runSimulate(options, signal)),
  });
  register(program, replayOptions, {
    name: 'replay',
    description: 'the same desk, trading on recorded market data',
    run: async (options, signal) => exitCodeOf(await runReplay(options, signal)),
  });
  register(program, telemetryOptions, {
    name: 'telemetry',
    description: 'publish the metrics of this machine and of NATS',
    run: async (options, signal) => {
      await runTelemetry(options, signal);
      return 0;
    },
  });
}

const exitCodeOf = ({ unacknowledged }: { readonly unacknowledged: number }): number => (unacknowledged === 0 ? 0 : 1);

interface CommandSpec<S extends z.ZodObject> {
  readonly name: string;
  readonly description: string;
  readonly run: (options: z.infer<S>, signal: AbortSignal) => Promise<number>;
}

function register<S extends z.ZodObject>(program: Command, schema: S, spec: CommandSpec<S>): void {
  const command = program.command(spec.name).description(spec.description);
  const properties = z.toJSONSchema(schema, { io: 'input' }).properties ?? {};
  for (const [name, property] of Object.entries(properties)) {
    if (typeof property === 'boolean') continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const fallback =
      property.default === undefined || property.default === '' ? '' : ` (default: ${String(property.default)})`;
    const value = property.type === 'boolean' ? '' : ` <${name}>`;
    command.option(`${flag}${value}`, `${property.description ?? ''}${fallback}`);
  }
  command.action(async () => {
    const options = parseOptions(schema, command.opts(), spec.name);
    const ending = new AbortController();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ending.abort());
    process.exitCode = await spec.run(options, ending.signal);
  });
}

function parseOptions<S extends z.ZodObject>(schema: S, given: unknown, command: string): z.infer<S> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`).join('; ');
  throw new TapewatchError('config.invalid', `tapewatch ${command}: ${problems}; see tapewatch ${command} --help`);
}
