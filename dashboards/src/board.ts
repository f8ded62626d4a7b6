/** All boards: one TypeScript file builds one JSON file of the same name. */
import type { DashboardJson } from './model.ts';
import { tradingAnalytics } from './trading-analytics.ts';
import { tradingOperations } from './trading-operations.ts';

export const BOARDS: Readonly<Record<string, DashboardJson>> = {
  'trading-analytics': tradingAnalytics,
  'trading-operations': tradingOperations,
};
