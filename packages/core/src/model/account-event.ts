/**
 * What accounts hold and who decides: balances and positions as told by a venue or a book-keeper, cash that comes and
 * goes, decisions of agents, and how the connection to an exchange stands.
 */
import type { Nanos } from './time.ts';

/**
 * What an account holds at a stamp. A `balance` counts an asset or a currency (`symbol`), a `position` an instrument.
 * Duplicates are dropped by (stamp, account, venue, strategy, symbol, kind).
 */
export interface PositionSnapshot {
  readonly table: 'positions';
  readonly timeNanos: Nanos;
  readonly kind: 'position' | 'balance';
  readonly account: string;
  readonly venue: string;
  readonly symbol: string;
  readonly strategy: string;
  /** Signed: negative is short. In the base asset; of a balance in its own unit. */
  readonly quantity: number;
  readonly averagePrice: number | null;
  /** Price at which the holder values one unit, in `currency`. */
  readonly mark: number | null;
  readonly currency: string;
  /** Largest absolute quantity that is allowed here; null for no limit. */
  readonly quantityLimit: number | null;
  /** How many positions the account may hold at once; null for no limit. */
  readonly maxPositions: number | null;
}

export const CASH_FLOW_KINDS = ['deposit', 'withdrawal', 'funding', 'fee', 'dividend', 'interest'] as const;
export type CashFlowKind = (typeof CASH_FLOW_KINDS)[number];

/** Money that is no price of an execution. Duplicates are dropped by id. */
export interface CashFlow {
  readonly table: 'cash_flows';
  readonly id: string;
  readonly timeNanos: Nanos;
  readonly kind: CashFlowKind;
  readonly account: string;
  readonly currency: string;
  /** Positive raises the account, negative lowers it. In `currency`. */
  readonly amount: number;
  /** What the flow belongs to (a dividend, a funding payment); may be empty. */
  readonly venue: string;
  readonly symbol: string;
  readonly strategy: string;
}

export const SIGNAL_EVENTS = ['prediction', 'outcome', 'failure'] as const;
export type SignalEvent = (typeof SIGNAL_EVENTS)[number];

/**
 * A step in the life of an agent's decision: what it predicts, what came of it, or that it failed to say anything.
 * `id` is unique per step, `signalId` the same for all steps.
 */
export interface Signal {
  readonly table: 'signals';
  readonly id: string;
  readonly timeNanos: Nanos;
  readonly signalId: string;
  readonly event: SignalEvent;
  readonly agent: string;
  readonly symbol: string;
  readonly strategy: string;
  /** Return expected over the horizon, as a ratio (0.01 is one per cent); its sign is the direction. */
  readonly prediction: number | null;
  /** How sure the agent is, 0 to 1. */
  readonly confidence: number | null;
  /** Share of the asked agents that agree, 0 to 1. */
  readonly consensus: number | null;
  /** Return that came about over the horizon, as a ratio. */
  readonly outcome: number | null;
  /** How far ahead it looks, nanoseconds. */
  readonly horizonNanos: bigint | null;
  readonly reason: string;
  readonly correlationId: string;
}

export const CONNECTION_STATES = ['connected', 'connecting', 'disconnected'] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** How the connection to an exchange stands, and how many requests it still allows. */
export interface ExchangeStatus {
  readonly table: 'exchange_status';
  readonly timeNanos: Nanos;
  readonly venue: string;
  /** Which of its interfaces: `orders`, `market_data`, ...; may be empty. */
  readonly api: string;
  readonly connection: ConnectionState;
  /** Requests that are left in the running period, and how many there are in all; null where not known. */
  readonly requestsRemaining: number | null;
  readonly requestsLimit: number | null;
  readonly message: string;
  /** From a request to its answer, the last one; null where not known. */
  readonly latencySeconds: number | null;
}
