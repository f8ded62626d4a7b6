import { DEFAULT_ALERTMANAGER, parseAlertmanager, parseMatcher } from './alertmanager.ts';
import { formatProblem } from './yaml-document.ts';

const compile = (pattern: string) => {
  const regex = new RegExp(`^(?:${pattern})$`);
  return (text: string) => regex.test(text);
};
const read = (text: string) => parseAlertmanager(text, { file: 'alertmanager.yml', compile });

describe('the alertmanager configuration', () => {
  it('reads routes and receivers', () => {
    const result = read(`
route:
  receiver: desk
  group_by: [alertname, venue]
  group_wait: 5s
  routes:
    - matchers: ['severity="CRITICAL"', venue=~"X.*"]
      receiver: pager
      continue: true
receivers:
  - name: desk
    log_configs: [{}]
  - name: pager
    webhook_configs:
      - url: https://example.org/hook
        max_alerts: 10
        http_config: { authorization: { credentials: s3cret } }
`);
    if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'));
    expect(result.value.route).toMatchObject({
      group_wait: 5000,
      routes: [{ receiver: 'pager', continue: true, routes: [] }],
    });
    expect(result.value.receivers[1]?.webhook_configs[0]).toMatchObject({
      send_resolved: true,
      max_alerts: 10,
      http_config: { authorization: { type: 'Bearer', credentials: 's3cret' } },
    });
  });

  it('tells every problem at once, unknown keys by name', () => {
    const first = read(`
route: { receiver: desk, grup_by: [x], group_wait: 1 }
receivers:
  - name: desk
    slack_configs: []
    webhook_configs: [{ url: "file:///etc/passwd" }]
`);
    expect(first.ok ? [] : first.problems.map(formatProblem)).toEqual([
      expect.stringMatching(/^alertmanager.yml:2: route.group_wait: /),
      expect.stringContaining('route.grup_by: the key "grup_by" is not known'),
      'alertmanager.yml:5: receivers[0].slack_configs: the key "slack_configs" is not known here; remove it or correct it',
      'alertmanager.yml:6: receivers[0].webhook_configs[0].url: must be an http or https address',
    ]);
    const second = read(`
route:
  matchers: [a=b]
  group_interval: 0s
  routes: [{ receiver: nobody, matchers: ['a~b', 'a=~"("'] }]
receivers:
  - name: x
  - name: x
    webhook_configs: [{ url: "http://h/", http_config: { authorization: {} } }]
`);
    expect(second.ok ? [] : second.problems.map(({ path }) => path)).toEqual([
      'route',
      'route.matchers',
      'route.group_interval',
      'route.routes[0].receiver',
      'route.routes[0].matchers[0]',
      'route.routes[0].matchers[1]',
      'receivers[1].name',
      'receivers[1].webhook_configs[0].http_config.authorization',
    ]);
  });

  it('has a default that logs', () => {
    expect(DEFAULT_ALERTMANAGER.receivers[0]?.log_configs).toEqual([{ send_resolved: true }]);
  });

  it.each([
    ['a=b', { name: 'a', operator: '=', value: 'b' }],
    [' a =~ "x|y" ', { name: 'a', operator: '=~', value: 'x|y' }],
    ['a!="q\\"\\n"', { name: 'a', operator: '!=', value: 'q"\n' }],
    ['a!~b', { name: 'a', operator: '!~', value: 'b' }],
    ['a=', { name: 'a', operator: '=', value: '' }],
    ['1a=b', undefined],
    ['a="b', undefined],
    ['a=b,c=d', undefined],
  ])('reads the matcher %s', (text, expected) => {
    expect(parseMatcher(text)).toEqual(expected);
  });
});
