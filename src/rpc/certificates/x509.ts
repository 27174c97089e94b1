/**
 * The certificate library, loaded when it is first needed: issuing is rare, and the library is large. It stands on
 * decorators, which want reflect-metadata before it.
 */
export const loadX509 = async () => {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
};

/** EC P-256 with SHA-256, for keys and signatures. */
export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;
