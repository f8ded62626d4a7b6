/** What happened lately, from memory: alerts, and results of health checks. */
import { alertHistoryData, alertHistoryParams, healthHistoryData, healthHistoryParams } from '@tapewatch/contract';
import { rfc3339 } from '@tapewatch/core';
import { sendData } from './answer.ts';
import { parseLimit } from './parameter.ts';
import { route, type RouteContext } from './route-kit.ts';

const TAG = 'History';

export function historyRoutes({ app, deps }: RouteContext): void {
  const { histories } = deps;
  if (histories === undefined) return;
  const { alerts, health } = histories;
  const bound = (limit: string | undefined): number => parseLimit('limit', limit) || Infinity;

  route(
    app,
    {
      ...{ url: '/api/v1/alerts/history', summary: 'The latest alerts, newest first', tag: TAG },
      ...{ params: alertHistoryParams, data: alertHistoryData },
    },
    async ({ severity, limit }, _request, reply) =>
      sendData(reply, { alerts: [...alerts.history({ severity, limit: bound(limit) })] }),
  );

  route(
    app,
    {
      ...{ url: '/api/v1/health/history', summary: 'The latest results of health checks, newest first', tag: TAG },
      ...{ params: healthHistoryParams, data: healthHistoryData },
    },
    async ({ check, limit }, _request, reply) => {
      const wanted = health.history().filter(({ name }) => check === undefined || name === check);
      const results = wanted.slice(0, bound(limit));
      return sendData(reply, {
        results: results.map(({ name, level, detail, checkedNanos }) => ({
          ...{ time: rfc3339(checkedNanos), check: name, level, detail },
        })),
      });
    },
  );
}
