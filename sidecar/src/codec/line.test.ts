import { contextOf, decodeText, reasonsOf, RECEIVED, sampleText, testLineCodec } from './testing/decode.ts';

const codec = testLineCodec();
const decode = (text: string, labels: Record<string, string> = {}) =>
  decodeText(codec, text, contextOf('metric', labels));
const T = '1753612199000000001';
const texts = (text: string): string[] => decode(text).samples.map(sampleText);

describe('line protocol', () => {
  it('reads what Telegraf sends: several fields and lines, tags as labels', () => {
    expect(
      texts(
        `cpu,cpu=cpu-total,host=trade-1 usage_idle=87.5,usage_user=-1.5e-1 ${T}\nmem,host=trade-1 used=42i,total=42u,ok=t,swap=False ${T}\n`,
      ),
    ).toEqual([
      `cpu_usage_idle{cpu="cpu-total", host="trade-1"} gauge 87.5 @${T}`,
      `cpu_usage_user{cpu="cpu-total", host="trade-1"} gauge -0.15 @${T}`,
      `mem_used{host="trade-1"} gauge 42 @${T}`,
      `mem_total{host="trade-1"} gauge 42 @${T}`,
      `mem_ok{host="trade-1"} gauge 1 @${T}`,
      `mem_swap{host="trade-1"} gauge 0 @${T}`,
    ]);
  });

  it('names a field called value after its measurement, and takes no total for a counter', () => {
    expect(texts(`depth value=3 ${T}\nnet,dev=eth0 bytes_total=7i ${T}`)).toEqual([
      `depth gauge 3 @${T}`,
      `net_bytes_total{dev="eth0"} gauge 7 @${T}`,
    ]);
  });

  it('stamps with the time of receipt when there is none', () => {
    expect(decode('a value=1').samples[0]?.timeNanos).toBe(RECEIVED);
  });

  it('undoes escapes and makes names that PromQL can select', () => {
    const text = String.raw`net\ io\,x,tag\ key=a\,b\=c\ d,9th=x,__name__=evil,__proto__=p in\=flow.rate=1 ` + T;
    expect(texts(text)).toEqual([
      `net_io_x_in_flow_rate{_9th="x", _name__="evil", _proto__="p", tag_key="a,b=c d"} gauge 1 @${T}`,
    ]);
    expect(texts(`1m value=1 ${T}`)).toEqual([`_1m gauge 1 @${T}`]);
  });

  it('keeps a backslash that escapes nothing', () => {
    expect(decode(String.raw`a,path=C:\temp value=1`).samples[0]?.labels.get('path')).toBe('C:\\temp');
  });

  it('passes over text with quotes, commas and line breaks in it, and counts it without a dead letter', () => {
    const { samples, problems } = decode(`sys up="1, \\"2\\" x=3\nstill=text",load=1.5,os="x" ${T}\nb value=2 ${T}`);
    expect(samples.map(sampleText)).toEqual([`sys_load gauge 1.5 @${T}`, `b gauge 2 @${T}`]);
    expect(problems).toEqual([expect.objectContaining({ reason: 'non_numeric', items: 2, countOnly: true })]);
  });

  it('passes over comments, empty lines and carriage returns', () => {
    expect(texts(`# a comment\r\n\r\n  \na value=1 ${T}\r\n\n`)).toEqual([`a gauge 1 @${T}`]);
  });

  it.each<[string, string]>([
    ['syntax', 'no-fields'],
    ['syntax', ',tag=x value=1'],
    ['syntax', 'a,tag value=1'],
    ['syntax', 'a,tag= value=1'],
    ['syntax', 'a,tag=x=y value=1'],
    ['syntax', 'a value'],
    ['syntax', 'a value='],
    ['syntax', 'a =1'],
    ['syntax', 'a value=1,'],
    ['syntax', 'a value=abc'],
    ['syntax', 'a value=0x10'],
    ['syntax', 'a value=NaN'],
    ['syntax', 'a value=1e999'],
    ['syntax', 'a value=1.5i'],
    ['syntax', 'a value="open'],
    ['syntax', 'a value="x"y'],
    ['time', 'a value=1 soon'],
    ['time', 'a value=1 -5'],
    ['time', 'a value=1 1 2'],
    ['time', 'a value=1 99999999999999999999'],
    ['time_future', 'a value=1 1793612200000000000'],
    ['label_limit', `a,t=${'x'.repeat(4097)} value=1`],
    ['label_limit', `a,${Array.from({ length: 41 }, (_, i) => `t${i}=x`).join()} value=1`],
    ['schema', `${'a'.repeat(257)} value=1`],
  ])('says %s for %s and loses only that line', (reason, line) => {
    const { samples, problems } = decode(`before value=1 ${T}\n${line}\nafter value="x",n=2 ${T}`);
    expect(samples.map(sampleText)).toEqual([`before gauge 1 @${T}`, `after_n gauge 2 @${T}`]);
    expect(problems.filter((problem) => problem.countOnly !== true).map((problem) => problem.reason)).toEqual([reason]);
    expect(Buffer.from(problems[0]!.excerpt).toString()).toBe(line.slice(0, 1024));
  });

  it('takes a whole line back when a later field of it is bad', () => {
    expect(decode(`a x=1,y=2,z=? ${T}`).samples).toEqual([]);
  });

  it('adds the labels of the context, and the tags win', () => {
    const { samples } = decode('a,host=own value=1', { host: 'subject', site: 'ny' });
    expect(samples[0]?.labels.toRecord()).toEqual({ __name__: 'a', host: 'own', site: 'ny' });
    expect(decode('a,host=own value=1').samples[0]?.labels.get('site')).toBe('');
  });

  it('says that only streams of metrics carry it', () => {
    const decoded = decodeText(codec, 'a value=1', contextOf('order'));
    expect(reasonsOf(decoded)).toEqual(['content_type']);
  });

  it('refuses names that are not UTF-8, with their line only, and what is longer than 1 MiB', () => {
    const broken = codec.decode(Buffer.from('a,t=\xff value=1\nb value=2', 'latin1'), contextOf());
    expect(reasonsOf(broken)).toEqual(['encoding']);
    expect(broken.samples).toHaveLength(1);
    expect(reasonsOf(codec.decode(Buffer.alloc(1_048_577, 97), contextOf()))).toEqual(['too_large']);
  });
});
