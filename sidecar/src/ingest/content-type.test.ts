import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { ContentTypes } from './content-type.ts';

/** A message as the client keeps it: the payload is a view right behind the header block, in one buffer. */
function message(
  pairs: Readonly<Record<string, string>>,
  text: string,
): { data: Uint8Array; headers: MsgHdrs; asked: number } {
  const typed = headers();
  for (const [name, value] of Object.entries(pairs)) typed.set(name, value);
  const block = `NATS/1.0\r\n${Object.entries(pairs)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
  const frame = new Uint8Array(Buffer.from(`HMSG feed.a 1 ${block.length}\r\n${block}${text}`));
  const result = {
    data: frame.subarray(frame.length - text.length),
    asked: 0,
    get headers() {
      this.asked++;
      return typed;
    },
  };
  return result;
}

describe('ContentTypes', () => {
  it('asks once for a block that repeats, and again for another one', () => {
    const types = new ContentTypes();
    const json = [1, 2, 3].map((n) => message({ 'Content-Type': 'application/json' }, `payload ${n}`));
    const line = message({ 'Content-Type': 'text/plain' }, 'cpu value=1');
    expect(json.map((one) => types.of(one))).toEqual(Array(3).fill('application/json'));
    expect(json.map(({ asked }) => asked)).toEqual([1, 0, 0]);
    expect(types.of(line)).toBe('text/plain');
    expect(types.of(json[0] as (typeof json)[0])).toBe('application/json');
  });

  it('is not misled by a block that is longer, shorter or names nothing', () => {
    const types = new ContentTypes();
    expect(types.of(message({ 'Content-Type': 'text/plain' }, 'a'))).toBe('text/plain');
    expect(types.of(message({ 'Nats-Msg-Id': '1', 'Content-Type': 'text/csv' }, 'a'))).toBe('text/csv');
    expect(types.of(message({ 'Nats-Msg-Id': '1' }, 'a'))).toBe('');
    expect(types.of({ data: new Uint8Array(Buffer.from('MSG feed.a 1 1\r\na')).subarray(16) })).toBe('');
    // Copied away from its block: the client is asked.
    const { headers: typed } = message({ 'Content-Type': 'text/plain' }, 'a');
    expect(types.of({ data: new Uint8Array([97]), headers: typed })).toBe('text/plain');
  });

  it('tells the id of the message that was asked about last', () => {
    const types = new ContentTypes();
    const idOf = (pairs: Record<string, string>): string => {
      types.of(message(pairs, 'a'));
      return types.messageId;
    };
    expect(idOf({ 'Nats-Msg-Id': '1', 'Content-Type': 'text/csv' })).toBe('1');
    expect(idOf({ 'Nats-Msg-Id': '1', 'Content-Type': 'text/csv' })).toBe('1');
    expect(idOf({ 'Content-Type': 'text/csv' })).toBe('');
    expect(idOf({ 'Nats-Msg-Id': '2', 'Content-Type': 'text/csv' })).toBe('2');
    types.of({ data: new Uint8Array(Buffer.from('MSG feed.a 1 1\r\na')).subarray(16) });
    expect(types.messageId).toBe('');
  });
});
