import { Labels } from '@tapewatch/core';
import { LabelReceiver, LabelSender } from './label-exchange.ts';

const ALL = ['a', 'b', 'c', 'd'].map((venue) => Labels.from({ __name__: 'm', venue }));

describe('labels between threads', () => {
  it('are told once, and by their numbers from then on', () => {
    const [sender, receiver] = [new LabelSender(), new LabelReceiver()];
    const first = sender.pack(ALL.slice(0, 3));
    expect(first.fresh).toHaveLength(3);
    expect(receiver.unpack(structuredClone(first)).map(String)).toEqual(ALL.slice(0, 3).map(String));
    const second = sender.pack([ALL[2], ALL[3], ALL[2]] as Labels[]);
    expect(second.fresh).toHaveLength(1);
    const found = receiver.unpack(structuredClone(second));
    expect(found.map(String)).toEqual([2, 3, 2].map((i) => String(ALL[i])));
    expect(found[0]).toBe(found[2]);
  });

  it('begin anew on both sides past the bound', () => {
    const [sender, receiver] = [new LabelSender(2), new LabelReceiver()];
    receiver.unpack(sender.pack(ALL.slice(0, 3)));
    const next = sender.pack(ALL.slice(2));
    expect([next.forget, next.fresh.length, Math.max(...next.numbers)]).toEqual([true, 2, 1]);
    expect(receiver.unpack(next).map(String)).toEqual(ALL.slice(2).map(String));
  });
});
