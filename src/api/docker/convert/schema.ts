import * as z from 'zod';

/** Nanoseconds, up to a hundred years. */
export const nanoseconds = z.number().min(0).max(3.15576e18).refine(Number.isInteger, 'must be a whole number');
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const integer = z.number().int();
export const text = z.string().max(1_048_576);
export const texts = z.array(text).max(65_536);
export const textMap = z.record(z.string().max(65_536), text);
/** Docker's `Driver`: a name with options. */
export const driver = z.strictObject({ Name: text.optional(), Options: textMap.optional() });
