/** Clocks of thousands of hosts: pods come and go, and names are what publishers make of them. */
import { trackClocks } from './clock-track.ts';
import { hopsBetween, type HopTrace } from './hop-trace.ts';

const HOSTS = 3_000;
const MS = 1_000_000;

/** Each host is called in turn and answers; at half time the clocks of the first so many fall back. */
function traces(falling: number): HopTrace[] {
  return Array.from({ length: 4 * HOSTS }, (_, i): HopTrace => {
    const remote = `pod-${i % HOSTS}`;
    const sent = BigInt(i) * 10_000_000n;
    const ahead = i < 2 * HOSTS || i % HOSTS >= falling ? 0n : BigInt(-5 * MS);
    const checkpoints = [
      { name: 'send', host: 'desk', timeNanos: sent },
      { name: 'serve', host: remote, timeNanos: sent + BigInt(MS) + ahead },
      { name: 'answer', host: 'desk', timeNanos: sent + BigInt(2 * MS) },
    ];
    return hopsBetween(`${i}`, checkpoints) as HopTrace;
  });
}

it('finds the few that moved among many', () => {
  const list = traces(3);
  const clocks = trackClocks(list);
  const ofHost = (host: number): number => {
    const trace = list[3 * HOSTS + host] as HopTrace;
    return clocks.correction(trace, 'desk', `pod-${host}`);
  };
  expect([ofHost(0), ofHost(2), ofHost(3), ofHost(1_500)]).toEqual([-5 * MS, -5 * MS, 0, 0]);
});

// Looking at every link for every host would take minutes.
it('comes to an end where every clock moved', () => {
  expect(trackClocks(traces(HOSTS)).widestNanos).toBe(5 * MS);
}, 120_000);
