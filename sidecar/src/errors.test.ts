import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ERROR_CODES, TapewatchError, type ErrorCode } from './errors.ts';
import { faultOf } from './http/answer.ts';

describe('docs/errors.md', () => {
  it('lists every code with its status, its Prometheus type and whether to try again', () => {
    const page = readFileSync(path.join(__dirname, '../../docs/errors.md'), 'utf8');
    const listed = [...page.matchAll(/^\| `([a-z._]+)` \| (\d+) \| `(\w+)` \| (yes|no) \| .{20,}\|$/gm)];
    const expected = (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => {
      const { status, retryable } = ERROR_CODES[code];
      const errorType = faultOf(new TapewatchError(code, 'x'))?.errorType;
      return [code, String(status), errorType, retryable ? 'yes' : 'no'];
    });
    expect(listed.map(([, ...cells]) => cells).sort()).toEqual(expected.sort());
  });
});
