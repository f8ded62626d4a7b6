import { formatProblem } from './yaml-document.ts';
import { type RuleFileDocument, parseRuleFile, severityOf } from './rule.ts';

/** Stands in for the PromQL parser: refuses an unclosed parenthesis. */
const checkExpression = (expr: string): void => {
  if (expr.split('(').length !== expr.split(')').length) throw new Error('1:1: unclosed left parenthesis');
};
const read = (text: string) => parseRuleFile(text, { file: 'desk.yaml', checkExpression });

function problems(text: string): string[] {
  const result = read(text);
  return result.ok ? [] : result.problems.map(formatProblem);
}

function value(text: string): RuleFileDocument {
  const result = read(text);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
  return result.value;
}

describe('rule files', () => {
  it('reads Prometheus’s example as it stands', () => {
    const file = value(`
groups:
- name: example
  interval: 30s
  limit: 10
  labels:
    team: myteam
  rules:
  - record: code:prometheus_http_requests_total:sum
    expr: sum by (code) (prometheus_http_requests_total)
  - alert: HighRequestLatency
    expr: job:request_latency_seconds:mean5m{job="myjob"} > 0.5
    for: 10m
    keep_firing_for: 5m
    labels:
      severity: page
      tier: 1
    annotations:
      summary: High request latency on {{ $labels.instance }} ({{ $value | humanizeDuration }})
`);
    expect(file.groups[0]).toMatchObject({ name: 'example', interval: 30_000, limit: 10, labels: { team: 'myteam' } });
    expect(file.groups[0]?.rules[1]).toMatchObject({
      alert: 'HighRequestLatency',
      for: 600_000,
      keep_firing_for: 300_000,
      labels: { severity: 'page', tier: '1' },
    });
  });

  it('tells every problem at once, each with file, line, path and value', () => {
    expect(
      problems(`groups:
  - name: a
    interval: soon
    rules:
      - alert: A
        expr: up > 1
        fro: 5m
  - name: b
    rules:
      - alert: B
        expr: up
        tapewatch: { severity: dreadful, colour: red }
`),
    ).toEqual([
      'desk.yaml:3: groups[0].interval: is not a duration; write such as 30s, 5m or 1h30m (seen: "soon")',
      'desk.yaml:7: groups[0].rules[0].fro: the key "fro" is not known here; remove it or correct it',
      'desk.yaml:12: groups[1].rules[0].tapewatch.severity: is not a severity; use one of INFO, WARNING, ERROR, CRITICAL, EMERGENCY (seen: "dreadful")',
      'desk.yaml:12: groups[1].rules[0].tapewatch.colour: the key "colour" is not known here; remove it or correct it',
    ]);
    expect(
      problems(`groups:
  - name: a
    rules:
      - alert: A
        expr: rate(up[5m]
        annotations:
          summary: "{{ query \\"up\\" }}"
      - expr: up
      - record: r:x
        expr: ""
        for: 1m
        annotations: { a: b }
      - alert: C
        expr: up
        labels: { alertname: x, severity: INFO }
        tapewatch: { severity: CRITICAL }
  - name: a
`),
    ).toEqual([
      'desk.yaml:5: groups[0].rules[0].expr: 1:1: unclosed left parenthesis',
      expect.stringMatching(
        /^desk.yaml:7: groups\[0\].rules\[0\].annotations.summary: "query" is not known here.*character 4/,
      ),
      'desk.yaml:8: groups[0].rules[1]: a rule has either "alert" or "record"',
      'desk.yaml:10: groups[0].rules[2].expr: the expression is empty',
      'desk.yaml:11: groups[0].rules[2].for: a recording rule has no "for"',
      'desk.yaml:12: groups[0].rules[2].annotations: a recording rule has no "annotations"',
      'desk.yaml:15: groups[0].rules[3].labels.alertname: "alertname" is set from the rule\'s name',
      'desk.yaml:16: groups[0].rules[3].tapewatch.severity: is CRITICAL, but the label "severity" says "INFO"; keep one',
      'desk.yaml:17: groups[1].name: the group "a" occurs twice in this file',
    ]);
  });

  it('names the line of a syntax error, and refuses what would blow up', () => {
    expect(problems('groups:\n  - name: [\n')).toEqual([expect.stringMatching(/^desk.yaml:\d: /)]);
    expect(problems('a: 1\na: 2\n')[0]).toMatch(/^desk.yaml:2: .*unique/);
    const bomb = `a: &a [x]\n${[...'bcdefghij'].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[i]}`).join()}]`).join('\n')}\n`;
    expect(problems(bomb)[0]).toMatch(/alias/i);
    expect(problems(' '.repeat(5_000_000))[0]).toMatch(/at most 4194304/);
  });

  it('an empty file has no groups', () => {
    expect(value('').groups).toEqual([]);
  });

  it('maps other spellings of a severity onto ours', () => {
    expect(['warning', 'Critical', 'page', 'medium', 'high', 'constructor', ''].map(severityOf)).toEqual([
      'WARNING',
      'CRITICAL',
      'CRITICAL',
      'WARNING',
      'ERROR',
      undefined,
      undefined,
    ]);
  });
});
