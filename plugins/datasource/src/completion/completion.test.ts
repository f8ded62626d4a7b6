import fc from 'fast-check';
import { complete, MAX_ITEMS, requirementOf, type CompletionNames } from './complete.ts';
import { situationAt } from './situation.ts';

/** `|` is the cursor. */
function at(marked: string) {
  const offset = marked.indexOf('|');
  return situationAt(marked.replace('|', ''), offset);
}

const names: CompletionNames = {
  metrics: [{ name: 'order_ack_seconds', kind: 'distribution', unit: 'seconds', help: 'Order to ack.' }],
  functions: [
    { name: 'rate', signature: 'rate(v)', help: 'Per second.' },
    { name: 'sum', signature: 'sum(v)', help: '' },
  ],
  labels: ['__name__', 'venue', 'strategy'],
  values: ['XNAS', 'a"b', 'c$d'],
  variables: ['venue'],
};

function inserts(marked: string): string[] {
  return complete(at(marked), names).map(({ insert }) => insert);
}

describe('situationAt', () => {
  it.each([
    ['|', { kind: 'expression', from: 0, word: '' }],
    ['ord|', { kind: 'expression', from: 0, word: 'ord' }],
    ['sum(ord|', { kind: 'expression', from: 4, word: 'ord' }],
    ['a + b|', { kind: 'expression', from: 4, word: 'b' }],
    ['sum by (venue) (ra|', { kind: 'expression', word: 'ra' }],
    ['sum by (venue) |', { kind: 'expression', word: '' }],
    ['histogram_quantile(0.99, |', { kind: 'expression' }],
    ['a # comment |', { kind: 'none' }],
    ['a # comment\n + |', { kind: 'expression' }],
    ['up{} |', { kind: 'none' }],
    ['rate(x[5m]) |', { kind: 'none' }],
    ['0.9|', { kind: 'none' }],
    ['label_replace(up, "fo|', { kind: 'none' }],
    ['x[|', { kind: 'duration', from: 2, word: '' }],
    ['x[5|', { kind: 'duration', from: 2, word: '5' }],
    ['x[1h:$__i|', { kind: 'duration', from: 5, word: '$__i' }],
    ['up{|', { kind: 'label-name', selector: 'up', used: [], inGrouping: false, word: '' }],
    ['up{ve|}', { kind: 'label-name', selector: 'up', word: 've' }],
    ['{|', { kind: 'label-name', selector: '' }],
    ['up{venue="X", |', { kind: 'label-name', selector: 'up{venue="X"}', used: ['venue'] }],
    ['up{|, strategy="a"}', { kind: 'label-name', selector: 'up{strategy="a"}', used: ['strategy'] }],
    ['up{venue="X" |', { kind: 'none' }],
    ['up{venue="|', { kind: 'label-value', label: 'venue', selector: 'up', quoted: true, word: '' }],
    ['up{venue=~"X|"}', { kind: 'label-value', label: 'venue', selector: 'up', quoted: true, word: 'X', from: 11 }],
    ['up{venue=|', { kind: 'label-value', label: 'venue', quoted: false }],
    ["up{a='1', venue!='|", { kind: 'label-value', label: 'venue', selector: "up{a='1'}" }],
    ['up{venue="|", s=~"$v"}', { kind: 'label-value', selector: 'up' }],
    ['up{venue="{,|', { kind: 'label-value', word: '{,' }],
    ['sum by (|) (rate(up{a="1"}[5m]))', { kind: 'label-name', selector: 'up', inGrouping: true, used: [] }],
    ['sum by (venue, |) (up)', { kind: 'label-name', selector: 'up', used: ['venue'] }],
    ['sum(up) by (s|', { kind: 'label-name', selector: 'up', word: 's' }],
    ['a / on(|) group_left() b', { kind: 'label-name', selector: 'b' }],
  ])('%s', (marked, expected) => expect(at(marked)).toMatchObject(expected));

  it('never throws, and its word always ends at the cursor', () => {
    const alphabet = fc.constantFrom(...'abc{}()[]"\'`=~!,:#\\ $\n0.5'.split(''), 'by', 'sum', 'rate');
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 40 }), fc.nat(), (parts, position) => {
        const text = parts.join('');
        const offset = position % (text.length + 1);
        const situation = situationAt(text, offset);
        if (situation.kind === 'none') return;
        expect(text.slice(situation.from, offset)).toBe(situation.word);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('complete', () => {
  it.each([
    ['|', ['order_ack_seconds', 'rate($0)', 'sum($0)']],
    ['up{|', ['venue="$0"', 'strategy="$0"']],
    ['up{venue="x",|', ['strategy="$0"']],
    ['sum by (|', ['venue', 'strategy']],
    ['up{venue="|', ['XNAS', 'a\\\\"b', 'c\\$d', '\\$venue']],
    ['up{venue=|', ['"XNAS"', '"a\\\\"b"', '"c\\$d"', '"\\$venue"']],
    ['up |{', ['order_ack_seconds', 'rate($0)', 'sum($0)']],
    ['"|', []],
  ])('%s offers %j', (marked, expected) => expect(inserts(marked).slice(0, expected.length || 1)).toEqual(expected));

  it('says which names to fetch', () => {
    expect(requirementOf(at('|'))).toEqual({ names: 'metrics-and-functions' });
    expect(requirementOf(at('up{|'))).toEqual({ names: 'labels', selector: 'up' });
    expect(requirementOf(at('up{venue="|'))).toEqual({ names: 'values', label: 'venue', selector: 'up' });
    expect(requirementOf(at('x[|'))).toEqual({ names: 'none' });
    expect(inserts('x[|')).toContain('\\$__rate_interval');
  });

  it('offers the metrics that match when there are very many', () => {
    const metrics = Array.from({ length: 10_000 }, (_, i) => ({
      name: `metric_${i}`,
      kind: 'gauge',
      unit: '1',
      help: '',
    }));
    const items = complete(at('metric_99|'), { ...names, metrics, functions: [] }).filter(
      ({ kind }) => kind === 'metric',
    );
    expect(items).toHaveLength(111);
    expect(complete(at('|'), { ...names, metrics }).filter(({ kind }) => kind === 'metric')).toHaveLength(MAX_ITEMS);
  });
});
