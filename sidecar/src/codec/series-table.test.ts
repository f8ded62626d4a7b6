/** The table of spellings: exact, bounded, and not to be slowed by chosen keys (PERFORMANCE.md 6, row 19). */
import fc from 'fast-check';
import { MessageBytes, PROBES_MAX, SERIES_KEY_MAX_BYTES, SeriesTable } from './series-table.ts';

const message = new MessageBytes();

function look(
  table: SeriesTable,
  key: string,
  tag = 0,
  second = '',
): { found: number; keep: (answer: number) => void } {
  // At a place of its own in the message, so that alignment plays a part.
  const bytes = Buffer.from(`#${key}|${second}`);
  message.set(bytes);
  const length = Buffer.byteLength(key);
  const place = { from: 1, to: 1 + length, from2: length + 2, to2: bytes.length, tag };
  const hash = table.hash(message, place.from, place.to);
  return {
    found: table.find(message, place, hash),
    keep: (answer) => {
      message.set(bytes);
      table.keep(message, place, { hash, answer });
    },
  };
}

describe('the table of spellings', () => {
  it('answers what was kept for the same bytes, tag and split, and nothing else', () => {
    const entry = fc.tuple(fc.string(), fc.string(), fc.nat(3));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        const table = new SeriesTable();
        const model = new Map<string, number>();
        for (const [key, second, tag] of entries) {
          const at = look(table, key, tag, second);
          const name = JSON.stringify([key, second, tag]);
          expect(at.found).toBe(model.get(name) ?? 0);
          if (at.found !== 0) continue;
          model.set(name, model.size + 1);
          at.keep(model.size);
        }
      }),
    );
  });

  it('expects what followed last time, if its bytes stand there', () => {
    const table = new SeriesTable();
    const bytes = Buffer.from('ab=x cd=y ab=x ce=y');
    message.set(bytes);
    const keyAt = (from: number) => ({ from, to: from + 2, from2: from + 3, to2: from + 4, tag: 0 });
    const hashAt = (from: number) => table.hash(message, from, from + 2);
    const ahead = { separator: 0x3d, tag: 0 };
    expect(table.expected(message, 0, ahead)).toBe(0);
    table.keep(message, keyAt(0), { hash: hashAt(0), answer: 1 });
    table.keep(message, keyAt(5), { hash: hashAt(5), answer: 2 });
    expect(table.find(message, keyAt(0), hashAt(0))).toBe(1);
    expect(table.expected(message, 5, ahead)).toBe(2);
    expect(table.end).toBe(9);
    // Asking alone moves nothing; another tag, other bytes or the end of the message are no match.
    expect(table.expected(message, 5, { separator: 0x3d, tag: 1 })).toBe(0);
    expect(table.expected(message, 5, { separator: 0x3c, tag: 0 })).toBe(0);
    expect(table.expected(message, 15, ahead)).toBe(0);
    expect(table.expected(message, 17, ahead)).toBe(0);
    expect(table.expected(message, 5, ahead)).toBe(2);
    table.acceptExpected();
    // After the second came the first.
    expect(table.expected(message, 10, ahead)).toBe(1);
  });

  it('keeps no refusal and no key that is too long', () => {
    const table = new SeriesTable();
    look(table, 'a').keep(0);
    look(table, 'b').keep(-3);
    look(table, 'c'.repeat(SERIES_KEY_MAX_BYTES + 1)).keep(1);
    expect(table.size).toBe(0);
  });

  it('holds at most two generations, and in them what is in use', () => {
    const table = new SeriesTable({ maxEntries: 1_000, maxBytes: 1e9 });
    look(table, 'used').keep(7);
    for (let i = 0; i < 20_000; i++) {
      look(table, `idle-${i}`).keep(i + 1);
      if (i % 100 === 0) expect(look(table, 'used').found).toBe(7);
    }
    expect(table.size).toBeLessThanOrEqual(2_000);
    expect(look(table, 'idle-0').found).toBe(0);
  });

  it('is bounded in bytes, whatever the keys', () => {
    const table = new SeriesTable({ maxEntries: 1e9, maxBytes: 1_000_000 });
    for (let i = 0; i < 1_000; i++) look(table, `${i}`.padEnd(10_000, 'x')).keep(i + 1);
    expect(table.bytes).toBeLessThan(5_000_000);
  });

  it('does not keep what collides more often than it may look, and stays right', () => {
    const table = new SeriesTable();
    const flood = collidingKeys(9);
    const hashes = new Set<number>();
    for (const [index, bytes] of flood.entries()) {
      message.set(bytes);
      const place = { from: 0, to: bytes.length, from2: 0, to2: 0, tag: 0 };
      const hash = table.hash(message, 0, bytes.length);
      hashes.add(hash);
      expect(table.find(message, place, hash)).toBe(0);
      table.keep(message, place, { hash, answer: index + 1 });
      expect(table.find(message, place, hash)).toBe(index < PROBES_MAX ? index + 1 : 0);
    }
    expect(hashes.size).toBe(1);
    expect(table.size).toBe(PROBES_MAX);
  });

  it('hashes differently in each process', () => {
    const hashes = Array.from({ length: 8 }, () => {
      message.set(Buffer.from('the same bytes'));
      return new SeriesTable().hash(message, 0, 14);
    });
    expect(new Set(hashes).size).toBeGreaterThan(6);
  });
});

/** 2^pairs keys of one hash under every seed: a change of a word's highest bit is undone by one in the next word. */
function collidingKeys(pairs: number): Buffer[] {
  return Array.from({ length: 2 ** pairs }, (_, chosen) => {
    const bytes = Buffer.alloc(pairs * 8, 'k');
    for (let pair = 0; pair < pairs; pair++) {
      if (((chosen >> pair) & 1) === 0) continue;
      for (const [offset, mask] of [
        [3, 0x80],
        [6, 0x01],
        [7, 0x80],
      ] as const) {
        const at = pair * 8 + offset;
        bytes[at] = (bytes[at] as number) ^ mask;
      }
    }
    return bytes;
  });
}
