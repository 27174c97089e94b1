import { TuttiError } from '../../model/errors.ts';
import type { ApiRequest } from './request.ts';

/** Deeper documents are refused: nothing that a dialect takes comes near it. */
const maxDepth = 64;

/**
 * The body as JSON, without its nulls (foreign clients write null for "not set"); undefined for an empty body.
 * Throws `invalid-argument` when it is larger than `limit` bytes, not UTF-8, not JSON, or nested too deep.
 */
export const readJson = async (request: ApiRequest, limit: number): Promise<unknown> => {
  const bytes = await readBytes(request, limit);
  if (bytes.length === 0) return undefined;
  return withoutNulls(parse(bytes), 0);
};

/** As `readJson`, with its nulls: for what is passed on to somebody to whom they may mean something. */
export const readJsonAsItIs = async (request: ApiRequest, limit: number): Promise<unknown> => {
  const bytes = await readBytes(request, limit);
  if (bytes.length === 0) return undefined;
  const value = parse(bytes);
  withoutNulls(value, 0);
  return value;
};

const readBytes = async (request: ApiRequest, limit: number): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > limit) {
      throw new TuttiError('invalid-argument', `the request's body is larger than the limit of ${limit} bytes`, {
        fields: { limit },
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const parse = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TuttiError('invalid-argument', `the request's body is not valid JSON: ${reason}`, { cause });
  }
};

const withoutNulls = (value: unknown, depth: number): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) {
    throw new TuttiError('invalid-argument', `the request's body is nested deeper than ${maxDepth} levels`);
  }
  if (Array.isArray(value)) return value.filter((item) => item !== null).map((item) => withoutNulls(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item, depth + 1)]),
  );
};
