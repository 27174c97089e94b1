import { request as askPlainly } from 'node:http';
import { request as ask } from 'node:https';
import { TuttiError } from '../model/errors.ts';
import type { AcmePorts } from '../manager/acme/keeper.ts';
import type { HttpsAnswer, HttpsRequest } from '../manager/acme/client.ts';

const answerMs = 30_000;
const answerBytes = 1024 * 1024;

/** Requests to servers outside of the cluster, over connections that are not kept: they are few. */
export const systemHttps: HttpsRequest = async ({ method, url, headers, body, authority }, signal) => {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const { promise, resolve, reject } = Promise.withResolvers<HttpsAnswer>();
  const agent = { agent: false, signal: limit, ...(authority !== undefined && { ca: authority }) };
  try {
    const asked = ask(url, { method, headers: { 'user-agent': 'tutti', ...headers }, ...agent }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > answerBytes) response.destroy(new Error('the answer is larger than it can be'));
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value = '']) => [name, String(value)]),
          ),
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
      response.on('error', reject);
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

const plainMs = 2_000;
const plainBytes = 4096;

/** What a node's front door answers; undefined where it does not, or with anything but 200. */
export const askDoor: AcmePorts['ask'] = async ({ address, port, host, path }, signal) => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(plainMs)]);
  const options = { host: address, port, path, agent: false as const, headers: { host }, signal: limit };
  askPlainly(options, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > plainBytes) response.destroy();
    });
    response.on('close', () => resolve(response.statusCode === 200 ? text : undefined));
    response.on('error', () => resolve(undefined));
  })
    .on('error', () => resolve(undefined))
    .end();
  return await promise;
};
