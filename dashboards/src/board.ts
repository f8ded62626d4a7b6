/** All boards: one TypeScript file builds one JSON file of the same name. */
import type { DashboardJson } from './model.ts';
import { tradingOperations } from './trading-operations.ts';

export const BOARDS: Readonly<Record<string, DashboardJson>> = {
  'trading-operations': tradingOperations,
};
