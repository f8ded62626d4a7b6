/**
 * The routing tree: which receivers an alert goes to. Semantics: prometheus/alertmanager, dispatch/route.go (`Match`):
 * depth first, the first matching child wins unless it says `continue`; a node answers itself when no child does.
 */
import type { Labels } from '../model/labels.ts';

export interface Route {
  /** Position in the tree, such as `0/2`; part of the group's identity. */
  readonly id: string;
  readonly receiver: string;
  /** `all`: every label set is a group of its own (Alertmanager's `...`). */
  readonly groupBy: readonly string[] | 'all';
  readonly groupWaitNanos: bigint;
  readonly groupIntervalNanos: bigint;
  readonly repeatIntervalNanos: bigint;
  readonly matches: (labels: Labels) => boolean;
  readonly continue: boolean;
  readonly routes: readonly Route[];
}

/** The routes that take the alert, in the order of the tree; never empty for a root that matches everything. */
export function matchRoutes(route: Route, labels: Labels): readonly Route[] {
  if (!route.matches(labels)) return [];
  const found: Route[] = [];
  for (const child of route.routes) {
    const matched = matchRoutes(child, labels);
    found.push(...matched);
    if (matched.length > 0 && !child.continue) break;
  }
  return found.length === 0 ? [route] : found;
}

/** The labels that an alert's group has in common by definition. */
export function groupLabels(route: Route, labels: Labels): Labels {
  return route.groupBy === 'all' ? labels : labels.only(route.groupBy);
}
