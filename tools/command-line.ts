/** The command line of a tool of this repository: what a newcomer types wrong is told in a line, with what is right below it. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ args: string[]; allowPositionals: true; options: T }>>;

export class UsageError extends Error {}

/** Of those options whose value is a number: above zero. Throws `UsageError` that names the option and what was given. */
export function parseCommand<const T extends Options>(
  args: readonly string[],
  options: T,
  numbers: readonly (keyof T & string)[] = [],
): Parsed<T> {
  let parsed: Parsed<T>;
  try {
    parsed = parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  const values: Readonly<Record<string, unknown>> = parsed.values;
  for (const name of numbers) {
    const value = values[name];
    if (value !== undefined && !(Number(value) > 0 && Number.isFinite(Number(value)))) {
      throw new UsageError(`--${name} ${String(value)}: expected a number above zero`);
    }
  }
  return parsed;
}

/** Of this process: `--help` prints the usage and ends it; what is wrong is printed before the usage, and ends it with 2. */
export function commandLine<const T extends Options>(
  usage: string,
  options: T,
  numbers: readonly (keyof T & string)[] = [],
): Parsed<T> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseCommand(args, options, numbers);
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
