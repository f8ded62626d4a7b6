/** The command line of a tool of this repository: what a newcomer types wrong is told in a line, with what is right below it. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ args: string[]; allowPositionals: true; options: T }>>;

export interface CommandSpec<T extends Options> {
  readonly options: T;
  /** How many words may stand beside the options. */
  readonly words: number;
  /** Options whose value is a number above zero. */
  readonly positive?: readonly (keyof T & string)[];
  /** Options whose value is a whole number from 1. */
  readonly counts?: readonly (keyof T & string)[];
  /** Options whose value is any whole number. */
  readonly seeds?: readonly (keyof T & string)[];
}

/** Its message names what was given and what is expected. */
export class UsageError extends Error {}

/** Throws `UsageError`. */
export function parseCommand<const T extends Options>(args: readonly string[], spec: CommandSpec<T>): Parsed<T> {
  const { options, words, positive = [], counts = [], seeds = [] } = spec;
  let parsed: Parsed<T>;
  try {
    parsed = parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const surplus = parsed.positionals.slice(words);
  if (surplus.length > 0) throw new UsageError(`${surplus.join(' ')}: not expected here`);
  const values: Readonly<Record<string, unknown>> = parsed.values;
  const demand = (names: readonly string[], kind: string, fits: (value: number) => boolean): void => {
    for (const name of names) {
      const text = values[name];
      if (typeof text !== 'string') continue;
      if (text.trim() === '' || !fits(Number(text))) throw new UsageError(`--${name} ${text}: expected ${kind}`);
    }
  };
  demand(positive, 'a number above zero', (value) => value > 0 && Number.isFinite(value));
  demand(counts, 'a whole number from 1', (value) => value >= 1 && Number.isSafeInteger(value));
  demand(seeds, 'a whole number', Number.isSafeInteger);
  return parsed;
}

/** Of this process: `--help` prints the usage and ends it; what is wrong is printed before the usage, and ends it with 2. */
export function commandLine<const T extends Options>(usage: string, spec: CommandSpec<T>): Parsed<T> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseCommand(args, spec);
  } catch (error) {
    if (error instanceof UsageError) refuse(error.message, usage);
    throw error;
  }
}

/** Ends the process. */
export function refuse(reason: string, usage: string): never {
  console.error(`${reason}\n\n${usage}`);
  process.exit(2);
}
