/**
 * The demo's check says yes to a sound path and no to a damaged one, with the reason: each fault is one that a checker
 * which only looks at itself would miss. Long-running: four runs of the whole stack.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const SECONDS = 8;
const RUN_TIMEOUT_MS = 150_000;
jest.setTimeout(RUN_TIMEOUT_MS);

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly report: {
    readonly published: number;
    readonly stored: number;
    readonly lost: number;
    readonly quantiles: readonly { q: number; sidecar: number; exact: number; bound: number }[];
    readonly alertMs: number | null;
    readonly grafana: boolean;
  };
}

async function check(...args: readonly string[]): Promise<Outcome> {
  const all = ['tools/demo.mjs', '--check', '--seconds', String(SECONDS), ...args];
  const child = spawn(process.execPath, all, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`the check printed no report:\n${output}`);
  return { code, output, report: JSON.parse(last) as Outcome['report'] };
}

/**
 * What the check complained of, without the alert's time: a machine that runs other tests beside this one may take longer
 * than the second which the check allows, and that is not what is tested here.
 */
const complaints = ({ output }: Outcome): string[] =>
  output.split('\n').filter((line) => line.startsWith('FAILED') && !line.startsWith('FAILED: the alert took'));

const withinBounds = ({ report }: Outcome): boolean =>
  report.quantiles.every(({ sidecar, exact, bound }) => Math.abs(sidecar - exact) <= bound * exact * (1 + 1e-9));

describe('npm run demo -- --check', () => {
  it('passes on a sound path', async () => {
    const sound = await check();
    expect(complaints(sound)).toEqual([]);
    const { report } = sound;
    expect(report.alertMs).not.toBeNull();
    expect(sound.code).toBe(Number(report.alertMs) < 1_000 ? 0 : 1);
    expect(Object.keys(report)).toEqual(['published', 'stored', 'lost', 'quantiles', 'alertMs', 'grafana']);
    expect(report.published).toBeGreaterThan(3_000);
    expect(report).toMatchObject({ stored: report.published, lost: 0 });
    expect(report.quantiles.map(({ q }) => q)).toEqual([0.5, 0.99, 0.999]);
    expect(withinBounds(sound)).toBe(true);
  });

  it('fails when messages are lost after the ledger', async () => {
    const { code, output, report } = await check('--break', 'drop');
    expect(code).toBe(1);
    expect(report.lost).toBeGreaterThan(0);
    expect(report.lost).toBe(report.published - report.stored);
    expect(output).toMatch(/FAILED: \d+ of \d+ samples and events were lost/);
  });

  it('fails when latencies are altered on the way', async () => {
    const skewed = await check('--break', 'skew');
    expect(skewed.code).toBe(1);
    expect(withinBounds(skewed)).toBe(false);
    expect(skewed.report.lost).toBe(0);
    expect(skewed.output).toMatch(/FAILED: p50: the sidecar says/);
  });

  it('fails when the webhook is deaf', async () => {
    const deaf = await check('--break', 'mute');
    expect(deaf.code).toBe(1);
    expect(deaf.report).toMatchObject({ lost: 0, alertMs: null });
    expect(complaints(deaf)).toEqual(['FAILED: the webhook never received the alert']);
  });
});
