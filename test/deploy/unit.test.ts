/** The systemd unit's commands are ones that the program has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const unit = readFileSync(join(ROOT, 'deploy/systemd/tapewatch.service'), 'utf8');

it('calls commands with options that they take', () => {
  const calls = [...unit.matchAll(/^Exec(?:StartPre|Start)=\S+ (?:--\S+ )?\S+main\.cjs (\w+) (--\w+) (\S+)$/gm)];
  expect(calls.map((call) => call[1])).toEqual(['check', 'serve']);
  for (const [, command, option, file] of calls) {
    const source = readFileSync(join(ROOT, `sidecar/src/cli/${command ?? ''}.ts`), 'utf8');
    expect(source).toContain(`.command('${command ?? ''}')`);
    expect(source).toContain(`${option ?? ''} <file>`);
    expect(file).toBe('/etc/tapewatch/tapewatch.yaml');
  }
});

it('sets what the image sets', () => {
  const image = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const [, settings = ''] = /^ENV (NODE_ENV=.*)$/m.exec(image) ?? [];
  const own = [...unit.matchAll(/^Environment=(\S+)$/gm)].map(([, setting]) => setting);
  expect(own).toEqual(settings.split(' '));
  expect(own).toContainEqual(expect.stringMatching(/^MALLOC_/));
});
