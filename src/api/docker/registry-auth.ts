import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import { registryOf } from '../../model/registry.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { ApiRequest } from '../http/request.ts';
import { headerOf } from '../http/request.ts';

type Credentials = NonNullable<ServiceSpec['task']['pullCredentials']>;

const shape = z.record(z.string(), z.unknown());

/**
 * The credentials of the `X-Registry-Auth` header (base64url of a JSON object) by the registry of `image`; undefined
 * when there are none. What was wrong is said without the header's text, which is secret.
 */
export const readRegistryAuth = (request: ApiRequest, image: string): Credentials | undefined => {
  const header = headerOf(request, 'x-registry-auth');
  if (header === undefined || header === '') return undefined;
  const credentials = decode(header);
  return Object.values(credentials).some((value) => value !== '') ? { [registryOf(image)]: header } : undefined;
};

const decode = (header: string): Record<string, unknown> => {
  try {
    return shape.parse(JSON.parse(Buffer.from(header, 'base64url').toString('utf8')));
  } catch {
    throw new TuttiError('invalid-argument', 'the X-Registry-Auth header is not the base64 of a JSON object');
  }
};
