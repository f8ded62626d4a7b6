/**
 * Either side may die. Last in order, since it disturbs everything. Needs the demo that `npm run e2e` starts: a Grafana at
 * GRAFANA_URL is not ours to kill.
 */
import { expect, test } from '@playwright/test';
import { ask, demoChildren } from './grafana.ts';

const OURS = process.env['TAPEWATCH_DEMO_PID'] !== undefined;
const QUERY = { queryType: 'promql', expr: 'sum(rate(fills_total[1m]))', instant: true };

for (const { name, command } of [
  { name: 'the sidecar', command: 'main.cjs serve' },
  { name: 'Grafana', command: '--homepath' },
]) {
  test(`kill -9 of ${name}: queries are answered again without a hand`, async ({ request }) => {
    test.skip(!OURS, 'the processes belong to somebody else');
    const [before, ...others] = demoChildren(command);
    expect(others).toEqual([]);
    process.kill(before as number, 'SIGKILL');
    await expect.poll(() => demoChildren(command).filter((pid) => pid !== before)).toHaveLength(1);
    await expect(async () => {
      const { rows, error } = await ask(request, QUERY);
      expect(error).toBeUndefined();
      expect(rows).toBe(1);
    }).toPass({ timeout: 45_000, intervals: [250] });
  });
}
