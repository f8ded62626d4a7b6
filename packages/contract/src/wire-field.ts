/** The small schemas that every message on the wire is made of. */
import { z } from 'zod';

/** Longest metric name, label name and identifier, bytes. */
export const NAME_MAX_BYTES = 256;
/** Longest label value and free text, bytes. */
export const TEXT_MAX_BYTES = 4096;

export const name = z.string().min(1).max(NAME_MAX_BYTES);
export const text = z.string().max(TEXT_MAX_BYTES);
export const finite = z.number();
export const positive = z.number().positive();
export const nonNegative = z.number().nonnegative();
/** A share: 0 is none, 1 is all. */
export const share = z.number().min(0).max(1);
export const side = z.enum(['buy', 'sell']);
export const currency = z.string().min(1).max(16);
export const identifier = z.union([text, z.number()]);

/** A number as a time must fit 64 bits of nanoseconds; the codec gives a text its exact check. */
export const wireTime = z.union([z.string().min(1).max(64), z.number().nonnegative().max(9.2e18)]);

/** A feed's own number. */
export const sequence = z.union([z.number().int().nonnegative(), z.string().regex(/^\d{1,19}$/)]);
