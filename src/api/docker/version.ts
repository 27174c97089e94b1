import { TuttiError } from '../../model/errors.ts';

/** The version of the Engine API whose shapes are served: third_party/docker-engine-api-v1.51.yaml. */
export const apiVersion = '1.51';

/**
 * Older clients than this are refused: the oldest that engines of 20.10 take. To engines requests go in the version of the
 * client, so newer ones refuse what is older than they take; what the cluster says itself has one shape for all.
 */
export const minimumApiVersion = '1.12';

const prefix = /^\/v(\d{1,3})\.(\d{1,3})(?=\/|$)/;

/** The path without `/v1.xx`, and that version. Throws `invalid-argument`, in Docker's words, for a version that is not served. */
export const splitVersion = (path: string): { readonly path: string; readonly version?: string } => {
  const found = prefix.exec(path);
  if (found === null) return { path };
  const asked = `${found[1]}.${found[2]}`;
  if (compare(asked, apiVersion) > 0) {
    throw new TuttiError(
      'invalid-argument',
      `client version ${asked} is too new. Maximum supported API version is ${apiVersion}`,
    );
  }
  if (compare(asked, minimumApiVersion) < 0) {
    throw new TuttiError(
      'invalid-argument',
      `client version ${asked} is too old. Minimum supported API version is ${minimumApiVersion}, please upgrade your client to a newer version`,
    );
  }
  const rest = path.slice(found[0].length);
  return { path: rest === '' ? '/' : rest, version: asked };
};

export const isOlder = (version: string, than: string): boolean => compare(version, than) < 0;

const compare = (left: string, right: string): number => {
  const [leftMajor = 0, leftMinor = 0] = left.split('.').map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split('.').map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
};

/** For a request of an engine: it is to answer in the version that the client speaks, or in its own. */
export const asSpoken = ({ version }: { readonly version?: string | undefined }): { readonly apiVersion?: string } =>
  version === undefined ? {} : { apiVersion: version };
