import { Labels } from '../model/labels.ts';
import { TemplateError, parseTemplate } from './template.ts';

const labels = Labels.from({ venue: 'XNAS', strategy: 'mm-1', n: '12.5' });
const render = (text: string, value = 0.1234): string => parseTemplate(text).render({ labels, value });

describe('alert templates', () => {
  it.each([
    ['plain text with } and { alone', 'plain text with } and { alone'],
    ['{{ $labels.venue }}/{{$labels.strategy}}', 'XNAS/mm-1'],
    ['{{ .Labels.venue }} {{ .Value }}', 'XNAS 0.1234'],
    ['[{{ $labels.absent }}]', '[]'],
    ['{{ $value | humanizePercentage }}', '12.34%'],
    ['{{ humanizeDuration $value }}', '123.4ms'],
    ['{{ printf "%.2f" $value }} {{ $value | printf "%.1f" }}', '0.12 0.1'],
    ['{{ printf "%s=%6.2f|%-4s|%05d %%" $labels.venue $value "ab" 42 }}', 'XNAS=  0.12|ab  |00042 %'],
    ['{{ $labels.venue | toLower | printf "%q" }}', '"xnas"'],
    ['{{ $labels.n | humanize }} {{ $labels.venue | humanize }}', '12.5 <humanize: "XNAS" is not a number>'],
    ['a {{- $labels.venue -}} b', 'aXNASb'],
    ['{{ `raw "x"` }}', 'raw "x"'],
  ])('%s', (text, expected) => {
    expect(render(text)).toBe(expected);
  });

  // Values from prometheus/prometheus, template/template_test.go.
  it.each([
    ['humanize', 0, '0'],
    ['humanize', 1, '1'],
    ['humanize', 1234567, '1.235M'],
    ['humanize', 0.12, '120m'],
    ['humanize', -3000, '-3k'],
    ['humanize1024', 1048576, '1Mi'],
    ['humanize1024', 0.5, '0.5'],
    ['humanizeDuration', 0, '0s'],
    ['humanizeDuration', 1, '1s'],
    ['humanizeDuration', 60, '1m 0s'],
    ['humanizeDuration', 3600, '1h 0m 0s'],
    ['humanizeDuration', 86400 + 3661, '1d 1h 1m 1s'],
    ['humanizeDuration', -86400, '-1d 0h 0m 0s'],
    ['humanizeDuration', 899.99, '14m 59s'],
    ['humanizeDuration', 0.001, '1ms'],
    ['humanizeDuration', 0.00001, '10us'],
    ['humanizeDuration', Infinity, '+Inf'],
    ['humanizePercentage', -1.5, '-150%'],
    ['humanizePercentage', NaN, 'NaN%'],
  ])('%s(%d) is %s', (name, value, expected) => {
    expect(render(`{{ $value | ${name} }}`, value)).toBe(expected);
  });

  it('never reads a label as a template', () => {
    const evil = Labels.from({ venue: '{{ $value }}${1+1}' });
    expect(parseTemplate('{{ $labels.venue }}').render({ labels: evil, value: 1 })).toBe('{{ $value }}${1+1}');
  });

  it.each([
    ['x {{ $labels.venue', 2, 'not closed'],
    ['{{ }}', 0, 'empty'],
    ['{{ query "up" }}', 3, '"query" is not known'],
    ['{{ range $x }}', 9, '"$x" is not understood'],
    ['{{ constructor }}', 3, '"constructor" is not known'],
    ['{{ $value | $labels.a }}', 12, 'cannot take a piped value'],
    ['{{ $value $value }}', 10, 'not expected'],
    ['{{ humanize }}', 3, 'takes one value, not 0'],
    ['{{ printf "%.2f" }}', 10, '1 place(s) but 0'],
    ['{{ printf "%x" $value }}', 10, '"%x" is not a known place'],
    ['{{ printf $value }}', 3, 'quoted format'],
    ['{{ $value | }}', 0, 'nothing on one side'],
    ['ab {{ "\\z" }}', 6, 'escape'],
  ])('refuses %s at %d', (text, position, message) => {
    const parse = () => parseTemplate(text);
    expect(parse).toThrow(message);
    expect(() => parse()).toThrow(TemplateError);
    try {
      parse();
    } catch (error) {
      expect((error as TemplateError).position).toBe(position);
    }
  });
});
