/** Options of the demo, parsed from the command line; a wrong one is told by name before anything starts. */
import { parseArgs } from 'node:util';
import { z } from 'zod';

export const PORT_NAMES = ['nats', 'monitor', 'http', 'webhook', 'grafana'] as const;
export type PortName = (typeof PORT_NAMES)[number];
export type Ports = Readonly<Record<PortName, number>>;

export const DEFAULT_PORTS: Ports = { nats: 4222, monitor: 8222, http: 9470, webhook: 9480, grafana: 3000 };

const port = z.coerce.number().int().min(1).max(65_535);
const portsText = z.string().transform((text, context): Partial<Ports> | 'free' => {
  if (text === 'free') return 'free';
  const ports: Partial<Record<PortName, number>> = {};
  for (const part of text.split(',')) {
    const [name, value] = part.split('=');
    const known = PORT_NAMES.find((candidate) => candidate === name?.trim());
    const number = port.safeParse(value);
    if (known === undefined || !number.success) {
      context.addIssue(`"${part}" is not name=port with a name of ${PORT_NAMES.join(', ')}`);
      return z.NEVER;
    }
    ports[known] = number.data;
  }
  return ports;
});

export const BREAKS = ['drop', 'skew', 'mute'] as const;
export type Break = (typeof BREAKS)[number];

const demoOptions = z
  .object({
    market: z.string().min(1).optional(),
    seed: z.string().default('1'),
    rate: z.coerce.number().positive().optional(),
    incidents: z.string().optional(),
    ports: portsText.optional(),
    reset: z.boolean().default(false),
    'no-grafana': z.boolean().default(false),
    check: z.boolean().default(false),
    seconds: z.coerce.number().int().min(5).max(3_600).default(30),
    break: z.enum(BREAKS).optional(),
    keep: z.boolean().default(false),
  })
  .refine((options) => options.check || options.break === undefined, '--break needs --check')
  .refine((options) => options.check || !options.keep, '--keep needs --check: the demo always keeps its data');

export type DemoOptions = z.infer<typeof demoOptions>;

/** Throws an error whose message names the option. */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const texts = { market: text, seed: text, rate: text, incidents: text, ports: text, seconds: text, break: text };
  const flags = { reset: flag, 'no-grafana': flag, check: flag, keep: flag };
  const { values } = parseArgs({ args: [...args], options: { ...texts, ...flags }, strict: true });
  const parsed = demoOptions.safeParse(values);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `--${path.join('.')}: ${message}`,
  );
  throw new Error(`${problems.join('; ')} (npm run demo -- --help)`);
}
