/**
 * Where targets come from. Static lists and files are here; Consul and Kubernetes will stand behind the same interface
 * and pass the same suite (discovery.contract.ts).
 */

/** Targets that share labels. `source` names the group over time: a later group of the same source replaces it. */
export interface TargetGroup {
  readonly source: string;
  /** Each with `__address__` and whatever the source knows of it. */
  readonly targets: readonly Readonly<Record<string, string>>[];
  /** Added to each target, whose own labels win. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface TargetDiscovery {
  /**
   * Calls back with all groups at once, when it starts and after each change; never before `start` was called, never
   * after `close`. A source that cannot be read keeps its last groups. Resolves after the first call.
   */
  start(onGroups: (groups: readonly TargetGroup[]) => void): Promise<void>;
  close(): void;
}
