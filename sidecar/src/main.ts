#!/usr/bin/env node
/** The command `tapewatch`: parses arguments and hands over; each command is a file in cli/ or simulate/. */
import { Command } from 'commander';
import { registerAsk } from './cli/ask.ts';
import { registerBackup } from './cli/backup.ts';
import { registerCheck } from './cli/check.ts';
import { registerDoctor } from './cli/doctor.ts';
import { registerQuery } from './cli/query.ts';
import { registerServe } from './cli/serve.ts';
import { TapewatchError } from './errors.ts';
import { registerSimulateCommands } from './simulate/commands.ts';
import { VERSION } from './version.ts';

const program = new Command('tapewatch')
  .description('Watch a trading system from inside Grafana.')
  .version(VERSION)
  .showHelpAfterError();
registerServe(program);
registerCheck(program);
registerDoctor(program);
registerQuery(program);
registerAsk(program);
registerBackup(program);
registerSimulateCommands(program);

program.parseAsync().catch((error: unknown) => {
  // An operating fault explains itself; anything else is a bug and shows where.
  const known = error instanceof TapewatchError;
  console.error(known ? `tapewatch: ${error.message}` : error);
  process.exitCode = known && error.code === 'config.invalid' ? 2 : 1;
});
