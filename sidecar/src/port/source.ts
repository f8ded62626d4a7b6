/** The source port: where messages come from, and how they are settled. */

/** One message as it arrived. `settle`, where there is one, must be called exactly once. */
export interface Envelope {
  /** Name of the configured stream. */
  readonly stream: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  /** From the `Content-Type` header; empty when absent. */
  readonly contentType: string;
  /** From the `Nats-Msg-Id` header: a message whose id was seen lately on its stream is a repeat. Empty: cannot be told. */
  readonly messageId?: string;
  readonly receivedNanos: bigint;
  /** Longest payload, after decompression; the codecs' own bound without it. */
  readonly maxBytes?: number;
  /**
   * Position in a durable log; absent for core NATS. `sequence` is the log's (JetStream stream sequence). The log holds
   * no message of this stream strictly between `after` and `sequence`: what stands there belongs to other subjects.
   */
  readonly position?: {
    readonly log: string;
    readonly sequence: number;
    readonly after: number;
    /** The log had settled everything up to here for good when this reading began, and sends none of it again. */
    readonly settledThrough?: number;
  };
  /**
   * `stored`: the last sample is durable. `failed`: deliver again. Absent where nobody waits (core NATS), so that the
   * message need not be kept until its commit.
   */
  settle?(outcome: 'stored' | 'failed'): void;
}

export interface Source {
  /** Starts delivery; resolves when subscribed. Messages arrive by callback until `close`. */
  open(onEnvelope: (envelope: Envelope) => void): Promise<void>;
  /** Stops delivery and resolves when the connection is drained. Acknowledgements after it are still sent if possible. */
  close(): Promise<void>;
  /** For health and `/metrics`. */
  status(): SourceStatus;
}

export interface SourceStatus {
  /** What is published to any of its streams arrives, or is kept until it can: reached, subscribed, its consumers there. */
  readonly connected: boolean;
  /** `nats://host:port` of the server in use, without credentials. */
  readonly server: string;
  readonly detail: string;
}
