import { request as askPlainly } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as ask } from 'node:https';
import { TuttiError } from '../model/errors.ts';
import type { AcmePorts } from '../manager/acme/keeper.ts';
import type { HttpsAnswer, HttpsRequest } from '../manager/acme/client.ts';
import { wholeOf } from '../rpc/whole.ts';

const answerMs = 30_000;
const answerBytes = 1024 * 1024;
const tooLarge = (): Error => new Error('the answer is larger than it can be');

/** Requests to servers outside of the cluster, over connections that are not kept: they are few. */
export const systemHttps: HttpsRequest = async ({ method, url, headers, body, authority }, signal) => {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const { promise, resolve, reject } = Promise.withResolvers<HttpsAnswer>();
  const agent = { agent: false, signal: limit, ...(authority !== undefined && { ca: authority }) };
  try {
    const asked = ask(url, { method, headers: { 'user-agent': 'tutti', ...headers }, ...agent }, (response) => {
      wholeOf(response, answerBytes, tooLarge).then((body) => resolve(answerOf(response, body)), reject);
    });
    asked.on('error', reject);
    asked.end(body);
    return await promise;
  } catch (error) {
    signal.throwIfAborted();
    const reason = limit.aborted ? `it has not answered within ${answerMs / 1000} s` : String(error);
    throw new TuttiError('unavailable', `${new URL(url).host} is not reached: ${reason}`, { cause: error });
  }
};

const answerOf = ({ statusCode = 0, headers }: IncomingMessage, body: Buffer): HttpsAnswer => ({
  status: statusCode,
  headers: Object.fromEntries(Object.entries(headers).map(([name, value = '']) => [name, String(value)])),
  body: body.toString(),
});

const plainMs = 2_000;
const plainBytes = 4096;

/** What a node's front door answers; undefined where it does not, or with anything but 200. */
export const askDoor: AcmePorts['ask'] = async ({ address, port, host, path }, signal) => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(plainMs)]);
  const options = { host: address, port, path, agent: false as const, headers: { host }, signal: limit };
  askPlainly(options, (response) => {
    wholeOf(response, plainBytes, tooLarge).then(
      (body) => resolve(response.statusCode === 200 ? body.toString() : undefined),
      () => resolve(undefined),
    );
  })
    .on('error', () => resolve(undefined))
    .end();
  return await promise;
};
