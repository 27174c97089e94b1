import { setImmediate } from 'node:timers/promises';
import { TuttiError } from '../../model/errors.ts';
import { abortable } from '../../rpc/abortable.ts';
import { jsonFault } from './json-fault.ts';
import { checkDepth, checkKeys } from './keys.ts';
import type { ApiRequest } from './request.ts';

const theBody = "the request's body";

/** Reading this much takes some ten milliseconds. */
const largeBytes = 256 * 1024;

/**
 * The body as JSON, without its nulls (foreign clients write null for "not set"); undefined for an empty body.
 * Throws `invalid-argument` when it is larger than `limit` bytes, not UTF-8, not JSON, or nested too deep, and see `checkKeys`.
 */
export const readJson = async (request: ApiRequest, limit: number): Promise<unknown> => {
  const bytes = await readBytes(request, limit);
  if (bytes.length === 0) return undefined;
  const value = parse(bytes);
  checkKeys(value, theBody);
  return bytes.includes('null') ? withoutNulls(value) : value;
};

/** As `readJson`, with its nulls: for what is passed on to somebody to whom they may mean something. */
export const readJsonAsItIs = async (request: ApiRequest, limit: number): Promise<unknown> => {
  const bytes = await readBytes(request, limit);
  if (bytes.length === 0) return undefined;
  const value = parse(bytes);
  checkDepth(value, theBody);
  // What comes next takes its time, too, with a large one: others get their turn in between.
  if (bytes.length > largeBytes) await setImmediate();
  return value;
};

/** A body that is read whole has to be there by then. */
const bodyMs = 60_000;

const readBytes = async (request: ApiRequest, limit: number): Promise<Buffer> => {
  const late = new AbortController();
  const reason = new TuttiError('invalid-argument', `the request's body was not there within ${bodyMs / 1000} s`);
  const timer = setTimeout(() => late.abort(reason), bodyMs);
  timer.unref();
  try {
    return await gather(abortable(request.body, late.signal), limit, request.upgrade?.bodyBytes);
  } finally {
    clearTimeout(timer);
  }
};

/** Up to `wanted` bytes, where that is given: what a connection says that wants to go over to another protocol has no end. */
const gather = async (body: AsyncIterable<Uint8Array>, limit: number, wanted: number | undefined): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (wanted === 0) return Buffer.alloc(0);
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) {
      throw new TuttiError('invalid-argument', `the request's body is larger than the limit of ${limit} bytes`, {
        fields: { limit },
      });
    }
    chunks.push(chunk);
    if (wanted !== undefined && size >= wanted) break;
  }
  return Buffer.concat(chunks).subarray(0, wanted);
};

const parse = (bytes: Buffer): unknown => {
  const text = decode(bytes);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const reason = jsonFault(text, cause);
    throw new TuttiError('invalid-argument', `the request's body is not valid JSON: ${reason}`, { cause });
  }
};

const decode = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TuttiError('invalid-argument', "the request's body is not valid JSON: it is not UTF-8", { cause });
  }
};

/** What has none stays as it is: a copy of a large document takes its memory, and most of the time, once more. */
const withoutNulls = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = value.includes(null) ? value.filter((item) => item !== null) : value;
    for (const [index, item] of items.entries()) {
      if (typeof item === 'object') items[index] = withoutNulls(item);
    }
    return items;
  }
  const fields = Object.values(value).includes(null)
    ? Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null))
    : (value as Record<string, unknown>);
  for (const key of Object.keys(fields)) {
    if (typeof fields[key] === 'object') fields[key] = withoutNulls(fields[key]);
  }
  return fields;
};
