/** What passes between the sidecar and the process that runs users' SQL. All of it survives a structured clone. */

export type ToSandbox =
  | { readonly kind: 'parse'; readonly id: number; readonly sql: string }
  | ({ readonly kind: 'run'; readonly id: number } & RunRequest)
  | { readonly kind: 'cancel'; readonly id: number };

export interface RunRequest {
  readonly sql: string;
  readonly folder: string;
  readonly files: readonly { readonly table: string; readonly path: string }[];
  readonly memoryMb: number;
  /** One more is read, which tells that there were more. */
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** A column of an answer; times as nanoseconds since 1970. */
export type SqlColumn =
  | { readonly name: string; readonly type: 'time'; readonly values: (bigint | null)[] }
  | { readonly name: string; readonly type: 'number'; readonly values: (number | null)[] }
  | { readonly name: string; readonly type: 'string'; readonly values: (string | null)[] }
  | { readonly name: string; readonly type: 'boolean'; readonly values: (boolean | null)[] };

export interface RunAnswer {
  readonly columns: readonly SqlColumn[];
  readonly isCut: boolean;
}

/** `memory`: the engine's own limit; `ended`: its process is gone; `text`: the statement is too large to be read. */
export type SandboxFault = 'refused' | 'failed' | 'memory' | 'ended' | 'text' | 'bytes' | 'cancelled';

export type FromSandbox =
  | { readonly kind: 'parsed'; readonly id: number; readonly tree: string }
  | ({ readonly kind: 'answer'; readonly id: number } & RunAnswer)
  | { readonly kind: 'fault'; readonly id: number; readonly fault: SandboxFault; readonly message: string };
