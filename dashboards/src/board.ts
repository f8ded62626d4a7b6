/** All boards: one TypeScript file builds one JSON file of the same name. */
import { business } from './business.ts';
import { development } from './development.ts';
import type { DashboardJson } from './model.ts';
import { services } from './services.ts';
import { tradingAnalytics } from './trading-analytics.ts';
import { tradingOperations } from './trading-operations.ts';

export const BOARDS: Readonly<Record<string, DashboardJson>> = {
  business,
  development,
  services,
  'trading-analytics': tradingAnalytics,
  'trading-operations': tradingOperations,
};
