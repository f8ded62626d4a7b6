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
  const hash = table.hash(message.view, place.from, place.to);
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
      const hash = table.hash(message.view, 0, bytes.length);
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
      return new SeriesTable().hash(message.view, 0, 14);
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
