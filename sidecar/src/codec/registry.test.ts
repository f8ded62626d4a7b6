import { createCodecRegistry } from './registry.ts';
import { contextOf, decodeText, decoding, reasonsOf } from './testing/decode.ts';

const registry = createCodecRegistry();

describe('the codec of a message', () => {
  it.each([
    ['application/json', 'json'],
    ['application/json; charset=utf-8', 'json'],
    ['Application/X-NDJSON', 'json'],
    ['text/plain; charset=utf-8', 'line'],
    ['application/vnd.influx.line', 'line'],
    ['', 'auto'],
    ['application/octet-stream', 'auto'],
    ['application/x-protobuf', 'none'],
    ['__proto__', 'none'],
  ])('for Content-Type %j is %s', (contentType, name) => {
    expect(registry.codecFor(contentType, 'auto').name).toBe(name);
  });

  it("lets the stream's setting win over the header", () => {
    expect(registry.codecFor('text/plain', 'json').name).toBe('json');
  });

  it('tells JSON from line protocol by the first byte, and takes anything on other streams for JSON', () => {
    const auto = decoding(registry.codecFor('', 'auto'));
    expect(decodeText(auto, ' \n{"name":"a","value":1}').samples).toHaveLength(1);
    expect(decodeText(auto, '[{"name":"a","value":1}]').samples).toHaveLength(1);
    expect(decodeText(auto, 'a value=1').samples).toHaveLength(1);
    expect(reasonsOf(decodeText(auto, 'a value=1', contextOf('order')))).toEqual(['syntax']);
  });

  it('says which types are known when nobody reads one', () => {
    const { problems } = decodeText(decoding(registry.codecFor('image/png', 'auto')), 'x');
    expect(problems).toEqual([
      expect.objectContaining({
        reason: 'content_type',
        detail: expect.stringContaining('application/json') as string,
      }),
    ]);
  });
});
